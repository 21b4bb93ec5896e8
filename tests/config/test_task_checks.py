"""What a configuration refuses about tasks before a video is opened."""

import pytest

from videoseq.config import BenchmarkConfig, TrainConfig
from videoseq.config.binding import bind
from videoseq.errors import ConfigError


def config(**content):
    return bind(TrainConfig, {"data": {"root": "videos"}, "clip": {"sampling": "all"}, **content})


@pytest.mark.parametrize(
    ("task", "monitor"),
    [("classification", "accuracy"), ("multilabel", "map"), ("frames", "accuracy"), ("regression", "r2")],
)
def test_checkpoints_are_ranked_by_the_headline_of_the_task(task, monitor):
    assert config(task={"name": task}).monitor == monitor
    assert config(task={"name": task}, training={"monitor": "loss"}).monitor == "loss"


@pytest.mark.parametrize(
    ("task", "monitor", "known"),
    [
        ("classification", "map", "accuracy, f1_macro, loss"),
        ("multilabel", "accuracy", "f1_macro, f1_micro, loss, map"),
        ("frames", "edit", "accuracy, f1_macro, loss"),
        ("regression", "f1_macro", "loss, mae, r2, rmse"),
    ],
)
def test_a_figure_that_the_task_does_not_have_ranks_nothing(task, monitor, known):
    with pytest.raises(
        ConfigError, match=rf"^training\.monitor={monitor} is no figure of task\.name={task}: .*Known: {known}$"
    ):
        config(task={"name": task}, training={"monitor": monitor})


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            {"name": "multilabel", "loss": {"class_weights": "auto"}},
            r"class_weights: it goes with task\.name=classification or frames\. ",
        ),
        (
            {"name": "regression", "loss": {"label_smoothing": 0.1}},
            r"it goes with task\.name=classification or multilabel or frames\. ",
        ),
        ({"name": "multilabel", "loss": {"name": "focal"}}, r"unknown task\.loss\.name='focal': Known: bce"),
        ({"name": "frames", "loss": {"name": "mse"}}, r"unknown task\.loss\.name='mse': Known: cross_entropy, focal"),
        ({"name": "regression", "background": "rest"}, r"task\.background: it goes with task\.name=frames\. "),
        (
            {"name": "frames", "background": ""},
            r"task\.background must be a class name without '\|', got ''\. Fix: name it, or",
        ),
        ({"name": "frames", "background": "a|b"}, r"task\.background must be a class name without '\|', got 'a\|b'"),
        ({"name": "frames", "per_frame": True}, r"task\.per_frame: it goes with task\.name=regression\. "),
        ({"name": "regression", "loss": {"delta": 2.0}}, r"task\.loss\.delta: it goes with task\.loss\.name=huber\. "),
        ({"name": "multilabel", "loss": {"label_smoothing": 1.0}}, r"label_smoothing must lie in \[0, 1\), got 1\.0"),
        ({"name": "regression", "loss": {"name": "huber", "delta": 0.0}}, r"delta must be positive, got 0\.0"),
    ],
)
def test_options_of_other_tasks_are_refused(task, message):
    with pytest.raises(ConfigError, match=message):
        config(task=task)


def test_frames_make_up_for_rare_classes_once():
    loss = {"class_weights": "auto", "logit_adjustment": 1.0}
    with pytest.raises(
        ConfigError, match=r"class_weights=auto and task\.loss\.logit_adjustment=1\.0: each makes up for classes"
    ):
        config(task={"name": "frames", "loss": loss})


@pytest.mark.parametrize("target", ["step", "train"])
def test_what_is_compared_with_loops_by_hand_is_a_classification(target):
    message = rf"^target={target} measures a classification, .*got task\.name=multilabel: leave it out$"
    with pytest.raises(ConfigError, match=message):
        bind(BenchmarkConfig, {"target": target, "data": {"root": "videos"}, "task": {"name": "multilabel"}})


@pytest.mark.parametrize("task", [{"name": "frames"}, {"name": "regression", "per_frame": True}])
def test_frames_that_have_an_answer_each_follow_one_another(task):
    for sampling in ("uniform", "segments"):
        message = rf"^clip\.sampling={sampling} spreads .*Fix: clip\.sampling=all or clip\.sampling=random_clip$"
        with pytest.raises(ConfigError, match=message):
            config(task=task, clip={"sampling": sampling})
        assert config(task={"name": "regression"}, clip={"sampling": sampling}).clip.sampling == sampling
    for sampling in ("all", "random_clip"):
        assert config(task=task, clip={"sampling": sampling}).clip.sampling == sampling


@pytest.mark.parametrize("task", ["multilabel", "frames", "regression"])
def test_balancing_is_for_one_class_a_video(task):
    with pytest.raises(ConfigError, match=r"data\.sampler=balanced"):
        config(task={"name": task}, data={"root": "videos", "sampler": "balanced"})
