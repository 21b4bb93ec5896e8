"""`python -m videoseq.extract what=frames`: from videos to images."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.commands import read_csv, run, train_words
from tests.conftest import moving_bar
from videoseq.data.decoding import read_frames
from videoseq.data.writing import write_video
from videoseq.serving.inputs import find_videos
from videoseq.types import FrameFolder

MEASURED = """
import resource, sys
from videoseq.config import ExtractConfig, load_config
from videoseq.extract import extract
extract(load_config(ExtractConfig, "extract", sys.argv[1:]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture
def video(tmp_path):
    """A video of 30 frames at 10 frames a second."""
    (tmp_path / "in").mkdir()
    write_video(tmp_path / "in" / "clip (1).mp4", moving_bar(1, 30, seed=1), fps=10, options={"g": "6"})
    return tmp_path / "in" / "clip (1).mp4"


def extract(capsys, video, output, *words):
    return run(capsys, "extract", "what=frames", f"input={video}", f"output={output}", *words)


def images(folder):
    """Returns the images below a folder by their relative path."""
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".png", ".jpg")
    }


def test_every_frame_of_a_file_is_written_and_listed(capsys, video, tmp_path):
    outcome = extract(capsys, video, tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "30 frames of 1 videos written to" in outcome.err
    found = images(tmp_path / "out")
    assert list(found) == [f"clip (1)/frame_{index:06d}.png" for index in range(30)]
    assert np.array_equal(np.stack(list(found.values())), read_frames(video, range(30)))
    rows = read_csv(tmp_path / "out" / "frames.csv")
    assert [tuple(row.values()) for row in rows] == [
        (f"clip (1)/frame_{index:06d}.png", "clip (1).mp4", str(index), f"{index / 10:.6f}") for index in range(30)
    ]
    assert list(rows[0]) == ["path", "video", "index", "seconds"]
    assert read_csv(tmp_path / "out" / "bad_videos.csv") == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clip (1)", "frames.csv", "bad_videos.csv"}


@pytest.mark.parametrize(
    ("words", "indices"),
    [
        (("num_frames=3",), [5, 15, 25]),
        (("fps=2",), [0, 5, 10, 15, 20, 25]),
        (("indices=[29,0]",), [0, 29]),
    ],
)
def test_frames_are_chosen_by_number_by_rate_or_by_index(capsys, video, tmp_path, words, indices):
    outcome = extract(capsys, video, tmp_path / "out", *words, "format=jpg", "quality=90", "short_side=16")
    assert outcome.code == 0, outcome.err
    found = images(tmp_path / "out")
    assert list(found) == [f"clip (1)/frame_{index:06d}.jpg" for index in indices]
    assert {image.shape for image in found.values()} == {(16, 16, 3)}
    assert [row["index"] for row in read_csv(tmp_path / "out" / "frames.csv")] == [str(index) for index in indices]


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_red_is_red(capsys, tmp_path, suffix):
    write_video(tmp_path / "red.mp4", [np.full((32, 32, 3), (230, 20, 60), np.uint8)] * 3, fps=10)
    assert extract(capsys, tmp_path / "red.mp4", tmp_path / "out", f"format={suffix}", "indices=[1]").code == 0
    (image,) = images(tmp_path / "out").values()
    assert image.mean(axis=(0, 1)) == pytest.approx((230, 20, 60), abs=6)


def test_folders_keep_their_shape_and_videos_of_one_name_apart(capsys, video, tmp_path):
    source = tmp_path / "videos"
    for name in ("wave/a.mp4", "clap/a.mp4", "clap/a.mkv", "b.mp4"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, source / name)
    for number, text in enumerate((source, f"{source}/**/*.m*")):
        out = tmp_path / f"out{number}"
        assert extract(capsys, text, out, "indices=[4]").code == 0
        assert list(images(out)) == [f"{folder}/frame_000004.png" for folder in ("b", "clap/a.mkv", "clap/a.mp4", "wave/a")]
        assert [row["video"] for row in read_csv(out / "frames.csv")] == ["b.mp4", "clap/a.mkv", "clap/a.mp4", "wave/a.mp4"]
    assert extract(capsys, f"{source}/clap/*.mp4", tmp_path / "out", "indices=[4]").code == 0
    assert list(images(tmp_path / "out")) == ["a/frame_000004.png"]


def test_frames_of_a_file_and_of_a_folder_of_its_name_are_read_back(capsys, video, tmp_path):
    source = tmp_path / "videos"
    names = "a.mp4", "a/b.mp4"
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, source / name)
    assert extract(capsys, source, tmp_path / "out", "short_side=16").code == 0
    frames = FrameFolder("frame_%06d.png", 10.0)
    assert find_videos(str(tmp_path / "out"), frames) == [tmp_path / "out" / "a" / "b", tmp_path / "out" / "a.mp4"]
    assert {row["path"].rpartition("/")[0]: row["video"] for row in read_csv(tmp_path / "out" / "frames.csv")} == {
        "a.mp4": "a.mp4", "a/b": "a/b.mp4",
    }  # fmt: skip


@pytest.mark.parametrize("index", [30, 35, 10_000])
def test_an_index_that_does_not_exist_is_refused_before_anything_is_written(capsys, video, tmp_path, index):
    write_video(tmp_path / "in" / "longer.mp4", moving_bar(1, 40, seed=1), fps=10)
    outcome = extract(capsys, video.parent, tmp_path / "out", f"indices=[0,{index}]")
    assert outcome.code == 2
    assert f"'{video}' has 30 frames, 0 to 29: there is no frame {index}" in outcome.err
    assert not (tmp_path / "out").exists()


