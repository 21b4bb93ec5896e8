"""Fixtures of the training room."""

from pathlib import Path

import pytest

from tests.training.runs import Run, scan
from videoseq.data.manifest import Manifest


@pytest.fixture(scope="session")
def manifest(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The bars: 16 train, 4 validate, 4 test."""
    return scan(bars, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def run(manifest: Manifest, tmp_path: Path) -> Run:
    """A tiny run of two epochs of four batches in a folder of its own."""
    return Run(manifest, tmp_path)
