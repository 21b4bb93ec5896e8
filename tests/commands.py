"""Runs commands in this process as a shell would: words in, exit code and messages out."""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from videoseq import benchmark, crossvalidate, evaluate, experiment, extract, predict, prepare, train
from videoseq.config import (
    BenchmarkConfig,
    CrossvalidateConfig,
    EvaluateConfig,
    ExperimentConfig,
    ExtractConfig,
    PredictConfig,
    PrepareConfig,
    TrainConfig,
    main,
)

_COMMANDS = {
    "train": (TrainConfig, train.train, train.USAGE),
    "evaluate": (EvaluateConfig, evaluate.evaluate, evaluate.USAGE),
    "predict": (PredictConfig, predict.predict, predict.USAGE),
    "prepare": (PrepareConfig, prepare.prepare, prepare.USAGE),
    "extract": (ExtractConfig, extract.extract, extract.USAGE),
    "benchmark": (BenchmarkConfig, benchmark.benchmark, benchmark.USAGE),
    "experiment": (ExperimentConfig, experiment.experiment, experiment.USAGE),
    "crossvalidate": (CrossvalidateConfig, crossvalidate.crossvalidate, crossvalidate.USAGE),
}

TINY = (
    "model/encoder=simple",
    "model.encoder.channels=[4]",
    "model.encoder.spatial=[2,2]",
    "model.head.hidden_size=8",
    "clip.height=16",
    "clip.width=16",
    "clip.num_frames=4",
    "training.max_epochs=2",
    "data.num_workers=0",
    "trainer=cpu",
)
"""Options of a training run of about a second."""

SCHEMAS = {name: schema for name, (schema, _, _) in _COMMANDS.items()}


class Outcome(NamedTuple):
    """What a command left on the terminal."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], command: str, *words: object) -> Outcome:
    """Runs a command and returns its exit code and what it printed."""
    schema, function, usage = _COMMANDS[command]
    capsys.readouterr()
    sweep = train.train if command == "train" else None
    with pytest.raises(SystemExit) as stopped:
        main(schema, command, function, usage, [str(word) for word in words], sweep=sweep)
    printed = capsys.readouterr()
    return Outcome(int(stopped.value.code or 0), printed.out, printed.err)


def train_words(root: Path, folder: Path, *more: object) -> list[str]:
    """Returns the words of a tiny training run on `root` that leaves everything below `folder`; later words win."""
    places = (f"data.root={root}", f"paths.outputs={folder / 'outputs'}", f"paths.cache={folder / 'cache'}")
    return [*TINY, *places, *map(str, more)]


def only_run(folder: Path, name: str = "train") -> Path:
    """Returns the one run below `folder/outputs/name`."""
    (run_folder,) = (folder / "outputs" / name).iterdir()
    return run_folder


def read_json(path: Path | str) -> Any:
    """Returns the content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_csv(path: Path | str) -> list[dict[str, str]]:
    """Returns the rows of a CSV file by column."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
