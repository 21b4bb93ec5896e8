"""Every mistake that a user can make with the input ends in one message that names it and the repair, and exit code 2."""

import os
import re
import shutil

import pytest
import torch

from tests.commands import run, train_words


def refused(capsys, command, *words):
    """Runs a command that must be refused, and returns its one message."""
    outcome = run(capsys, command, *words)
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    messages = [line for line in outcome.err.splitlines() if line.startswith(f"videoseq.{command}: ")]
    assert len(messages) == 1
    return outcome.err[outcome.err.index(messages[0]) :]


@pytest.mark.parametrize(
    ("words", "essential"),
    [
        ([], [r"\+experiment=moving_shapes", r"data\.root=DIR", r"class_name/\*\.mp4"]),
        (["clip.num_frames=0"], [r"clip\.num_frames must be at least 1, got 0"]),
        (["+experiment=moving_shape"], ["experiment", "'moving_shape'", "did you mean 'moving_shapes'"]),
        (["model/head=lsmt"], ["model/head", "'lsmt'", "did you mean 'lstm'"]),
        (["model.head.name=lsmt"], [r"model\.head\.name='lsmt'", "did you mean 'lstm'"]),
        (["model/encoder=simpel"], ["model/encoder", "'simpel'", "did you mean 'simple'"]),
        (["model.encoder.name=resnet81"], [r"model\.encoder\.name=resnet81", "no such encoder", "did you mean 'resnet18'"]),
        (["trainer=tpu"], ["unknown trainer 'tpu'", "cpu"]),
        (
            ["data.decoder=opencv"],
            [r"data\.decoder must be one of auto, decord, pyav, torchcodec, torchcodec_cuda, got 'opencv'"],
        ),
        (["seed"], ["'seed'", "expected key=value"]),
        (["clip.num_frames=a,b"], [r"a,b"]),
        (["model.head.hidden_size=[1"], [r"cannot read 'model\.head\.hidden_size=\[1'", "quotes"]),
        (["resume=nowhere.ckpt"], ["no checkpoint at .*nowhere.ckpt", "resume=PATH"]),
        (["init_from=nowhere.ckpt"], ["'nowhere.ckpt' is not there", "best.ckpt"]),
        (["init_from=a.ckpt", "resume=auto"], ["resume continues a run and init_from starts a new one"]),
        (["callbacks.mine={_target_: nowhere.Callback}"], [r"callbacks\.mine", "cannot import", "nowhere"]),
        (["callbacks.mine={_target_: tests.signals.SignalAt, batchs: 1}"], ["callbacks.mine", "did you mean 'batches'"]),
        (["training.max_epochs=1.5"], [r"training\.max_epochs must be a whole number, got 1\.5"]),
    ],
)
def test_options_of_training(capsys, tmp_path, bars, words, essential, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = train_words(bars, tmp_path) if words else []
    if words and words[0].startswith("model.encoder.name"):
        base = [word for word in base if not word.startswith(("model.encoder", "model/encoder"))]
    message = refused(capsys, "train", *base, *words)
    for expected in essential:
        assert re.search(expected, message), message
    assert not (tmp_path / "outputs").exists()


MISSPELT = {
    # what is typed: what is suggested
    "sed=1": "seed",
    "clip.num_frame=4": "clip.num_frames",
    "data.batchsize=4": "data.batch_size",
    "data.split.val_fracton=0.2": "data.split.val_fraction",
    "data.limits.max_pixel=4": "data.limits.max_pixels",
    "data.synthetic.num_trains=8": "data.synthetic.num_train",
    "augment.presett=none": "augment.preset",
    "model.enncoder.name=simple": "model.encoder",
    "model.encoder.chanels=[4]": "model.encoder.channels",
    "model.head.hiden_size=3": "model.head.hidden_size",
    "task.los.name=cross_entropy": "task.loss",
    "task.loss.label_smothing=0.1": "task.loss.label_smoothing",
    "optimizer.weight_decy=1": "optimizer.weight_decay",
    "optimizer.scheduler.warmup_fracton=0.1": "optimizer.scheduler.warmup_fraction",
    "training.max_epoch=1": "training.max_epochs",
    "trainer.accelarator=cpu": "trainer.accelerator",
    "paths.output=here": "paths.outputs",
    "hidden_size=3": "model.head.hidden_size",
}


@pytest.mark.parametrize("word", MISSPELT)
def test_a_misspelt_key_is_refused_with_the_nearest_before_a_video_is_opened(capsys, tmp_path, word):
    (tmp_path / "data" / "left").mkdir(parents=True)
    (tmp_path / "data" / "left" / "0.mp4").write_text("would be a message of its own if it were opened")
    message = refused(capsys, "train", *train_words(tmp_path / "data", tmp_path), word)
    key = word.partition("=")[0]
    typed = next(part for part in ("model.enncoder", "task.los", key) if f"{key}.".startswith(f"{part}."))
    assert f"unknown option {typed}: did you mean {MISSPELT[word]}?" in message
    assert len(message.splitlines()) == 1


def test_a_misspelt_key_in_an_experiment_file_of_ones_own_is_refused(capsys, tmp_path, bars):
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(
        f"# @package _global_\ndata: {{root: {bars}}}\nmodel: {{head: {{hiden_size: 3}}}}\noptimizer: {{lrr: 1}}\n"
    )
    words = "--config-dir", str(tmp_path / "conf"), "+experiment=mine"
    message = refused(capsys, "train", *words)
    assert "unknown option model.head.hiden_size: did you mean model.head.hidden_size?" in message
    assert "unknown option optimizer.lrr: did you mean optimizer.lr?" in message


@pytest.mark.parametrize("command", ["evaluate", "predict", "experiment"])
def test_the_other_commands_refuse_misspelt_keys_too(capsys, command):
    words = {"evaluate": "num_clip=3", "predict": "window=true", "experiment": "seed=[1]"}
    nearest = {"evaluate": "num_clips", "predict": "windows", "experiment": "seeds"}
    message = refused(capsys, command, words[command])
    assert f"did you mean {nearest[command]}?" in message
    assert "is missing" in message  # all problems at once


def test_a_misspelt_option_of_the_data_is_refused_at_evaluation(capsys, checkpoint):
    message = refused(capsys, "evaluate", f"checkpoint={checkpoint}", "data.rot=here")
    assert "unknown option data.rot: did you mean data.root?" in message


def test_a_folder_without_videos(capsys, tmp_path):
    (tmp_path / "data" / "left").mkdir(parents=True)
    (tmp_path / "data" / "left" / "notes.txt").write_text("no video")
    message = refused(capsys, "train", *train_words(tmp_path / "data", tmp_path))
    assert f"no videos found in '{tmp_path / 'data'}'" in message
    assert "class_name/*.mp4" in message


def test_a_folder_that_is_not_there(capsys, tmp_path):
    message = refused(capsys, "train", *train_words(tmp_path / "nowhere", tmp_path))
    assert f"there is no folder '{tmp_path / 'nowhere'}'. Fix: correct data.root" in message


def test_a_class_with_one_video(capsys, tmp_path, make_class_folders):
    data = make_class_folders(tmp_path / "data", {"left": 3, "right": 1})
    message = refused(capsys, "train", *train_words(data, tmp_path))
    assert "the class 'right' has one video, right/0.mp4" in message
    assert "Fix: add a video of it, or remove the class" in message


@pytest.mark.parametrize(
    ("header", "row", "essential"),
    [
        ("path,split", "left/0.mp4,train", ["'label' is missing", "row 1", "add it to the header"]),
        ("path,label", "left/99.mp4,left", ["mine.csv row 2", "there is no file", "left/99.mp4", "correct the path"]),
        ("path,label", "https://example.org/0.mp4,left", ["mine.csv row 2", "is a URL", "download it"]),
        ("path,label", "left,left", ["mine.csv row 2", "is a folder, expected a regular video file"]),
        ("path,label", "left/pipe.mp4,left", ["mine.csv row 2", "is a FIFO, expected a regular video file"]),
        ("path,label", "left/0.mp4\0,left", ["mine.csv row 2", "NUL", "remove it"]),
        ("path,label", "../outside.mp4,left", ["mine.csv row 2", "lies outside", "data.allow_outside_root=true"]),
        ("path,label,split", "left/0.mp4,left,trian", ["mine.csv row 2", "unknown split 'trian'", "did you mean 'train'"]),
    ],
)
def test_rows_of_a_csv(capsys, tmp_path, bars, header, row, essential):
    data = tmp_path / "data"
    shutil.copytree(bars, data)
    shutil.copy(bars / "left" / "0.mp4", tmp_path / "outside.mp4")
    os.mkfifo(data / "left" / "pipe.mp4")
    (tmp_path / "mine.csv").write_text(f"{header}\n{row}\n")
    message = refused(capsys, "train", *train_words(data, tmp_path, f"data.annotations={tmp_path / 'mine.csv'}"))
    for expected in essential:
        assert expected in message, message


def test_the_class_folders_one_level_deeper(capsys, tmp_path, bars):
    shutil.copytree(bars, tmp_path / "data" / "UCF-101")
    message = refused(capsys, "train", *train_words(tmp_path / "data", tmp_path))
    assert "there is one class, 'UCF-101', with 24 videos; expected at least two to tell apart" in message
    assert f"data.root={tmp_path / 'data' / 'UCF-101'}" in message
    assert not (tmp_path / "cache").exists()


def test_a_csv_that_is_not_there(capsys, tmp_path, bars):
    message = refused(capsys, "train", *train_words(bars, tmp_path, "data.annotations=nowhere.csv"))
    assert "data.annotations='nowhere.csv' does not exist, expected a CSV. Fix: correct data.annotations" in message


def test_too_many_undecodable_videos_stop_a_training(capsys, tmp_path, bars):
    shutil.copytree(bars, tmp_path / "data")
    for number in (1, 2):
        (tmp_path / "data" / "left" / f"{number}.mp4").write_text("no video")
    message = refused(capsys, "train", *train_words(tmp_path / "data", tmp_path))
    assert "2 of 24 videos cannot be read, more than data.max_bad_fraction=0.05" in message
    assert "left/1.mp4" in message


def test_a_few_undecodable_videos_are_left_out_and_listed(capsys, tmp_path, bars):
    from tests.commands import only_run, read_csv, read_json

    shutil.copytree(bars, tmp_path / "data")
    (tmp_path / "data" / "left" / "1.mp4").write_text("no video")
    outcome = run(capsys, "train", *train_words(tmp_path / "data", tmp_path, "training.max_epochs=1"))
    assert outcome.code == 0, outcome.err
    assert "WARNING: 1 of 24 videos are left out" in outcome.err
    folder = only_run(tmp_path)
    (row,) = read_csv(folder / "bad_videos.csv")
    assert (row["path"], row["row"], row["split"]) == (str(tmp_path / "data" / "left" / "1.mp4"), "left/1.mp4", "")
    metrics = read_json(folder / "metrics.json")
    assert (metrics["num_videos"], metrics["num_bad_videos"]) == (23, 1)


def no_checkpoint(tmp_path, kind):
    path = tmp_path / f"{kind}.ckpt"
    if kind == "text":
        path.write_text("no checkpoint")
    elif kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "state":
        torch.save({"weight": torch.zeros(2)}, path)
    elif kind == "other":
        torch.save({"epoch": 3, "model": {"weight": torch.zeros(2)}}, path)
    elif kind == "code":
        torch.save({"videoseq": {}, "state_dict": Exploding()}, path)
    return path


class Exploding:
    """Runs a function where a file of it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("this folder must never be made",)


@pytest.mark.parametrize("command", ["evaluate", "predict", "train"])
@pytest.mark.parametrize(
    ("kind", "essential"),
    [
        ("missing", "is not there; expected a checkpoint of videoseq"),
        ("folder", "is a folder; expected a checkpoint of videoseq"),
        ("text", "cannot be read; expected a checkpoint of videoseq"),
        ("empty", "cannot be read; expected a checkpoint of videoseq"),
        ("state", "is a bare state dict; expected a checkpoint of videoseq"),
        ("other", "is of other software: got dict with the keys 'epoch', 'model'"),
        ("code", "cannot be read; expected a checkpoint of videoseq"),
    ],
)
def test_a_checkpoint_that_is_none(capsys, tmp_path, bars, command, kind, essential, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = no_checkpoint(tmp_path, kind)
    words = {
        "evaluate": [f"checkpoint={path}"],
        "predict": [f"checkpoint={path}", f"input={bars}"],
        "train": train_words(bars, tmp_path, f"init_from={path}"),
    }
    message = refused(capsys, command, *words[command])
    assert f"{str(path)!r} {essential}" in message
    assert "best.ckpt" in message
    assert not (tmp_path / "this folder must never be made").exists()


@pytest.mark.parametrize("kind", ["text", "state", "code"])
def test_a_checkpoint_to_resume_that_is_none(capsys, tmp_path, bars, kind):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    path = no_checkpoint(tmp_path / "run" / "checkpoints", kind)
    message = refused(capsys, "train", *train_words(bars, tmp_path, f"resume={path}"))
    assert repr(str(path)) in message
    assert "resume" in message


def test_weights_that_do_not_fit(capsys, tmp_path, bars):
    torch.save({"stages.0.weight": torch.zeros(2, 2)}, tmp_path / "wrong.pth")
    message = refused(capsys, "train", *train_words(bars, tmp_path, f"model.encoder.weights={tmp_path / 'wrong.pth'}"))
    assert f"model.encoder.weights={tmp_path / 'wrong.pth'}" in message
    assert "does not fit" in message
    assert "missing" in message
    assert "unexpected: stages.0.weight" in message


def test_weights_of_another_head_do_not_fit(capsys, tmp_path, bars, checkpoint):
    message = refused(capsys, "train", *train_words(bars, tmp_path, f"init_from={checkpoint}", "model/head=gru"))
    assert f"checkpoint {str(checkpoint)!r} does not fit" in message
    assert "init_from needs the model.encoder and model.head that the checkpoint was trained with" in message


@pytest.mark.parametrize("reader", ["auto", "pyav", "decord"])
def test_an_undecodable_video_at_predict(capsys, tmp_path, bars, checkpoint, reader):
    content = (bars / "left" / "0.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(content[: len(content) // 2])
    message = refused(capsys, "predict", f"checkpoint={checkpoint}", f"input={tmp_path / 'half.mp4'}", f"decoder={reader}")
    assert "1 of 1 videos have no predictions" in message
    assert f"'{tmp_path / 'half.mp4'}'" in message