def test_bad_videos_among_good_ones_are_listed_and_the_others_written(capsys, video, tmp_path):
    (video.parent / "text.mp4").write_text("no video at all")
    torn = bytearray(video.read_bytes())
    torn[len(torn) // 2 : len(torn) // 2 + 300] = b"\xff" * 300
    (video.parent / "torn.mp4").write_bytes(torn)
    outcome = extract(capsys, video.parent, tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "WARNING: 2 of 3 videos were left out" in outcome.err
    assert {path.split("/")[0] for path in images(tmp_path / "out")} == {"clip (1)"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"clip (1)", "frames.csv", "bad_videos.csv"}
    rows = read_csv(tmp_path / "out" / "bad_videos.csv")
    assert sorted(row["path"] for row in rows) == [str(video.parent / "text.mp4"), str(video.parent / "torn.mp4")]
    assert all(row["reason"] for row in rows)


def test_without_one_good_video_it_fails_and_leaves_nothing(capsys, video, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "text.mp4").write_text("no video at all")
    outcome = extract(capsys, bad / "text.mp4", tmp_path / "out")
    assert outcome.code == 2
    assert "none of 1 videos could be read" in outcome.err
    assert "text.mp4" in outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "out").exists()
    torn = bytearray(video.read_bytes())
    torn[len(torn) // 2 : len(torn) // 2 + 300] = b"\xff" * 300
    (bad / "torn.mp4").write_bytes(torn)
    outcome = extract(capsys, bad, tmp_path / "out")
    assert outcome.code == 2
    assert "none of 2 videos could be read" in outcome.err
    assert not (tmp_path / "out").exists()


def test_an_output_that_holds_something_is_refused_unless_it_may_be_replaced(capsys, video, tmp_path):
    out = tmp_path / "out"
    assert extract(capsys, video, out, "indices=[1,2]").code == 0
    outcome = extract(capsys, video, out, "indices=[2,3]")
    assert outcome.code == 2
    assert "is not empty: choose another folder, or replace its frames with overwrite=true" in outcome.err
    assert list(images(out)) == ["clip (1)/frame_000001.png", "clip (1)/frame_000002.png"]
    (out / "notes.txt").write_text("mine")
    assert extract(capsys, video, out, "indices=[2,3]", "overwrite=true").code == 0
    assert list(images(out)) == ["clip (1)/frame_000002.png", "clip (1)/frame_000003.png"]
    assert [row["index"] for row in read_csv(out / "frames.csv")] == ["2", "3"]
    assert (out / "notes.txt").read_text() == "mine"


def test_whole_videos_can_be_trained_on_as_folders_of_frames_and_parts_of_them_not(capsys, bars, tmp_path):
    assert extract(capsys, bars, tmp_path / "whole").code == 0
    words = "training.max_epochs=1", "data.frame_folders.pattern=frame_%06d.png"
    outcome = run(capsys, "train", *train_words(tmp_path / "whole", tmp_path, *words))
    assert outcome.code == 0, outcome.err
    assert "2 classes, train 16, val 4, test 4" in outcome.err
    assert extract(capsys, bars, tmp_path / "some", "num_frames=3").code == 0
    outcome = run(capsys, "train", *train_words(tmp_path / "some", tmp_path, *words))
    assert outcome.code == 2
    assert "missing" in outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["num_frames=2", "fps=1"], "num_frames and fps each say which frames are taken: give one of them"),
        (["fps=1", "indices=[1]"], "fps and indices each say which frames are taken"),
        (["num_frames=0"], "num_frames must be at least 1 or null, got 0"),
        (["fps=0"], "fps must be positive or null, got 0"),
        (["indices=[-1]"], r"indices must be one or more, counted from 0, such as [0,120], got [-1]"),
        (["indices=[]"], r"got []"),
        (["short_side=0"], "short_side must be at least 1 or null, got 0"),
        (["format=jpg", "quality=101"], "quality must lie in [1, 100], got 101"),
        (["quality=50"], "quality=50 has no effect on PNG"),
        (["format=bmp"], "format must be one of png, jpg, got 'bmp'"),
        (["what=features"], "what must be one of frames, got 'features'"),
        (["num_frame=3"], "did you mean num_frames?"),
    ],
)
def test_options_that_make_no_sense_are_refused(capsys, video, tmp_path, words, message):
    outcome = extract(capsys, video, tmp_path / "out", *words)
    assert outcome.code == 2
    assert message in outcome.err
    assert not (tmp_path / "out").exists()


def test_an_input_that_is_not_there_is_refused(capsys, tmp_path):
    outcome = extract(capsys, tmp_path / "nothing.mp4", tmp_path / "out")
    assert outcome.code == 2
    assert "no videos found; expected a file, a folder or a glob pattern" in outcome.err


def test_a_long_video_needs_no_more_memory_than_a_short_one(tmp_path):
    """Kept in memory, the frames of the long one would be 150 MB."""

    def write(path, count):
        image = np.zeros((288, 352, 3), np.uint8)
        write_video(path, (image for _ in range(count)), fps=25, options={"preset": "ultrafast", "g": "500"})

    def peak(name):
        words = ["what=frames", f"input={tmp_path / name}", f"output={tmp_path / 'out' / name}", "format=jpg"]
        done = subprocess.run([sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, check=True)
        return int(done.stdout) / 1024

    write(tmp_path / "short.mp4", 10)
    write(tmp_path / "long.mp4", 500)
    assert peak("long.mp4") - peak("short.mp4") < 40
