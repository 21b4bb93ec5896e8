"""Encoders and how they are trained, as a user writes it on the command line."""

import pytest

from tests.commands import only_run, read_csv, run, train_words
from videoseq.models.checkpoint import load_checkpoint
from videoseq.models.options import TimmEncoderOptions


def timm_words(root, folder, *more):
    """Returns the words of a tiny run with an encoder of timm; `model/encoder` stays what it is without a choice."""
    words = [
        word for word in train_words(root, folder, *more) if not word.startswith(("model/encoder", "model.encoder.spatial"))
    ]
    return [word for word in words if "channels" not in word]


def test_an_encoder_of_timm_is_trained_and_rebuilt_from_its_checkpoint(capsys, tmp_path, bars):
    options = ("model.encoder.name=timm:test_resnet", "model.encoder.weights=null", "model.encoder.freeze=none")
    stages = ("model.encoder.freeze_until=layer2", "model.encoder.unfreeze_at_epoch={1:layer1}", "optimizer.layer_decay=0.8")
    outcome = run(capsys, "train", *timm_words(bars, tmp_path, "clip.height=32", "clip.width=32", *options, *stages))
    assert outcome.code == 0, outcome.err
    checkpoint = only_run(tmp_path) / "checkpoints" / "best.ckpt"
    assert load_checkpoint(checkpoint).config.encoder == TimmEncoderOptions(
        name="timm:test_resnet", weights=None, freeze="none", freeze_until="layer2", unfreeze_at_epoch={1: "layer1"}
    )
    rows = tmp_path / "rows.csv"
    outcome = run(capsys, "predict", f"checkpoint={checkpoint}", f"input={bars / 'left' / '0.mp4'}", f"output={rows}")
    assert outcome.code == 0, outcome.err
    assert len(read_csv(rows)) == 1


def test_stages_are_kept_in_the_run_and_a_stopped_run_goes_on_with_them(capsys, tmp_path, bars):
    words = train_words(
        bars,
        tmp_path,
        "model.encoder.channels=[4,4]",
        "model.encoder.freeze=all",
        "model.encoder.unfreeze_at_epoch={1:1,2:all}",
        "model.encoder.freeze_batchnorm=true",
        "training.max_epochs=3",
        "data.batch_size=8",
    )
    assert run(capsys, "train", *words, "callbacks.stop={_target_: tests.signals.SignalAt, batches: 3}").code == 3
    assert "unfreeze_at_epoch:\n      1: '1'\n      2: all\n" in (only_run(tmp_path) / "config.yaml").read_text()
    outcome = run(capsys, "train", *words, "resume=auto", "model.encoder.unfreeze_at_epoch={1:0,2:all}")
    assert outcome.code == 2
    assert "model.encoder.unfreeze_at_epoch.1 was 1, is 0" in outcome.err
    outcome = run(capsys, "train", *words, "resume=auto")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["model.encoder.freeze=all", "model.encoder.unfreeze_at_epoch={1:9,2:all}"],
            "model.encoder.unfreeze_at_epoch={1: 9}: the encoder has no such layer; ",
        ),
        (
            ["model.encoder.freeze=all", "model.encoder.unfreeze_at_epoch={one:0}"],
            "unfreeze_at_epoch must be a whole number or stages such as {2: layer4, 5: all} or null, got {'one': 0}",
        ),
        (["optimizer.layer_decay=0"], "optimizer.layer_decay must lie in (0, 1], such as 0.75, 1 is off, got 0.0"),
    ],
)
def test_mistakes_are_told_before_a_video_is_opened(capsys, tmp_path, words, message):
    outcome = run(capsys, "train", *train_words(tmp_path / "no_videos", tmp_path, *words))
    assert outcome.code == 2
    assert message in outcome.err


def test_an_unknown_name_of_timm_is_told_before_a_video_is_opened(capsys, tmp_path):
    words = timm_words(tmp_path / "no_videos", tmp_path, "model.encoder.name=timm:test_resnot", "model.encoder.weights=null")
    outcome = run(capsys, "train", *words)
    assert outcome.code == 2
    assert "model.encoder.name=timm:test_resnot: timm has no such model; did you mean 'test_resnet'?" in outcome.err
