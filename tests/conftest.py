"""Fixtures that every room uses: real encoded videos, and the real data where it is there."""

import logging
import os

# Two test processes on two cores: tiny models gain nothing from more threads and lose much to waking them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.commands import train_words
from tests.task_runs import task_run as task_run  # a fixture
from videoseq.config import TrainConfig, load_config
from videoseq.data.writing import write_video
from videoseq.train import train

_PROJECT = Path(__file__).parents[1]


def _promised(variable: str, default: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, _PROJECT / default))
    if not folder.is_dir():
        message = f"{name} are not there: set {variable}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}; CI promises them")
        pytest.skip(message)
    return folder.absolute()


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Takes the handlers of a command away with its test: they write to a terminal that is closed by then."""
    yield
    logger = logging.getLogger("videoseq")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real videos: `surveillance_fight` and `odd_videos`."""
    return _promised("VIDEOSEQ_REAL_DATA", "../shared/data", "the real videos")


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder of the pretrained weights."""
    return _promised("VIDEOSEQ_WEIGHTS", "../shared/weights", "the pretrained weights")


def moving_bar(direction: int, num_frames: int, seed: int, size: int = 32) -> list[np.ndarray]:
    """Returns frames of a bright bar that moves left (-1) or right (1) over a dark random background."""
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 60, (size, size, 3), np.uint8)
    start, colour = int(rng.integers(size)), rng.integers(160, 256, 3)
    frames = []
    for step in range(num_frames):
        frame = background.copy()
        columns = (start + direction * 3 * step + np.arange(6)) % size
        frame[:, columns] = colour
        frames.append(frame)
    return frames


MakeClassFolders = Callable[..., Path]


@pytest.fixture(scope="session")
def make_class_folders() -> MakeClassFolders:
    """Writes `root/class_name/N.mp4`, bars that move left or right: real H.264 files."""

    def make(
        root: Path, counts: dict[str, int], num_frames: int = 10, names: Sequence[str] | None = None, seed: int = 0
    ) -> Path:
        for class_id, (label, count) in enumerate(sorted(counts.items())):
            (root / label).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                name = names[number] if names is not None else f"{number}.mp4"
                frames = moving_bar(1 if class_id % 2 else -1, num_frames, seed=1000 * seed + 100 * class_id + number)
                write_video(root / label / name, frames, fps=10, options={"g": "5", "crf": "18", "preset": "ultrafast"})
        return root

    return make


@pytest.fixture(scope="session")
def bars(tmp_path_factory: pytest.TempPathFactory, make_class_folders: MakeClassFolders) -> Path:
    """A data set of two classes, `left` and `right`, twelve videos each; read only."""
    return make_class_folders(tmp_path_factory.mktemp("bars"), {"left": 12, "right": 12})


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, bars: Path) -> Path:
    """The folder of a finished tiny run on `bars`; read only."""
    words = train_words(bars, tmp_path_factory.mktemp("trained"))
    return train(load_config(TrainConfig, "train", words)).folder


@pytest.fixture(scope="session")
def checkpoint(trained: Path) -> Path:
    """The best checkpoint of `trained`; read only."""
    return trained / "checkpoints" / "best.ckpt"


@pytest.fixture
def restored_threads() -> Iterator[None]:
    """Gives torch its number of threads back after the test."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
