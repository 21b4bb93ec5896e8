"""A finished tiny run of every task, on the videos of `task_data`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import train_words
from tests.task_data import TASKS, write_task_data
from videoseq.config import TrainConfig, load_config
from videoseq.train import train

_OF_FRAMES = ("clip.sampling=random_clip", "clip.num_frames=8")
RUN_WORDS: dict[str, tuple[str, ...]] = {
    "multilabel": (),
    "frames": (*_OF_FRAMES, "task.background=rest"),
    "regression": (),
    "values": _OF_FRAMES,
}
"""What trains a kind besides `TASKS`."""

TaskRun = Callable[[str], Path]


def task_words(folder: Path, kind: str, *more: object) -> list[str]:
    """Writes the data of a kind to `folder/data` and returns the words of a tiny training run on them; later words win."""
    root = write_task_data(folder / "data", kind)
    words = (*TASKS[kind], *RUN_WORDS[kind], "data.batch_size=4", "optimizer.lr=0.01", *more)
    return train_words(root, folder, *words)


def data_of(run: Path) -> Path:
    """Returns the folder of the videos of a run."""
    return run.parents[2] / "data"


@pytest.fixture(scope="session")
def task_run(tmp_path_factory: pytest.TempPathFactory) -> TaskRun:
    """Returns the folder of a finished tiny run of a kind, a key of `TASKS`; read only."""
    runs: dict[str, Path] = {}

    def run_of(kind: str) -> Path:
        if kind not in runs:
            words = task_words(tmp_path_factory.mktemp(kind), kind)
            runs[kind] = train(load_config(TrainConfig, "train", words)).folder
        return runs[kind]

    return run_of
