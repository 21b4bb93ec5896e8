"""Runs commands in this process as a shell would: words in, exit code and messages out."""

from typing import NamedTuple

import pytest

from videoseq import evaluate, experiment, predict, train
from videoseq.config import EvaluateConfig, ExperimentConfig, PredictConfig, TrainConfig, main

_COMMANDS = {
    "train": (TrainConfig, train.train, train.USAGE),
    "evaluate": (EvaluateConfig, evaluate.evaluate, evaluate.USAGE),
    "predict": (PredictConfig, predict.predict, predict.USAGE),
    "experiment": (ExperimentConfig, experiment.experiment, experiment.USAGE),
}


class Outcome(NamedTuple):
    """What a command left on the terminal."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], command: str, *words: object) -> Outcome:
    """Runs a command and returns its exit code and what it printed."""
    schema, function, usage = _COMMANDS[command]
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(schema, command, function, usage, [str(word) for word in words])
    printed = capsys.readouterr()
    return Outcome(int(stopped.value.code or 0), printed.out, printed.err)
