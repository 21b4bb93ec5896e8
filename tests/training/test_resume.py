"""A run that was stopped and continued ends where one that was never stopped ends, bit by bit."""

from dataclasses import replace

import pytest
import torch

from tests.training.runs import CLIP, DATA, ENCODER, HEAD, Run, StopAfter, assert_same, load, scan
from videoseq.data.augment_options import AugmentOptions, TemporalOptions
from videoseq.errors import CheckpointError, Interrupted
from videoseq.training.options import OptimizerOptions, SchedulerOptions, TrainingOptions
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions, FocalOptions

DROPOUT = replace(HEAD, dropout=0.4)
CASES = {
    # name: (changes, epoch and batch after which the run stops)
    "middle_of_epoch": ({}, (1, 1)),
    "first_batch_of_all": ({}, (0, 0)),
    "last_batch_of_epoch": ({}, (1, 3)),
    "workers": ({"data": replace(DATA, num_workers=2)}, (1, 1)),
    "accumulate": ({"training": TrainingOptions(max_epochs=3, accumulate=2)}, (1, 1)),
    "unfrozen": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=1)}, (1, 1)),
    "before_unfreezing": ({"encoder": replace(ENCODER, freeze="all", unfreeze_at_epoch=2)}, (1, 2)),
}


def assert_same_end(whole, continued):
    first, second = load(whole.last), load(continued.last)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step"):
        assert_same(first[key], second[key], key)


@pytest.fixture
def longer(run, tmp_path):
    return replace(run, head=DROPOUT, training=TrainingOptions(max_epochs=3), folder=tmp_path / "whole")


@pytest.mark.parametrize("case", CASES)
def test_resuming_equals_never_stopping(longer, tmp_path, case):
    changes, place = CASES[case]
    whole = replace(longer, **changes)
    whole.fit()
    stopped = replace(whole, folder=tmp_path / "stopped")
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, *place)])
    report, _ = stopped.fit(resume=stopped.last)
    assert report.epochs == 3
    assert_same_end(whole, stopped)


@pytest.mark.parametrize("name", ["last", "best"])
def test_resuming_behind_an_epoch_equals_never_stopping(longer, tmp_path, name):
    longer.fit()
    short = replace(longer, folder=tmp_path / "short")
    with pytest.raises(Interrupted, match="stopped by the test"):
        short.fit([StopAfter(tmp_path / "unused.ckpt", 1, 0)])
    assert load(getattr(short, name))["global_step"] == 4
    short.fit(resume=getattr(short, name))
    assert_same_end(longer, short)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": replace(HEAD, hidden_size=9)}, r"model\.head\.hidden_size was 8, is 9"),
        ({"head": replace(HEAD, name="gru")}, r"model\.head\.name was lstm, is gru"),
        ({"encoder": replace(ENCODER, channels=(5,))}, r"model\.encoder\.channels was \[4\], is \[5\]"),
        ({"clip": replace(CLIP, num_frames=3)}, r"clip\.num_frames was 4, is 3"),
        ({"optimizer": OptimizerOptions(name="sgd", lr=0.01)}, r"optimizer\.name is sgd, which it was not"),
        (
            {"optimizer": OptimizerOptions(lr=0.02)},
            r"optimizer\.lr, encoder_lr_scale or layer_decay was 0\.01, is 0\.02 \(encoder\)",
        ),
        ({"optimizer": OptimizerOptions(lr=0.01, weight_decay=0.5)}, r"optimizer\.weight_decay was 0\.01, is 0\.5"),
        ({"data": replace(DATA, batch_size=8)}, r"data\.batch_size × devices was 4, is 8"),
        ({"seed": 1}, r"seed was 0, is 1"),
        ({"augment": AugmentOptions("none")}, r"augment\.crop was random, is center"),
        (
            {"augment": AugmentOptions("light", temporal=TemporalOptions(drop=0.5))},
            r"augment\.temporal\.drop was 0\.0, is 0\.5",
        ),
        (
            {"optimizer": OptimizerOptions(lr=0.01, scheduler=SchedulerOptions("constant", 0.5))},
            r"optimizer\.scheduler\.name was cosine, is constant, optimizer\.scheduler\.warmup_fraction was 0\.05, is 0\.5",
        ),
        ({"training": TrainingOptions(max_epochs=3, monitor="loss")}, r"training\.monitor was accuracy, is loss"),
        ({"training": TrainingOptions(max_epochs=3, accumulate=2)}, r"training\.accumulate was 1, is 2"),
        (
            {"task": ClassificationOptions(loss=CrossEntropyOptions(class_weights="auto"))},
            r"task\.loss\.class_weights was none, is auto",
        ),
        (
            {"task": ClassificationOptions(loss=FocalOptions(gamma=1.0))},
            r"task\.loss\.gamma was None, is 1\.0, task\.loss\.name was cross_entropy, is focal",
        ),
    ],
)
def test_a_checkpoint_of_other_options_is_refused(finished, changes, message):
    with pytest.raises(CheckpointError, match=rf"^cannot continue.*: {message}.*; resume needs .*init_from=PATH$"):
        replace(finished, **{"training": TrainingOptions(max_epochs=3), **changes}).fit(resume=finished.last)


