"""Callbacks of a user's own."""

import pytest
import pytorch_lightning as pl

from videoseq.errors import ConfigError
from videoseq.training.custom import build_callbacks


class Counter(pl.Callback):
    """Counts batches."""

    def __init__(self, start: int, step: int = 1) -> None:
        if step < 1:
            raise ValueError("step must be positive")
        self.count = start
        self.step = step

    def on_train_batch_end(self, *args) -> None:
        self.count += self.step


HERE = f"{__name__}.Counter"


def test_a_good_one_is_made_and_runs(run):
    (counter,) = build_callbacks({"mine": {"_target_": HERE, "start": 10, "step": 2}})
    run.fit([counter])
    assert counter.count == 10 + 2 * 8


def test_none_is_none():
    assert build_callbacks({}) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"_target_": "videoseq.nowhere.Class"},
            r"callbacks\.mine: cannot import _target_ 'videoseq\.nowhere\.Class': No module",
        ),
        ({"_target_": f"{__name__}.Countr", "start": 1}, r"cannot import _target_ '.*Countr': module .* has no attribute"),
        ({"_target_": "Counter"}, r"cannot import _target_ 'Counter'"),
        ({"_target_": "pathlib.Path"}, r"_target_ 'pathlib\.Path' is no pytorch_lightning\.Callback"),
        ({"_target_": HERE, "strat": 1}, r"Counter takes no argument 'strat': did you mean 'start'\?"),
        ({"_target_": HERE}, r"Counter: missing a required argument: 'start'"),
        (
            {"_target_": HERE, "start": 1, "step": 0},
            r"callbacks\.mine: .*Counter refuses its arguments: ValueError: step must be positive",
        ),
        ({"start": 1}, r"expected _target_: package\.module\.Class and its arguments, got \{'start': 1\}"),
        (7, r"expected _target_: package\.module\.Class and its arguments, got 7"),
    ],
)
def test_mistakes(content, message):
    with pytest.raises(ConfigError, match=message):
        build_callbacks({"mine": content})


def test_all_mistakes_are_told_together():
    with pytest.raises(ConfigError) as told:
        build_callbacks(
            {
                "one": {"_target_": HERE},
                "good": {"_target_": HERE, "start": 1},
                "two": {"_target_": HERE, "start": 1, "stop": 2},
                "three": {"_target_": HERE, "start": 1, "step": 0},
            }
        )
    lines = str(told.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["callbacks.one", "callbacks.two", "callbacks.three"]
