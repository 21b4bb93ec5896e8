"""Every command of the README runs as it is written there; only the folders' names and the length of a run are a test's."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import run

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(?:\.venv/bin/)?python -m (videoseq\.\w+ .*)$", README, re.MULTILINE)
TARGETS = re.findall(r"^([a-z]+):.*##", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
SMALL = (
    "model.encoder.weights=null", "clip.num_frames=4", "clip.height=32", "clip.width=32", "training.max_epochs=1",
    "data.num_workers=0", "trainer=cpu",
)  # fmt: skip


def _small(words: list[str]) -> list[str]:
    """Returns a training command with what makes it small put behind, options of the README that it would contradict kept."""
    kept = {word.partition("=")[0] for word in words}
    extra = [
        word for word in SMALL if word.partition("=")[0] not in kept - {"clip.num_frames", "training.max_epochs", "trainer"}
    ]
    words = [word for word in words if word.partition("=")[0] != "trainer"]
    return [*words, *extra]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_class_folders):
    """A user's working folder: `my_videos` with five videos in two classes, other labels of them, and new videos."""
    home = tmp_path_factory.mktemp("home")
    make_class_folders(home / "my_videos", {"wave": 3, "clap": 2}, num_frames=120)
    for target in ("new_video.mp4", "long_video.mp4", "video.mp4", "folder_of_videos/a.mp4", "folder_of_videos/b.mp4"):
        (home / target).parent.mkdir(exist_ok=True)
        shutil.copy(home / "my_videos" / "wave" / "0.mp4", home / target)
    videos = ["wave/0.mp4,train", "wave/1.mp4,train", "wave/2.mp4,val", "clap/0.mp4,train", "clap/1.mp4,val"]
    labels = [f"{video},{'hand|loud' if 'clap' in video else 'hand'}" for video in videos]
    (home / "labels.csv").write_text("\n".join(["path,split,labels", *labels]), encoding="utf-8")
    moments = [f"{video},{start},{start + 1},{label}" for video in videos for start, label in enumerate(("up", "down"))]
    (home / "moments.csv").write_text("\n".join(["path,split,start_seconds,end_seconds,label", *moments]), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def checkpoint(folder):
    from videoseq.config import TrainConfig, load_config
    from videoseq.train import train

    words = [f"data.root={folder}/my_videos", f"paths.outputs={folder}/outputs", f"paths.cache={folder}/cache"]
    return train(load_config(TrainConfig, "train", [*words, *SMALL])).checkpoint


def test_the_readme_names_commands():
    assert len(COMMANDS) >= 9
    assert {"videoseq.train", "videoseq.predict"} <= {command.split()[0] for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme_run(command, capsys, folder, checkpoint, monkeypatch):
    monkeypatch.chdir(folder)
    module, *words = shlex.split(command)
    words = [re.sub(r"=(CKPT|outputs/train/DATE/.*)$", f"={checkpoint}", word) for word in words]
    if module == "videoseq.train":
        words = [*_small(words), f"paths.cache={folder}/cache"]
    done = run(capsys, module.removeprefix("videoseq."), *words)
    assert done.code == 0, done.err


def test_make_targets_of_the_readme_exist():
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert {"train", "test"} <= named <= set(TARGETS)


def test_files_that_the_readme_shows_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (PROJECT / target).exists(), target