def test_how_long_a_run_goes_on_may_change(run, tmp_path):
    short = replace(run, folder=tmp_path, training=TrainingOptions(max_epochs=1))
    short.fit()
    longer = replace(short, training=TrainingOptions(max_epochs=2, early_stopping=5, calibrate=False))
    assert longer.fit(resume=longer.last)[0].epochs == 2


def test_layers_of_another_network_are_named(finished, tmp_path):
    content = load(finished.last)
    for group in content["optimizer_states"][0]["param_groups"]:
        group["name"] = group["name"].replace("encoder", "trunk")
    torch.save(content, tmp_path / "other.ckpt")
    groups = "trunk, trunk_no_decay, head, head_no_decay, are encoder, encoder_no_decay, head, head_no_decay"
    with pytest.raises(CheckpointError, match=rf"the layers of the optimiser were {groups}; resume needs"):
        finished.fit(resume=tmp_path / "other.ckpt")


def test_a_checkpoint_of_a_weighted_loss_is_refused_without_it(run, tmp_path):
    weighted = replace(run, task=ClassificationOptions(loss=CrossEntropyOptions(class_weights=(1.0, 3.0))), folder=tmp_path)
    weighted.fit()
    with pytest.raises(CheckpointError, match=r"class_weights was \(1\.0, 3\.0\), is none; resume needs .*init_from=PATH"):
        replace(weighted, task=ClassificationOptions()).fit(resume=weighted.last)


def test_a_checkpoint_of_other_data_is_refused(finished, make_class_folders, tmp_path):
    other = scan(make_class_folders(tmp_path / "more", {"left": 14, "right": 14}, num_frames=4), tmp_path / "cache")
    with pytest.raises(CheckpointError, match=r"training videos was 16 \(digest \w+\), is 18 "):
        replace(finished, manifest=other).fit(resume=finished.last)


def test_a_checkpoint_of_other_classes_is_refused(finished, make_class_folders, tmp_path):
    other = scan(make_class_folders(tmp_path / "other", {"down": 12, "left": 12}, num_frames=4), tmp_path / "cache")
    with pytest.raises(CheckpointError, match=r"the classes were left, right, are down, left"):
        replace(finished, manifest=other).fit(resume=finished.last)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None], ids=["empty", "text", "torn"])
def test_a_file_that_is_no_checkpoint_is_refused(finished, tmp_path, content):
    path = tmp_path / "file.ckpt"
    path.write_bytes(finished.last.read_bytes()[:2000] if content is None else content)
    with pytest.raises(CheckpointError, match=r"file\.ckpt' cannot be read; expected a checkpoint of a training run"):
        finished.fit(resume=path)


def test_weights_alone_are_no_run_to_continue(finished, tmp_path):
    torch.save({"state_dict": finished.module().state_dict()}, tmp_path / "weights.ckpt")
    with pytest.raises(CheckpointError, match=r"weights\.ckpt': it holds no state of a training run; .*init_from=PATH"):
        finished.fit(resume=tmp_path / "weights.ckpt")


def test_a_checkpoint_of_the_earlier_format_is_refused_for_that(finished, tmp_path):
    """It lacks what the format has brought, which is no reason that helps."""
    content = torch.load(finished.last, weights_only=True)
    del content["carried_state"]
    torch.save({**content, "videoseq": {**content["videoseq"], "format": 1}}, tmp_path / "old.ckpt")
    with pytest.raises(CheckpointError, match=r"old\.ckpt' has format 1, this videoseq reads format 2: train again$"):
        finished.fit(resume=tmp_path / "old.ckpt")


@pytest.fixture(scope="module")
def finished(manifest, tmp_path_factory):
    """A run of one epoch that has ended."""
    run = Run(manifest, tmp_path_factory.mktemp("finished"), training=TrainingOptions(max_epochs=1))
    run.fit()
    return run
