"""`python -m videoseq.prepare`: a copy of a data set that decodes fast."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import only_run, read_csv, run, train_words
from videoseq.data.annotations import read_annotations
from videoseq.data.decoding.demux import scan_video
from videoseq.data.writing import write_video
from videoseq.errors import DataError

LITTLE_DISK = """
import resource, sys
from videoseq.config import PrepareConfig, main
from videoseq.prepare import prepare
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
main(PrepareConfig, "prepare", prepare, "", sys.argv[1:])
"""


def prepare(capsys, root, folder, *words):
    return run(
        capsys, "prepare", f"data.root={root}", f"output={folder / 'copy'}", f"paths.cache={folder / 'cache'}",
        "data.num_workers=1", *words,
    )  # fmt: skip


@pytest.fixture
def small_bars(tmp_path, make_class_folders):
    """A data set of two classes, two videos each."""
    return make_class_folders(tmp_path / "bars", {"left": 2, "right": 2})


def visible(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


def test_training_on_the_copy_needs_another_root_and_nothing_else(capsys, tmp_path, bars):
    copy = tmp_path / "copy"
    done = prepare(capsys, bars, tmp_path)
    assert done.code == 0, done.err
    assert f"and data.root={copy}\n" in done.err
    assert visible(copy) == sorted(["bad_videos.csv", "prepared.jsonl", *visible(bars)])
    trained = {}
    for name, root in (("source", bars), ("copied", copy)):
        outcome = run(capsys, "train", *train_words(root, tmp_path / "runs" / name, "data.cache=none"))
        assert outcome.code == 0, outcome.err
        trained[name] = read_csv(only_run(tmp_path / "runs" / name) / "predictions.csv")
    for column in ("path", "target"):
        assert [row[column] for row in trained["copied"]] == [row[column] for row in trained["source"]]


def test_the_manifest_and_the_summary_say_what_was_done(capsys, tmp_path, small_bars):
    done = prepare(capsys, small_bars, tmp_path, "short_side=20", "quality=90")
    assert done.code == 0, done.err
    head, *rows = [json.loads(line) for line in (tmp_path / "copy" / "prepared.jsonl").read_text().splitlines()]
    names = dict.fromkeys(("annotations", "class_names", "pattern", "fps"))
    data = {"root": str(small_bars), "format": "auto", **names, "lists": []}
    assert head == {**data, "short_side": 20, "quality": 90, "gop": 12, "min_psnr": 30.0}
    assert [row["path"] for row in rows] == ["left/0.mp4", "left/1.mp4", "right/0.mp4", "right/1.mp4"]
    for row in rows:
        source, copied = (scan_video(folder / row["path"]) for folder in (small_bars, tmp_path / "copy"))
        assert (row["source_bytes"], row["source_hash"]) == (source.size_bytes, source.content_hash)
        copy = row["copy"]
        assert (copy["frames"], copy["height"], copy["width"], copy["bytes"]) == (10, 20, 20, copied.size_bytes)
        assert (copied.height, copied.width, copied.codec, copied.decord_safe) == (20, 20, "h264", True)
        assert 30 <= copy["psnr"] < 100
    before, after = (sum(path.stat().st_size for path in root.rglob("*.mp4")) for root in (small_bars, tmp_path / "copy"))
    assert f"4 videos (4 copied now, 0 left out), {before / 1e6:.1f} MB -> {after / 1e6:.1f} MB, PSNR median" in done.err


def test_what_is_there_is_not_copied_again_unless_its_source_changed(capsys, tmp_path, small_bars):
    assert prepare(capsys, small_bars, tmp_path).code == 0
    copy = tmp_path / "copy"
    times = {name: (copy / name).stat().st_mtime_ns for name in visible(small_bars)}
    shutil.copy(small_bars / "right" / "1.mp4", small_bars / "left" / "1.mp4")
    (small_bars / "right" / "1.mp4").rename(small_bars / "right" / "2.mp4")
    (copy / "right" / "0.mp4").write_bytes(b"")
    done = prepare(capsys, small_bars, tmp_path)
    assert done.code == 0, done.err
    assert "4 videos (3 copied now, 0 left out)" in done.err
    names = ["left/0.mp4", "left/1.mp4", "right/0.mp4", "right/2.mp4"]
    assert visible(copy) == ["bad_videos.csv", *names[:2], "prepared.jsonl", *names[2:]]
    kept = [name for name in names if (copy / name).stat().st_mtime_ns == times.get(name)]
    assert kept == ["left/0.mp4"]
    assert "4 videos (0 copied now, 0 left out)" in prepare(capsys, small_bars, tmp_path).err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 3)])
def test_a_run_that_was_stopped_goes_on(capsys, tmp_path, bars, number, code):
    copy, journal = tmp_path / "copy", tmp_path / "copy" / "prepared.jsonl"
    words = [f"data.root={bars}", f"output={copy}", f"paths.cache={tmp_path / 'cache'}", "data.num_workers=1"]
    command = [sys.executable, "-m", "videoseq.prepare", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 4):
        time.sleep(0.002)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == code, messages
    assert number == signal.SIGKILL or messages.endswith("what was copied is kept, and the same command goes on\n")
    assert number == signal.SIGKILL or not [*copy.rglob(".preparing-*")]
    there = [name for name in visible(copy) if name.endswith(".mp4")]
    assert 3 <= len(there) < 24
    assert {scan_video(copy / name).num_frames for name in there} == {10}
    with pytest.raises(DataError, match=r"copy' is being prepared, or was until something stopped it, and does not hold all"):
        read_annotations(copy)

    times = {name: (copy / name).stat().st_mtime_ns for name in there[:3]}
    with journal.open("a") as file:
        file.write('{"path": "left/9.mp4", "sou')  # as a kill in the middle of a line leaves it
    (copy / "left" / ".preparing-1-0000").write_bytes(b"half a video")
    outcome = run(capsys, "prepare", *words)
    assert outcome.code == 0, outcome.err
    assert [path.name for path in copy.rglob(".*")] == [".lock"]
    assert len(journal.read_text().splitlines()) == 25
    assert {name: (copy / name).stat().st_mtime_ns for name in times} == times
    assert len(read_annotations(copy)) == 24


@pytest.mark.parametrize("words", [(), ("data.frame_folders.pattern=%05d.png", "quality=100")])
def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path, words):
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3)).astype(np.uint8)
    for label in ("a", "b"):
        (tmp_path / "data" / label / "0").mkdir(parents=True)
        for number, pixels in enumerate(noise if words else ()):
            Image.fromarray(pixels).save(tmp_path / "data" / label / "0" / f"{number:05d}.png")
        if not words:
            write_video(tmp_path / "data" / label / "0.mp4", noise)
    places = [f"data.root={tmp_path / 'data'}", f"output={tmp_path / 'copy'}", f"paths.cache={tmp_path / 'cache'}"]
    command = [sys.executable, "-c", LITTLE_DISK, *places, "data.num_workers=1", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == 2, done.stderr
    assert "videoseq.prepare: cannot use" in done.stderr
    assert "File too large; choose another folder with output=" in done.stderr
    assert visible(tmp_path / "copy") == ["prepared.jsonl"]
    assert not [*(tmp_path / "copy").rglob(".preparing-*")]


def test_bad_videos_are_listed_and_left_out(capsys, tmp_path, small_bars):
    (small_bars / "left" / "1.mp4").write_bytes(b"no video")
    done = prepare(capsys, small_bars, tmp_path, "data.max_bad_fraction=0.3")
    assert done.code == 0, done.err
    assert "3 videos (3 copied now, 1 left out)" in done.err
    assert not (tmp_path / "copy" / "left" / "1.mp4").exists()
    (bad,) = read_csv(tmp_path / "copy" / "bad_videos.csv")
    assert (bad["path"], bad["row"]) == (str(small_bars / "left" / "1.mp4"), "left/1.mp4")
    assert bad["reason"].startswith("not a known video container")


def test_a_video_that_only_decoding_shows_to_be_bad_is_left_out_too(capsys, tmp_path, small_bars):
    path = small_bars / "left" / "1.mp4"
    content = bytearray(path.read_bytes())
    middle = content.index(b"mdat") + 1200
    content[middle : middle + 900] = bytes(900)
    path.write_bytes(content)
    assert scan_video(path).num_frames == 10
    done = prepare(capsys, small_bars, tmp_path, "data.max_bad_fraction=0.3")
    assert done.code == 0, done.err
    (bad,) = read_csv(tmp_path / "copy" / "bad_videos.csv")
    assert bad["path"] == str(path)
    assert bad["reason"].startswith(f"cannot read '{path}' (pyav, decode): ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "1 of 4 videos cannot be read, more than data.max_bad_fraction=0.05; the first: "),
        (("data.bad_videos=error",), "to leave such videos out: data.bad_videos=skip"),
    ],
)
def test_too_many_bad_videos_stop_it(capsys, tmp_path, small_bars, words, message):
    (small_bars / "left" / "1.mp4").write_bytes(b"no video")
    done = prepare(capsys, small_bars, tmp_path, *words)
    assert (done.code, message in done.err) == (2, True), done.err
    assert not (tmp_path / "copy").exists()


def test_other_settings_and_other_data_in_the_same_output_are_refused(capsys, tmp_path, small_bars, bars):
    assert prepare(capsys, small_bars, tmp_path).code == 0
    before = {name: (tmp_path / "copy" / name).stat().st_mtime_ns for name in visible(tmp_path / "copy")}
    for words, message in (
        ((small_bars, "short_side=96"), "was prepared with short_side=128, now short_side=96: name another output, or delete"),
        ((small_bars, "min_psnr=31"), "was prepared with min_psnr=30.0, now min_psnr=31.0: name another output, or delete"),
        ((bars,), f"was prepared with root={small_bars}, now root={bars}: name another output, or delete this one"),
    ):
        done = prepare(capsys, words[0], tmp_path, *words[1:])
        assert (done.code, message in done.err) == (2, True), done.err
    assert {name: (tmp_path / "copy" / name).stat().st_mtime_ns for name in visible(tmp_path / "copy")} == before


def test_labels_of_frames_are_copied_with_their_task(capsys, tmp_path, small_bars):
    rows = [
        "path,start_seconds,end_seconds,label",
        *(f"left/{at}.mp4,0,0.{at + 3},left" for at in (0, 1)),
        "right/0.mp4,0,1,right",
    ]
    (small_bars / "segments.csv").write_text("\n".join(rows) + "\n")
    done = prepare(capsys, small_bars, tmp_path)
    assert (done.code, "which task.name=frames reads" in done.err) == (2, True), done.err
    done = prepare(capsys, small_bars, tmp_path, "task.name=frames")
    assert done.code == 0, done.err
    assert visible(tmp_path / "copy") == [
        "bad_videos.csv",
        "left/0.mp4",
        "left/1.mp4",
        "prepared.jsonl",
        "right/0.mp4",
        "segments.csv",
    ]
    assert (tmp_path / "copy" / "segments.csv").read_text() == (small_bars / "segments.csv").read_text()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("short_side=8", "short_side must be at least 16 pixels, got 8"),
        ("quality=101", "quality must lie in [0, 100], got 101"),
        ("gop=0", "gop must lie in [1, 250], got 0"),
        ("min_psnr=60", "min_psnr must lie in [0, 45] dB, got 60"),
        ("data.root=null", "nothing to prepare. Name the data set as in training: data.root=DIR"),
    ],
)
def test_mistakes_in_options(capsys, tmp_path, word, message):
    done = prepare(capsys, "videos", tmp_path, word)
    assert (done.code, message in done.err) == (2, True), done.err
    assert not os.path.lexists(tmp_path / "copy")
