"""Synthetic data sets as files: layout, balance, determinism, and what happens where something is there already."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.data.conftest import golden_frames
from videoseq.data.synthetic import FAMILIES, write_synthetic
from videoseq.errors import ConfigError, DataError

SMALL = {"num_train": 16, "num_val": 8, "num_test": 8, "size": 32, "num_frames": 6, "seed": 0}


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=FAMILIES)
def data_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of a family, in a folder of the family's name."""
    return write_synthetic(tmp_path_factory.mktemp("cache") / request.param, request.param, **SMALL, num_workers=1)


def write_shapes(root: Path, **values: Any) -> Path:
    """Writes moving shapes: `SMALL` with changes, in one process."""
    return write_synthetic(root, "moving_shapes", **{**SMALL, "num_workers": 1, **values})


def test_layout_and_balance(data_set: Path) -> None:
    classes = list(FAMILIES[data_set.name].class_names)
    assert classes == sorted(classes)
    for split, each in {"train": 2, "val": 1, "test": 1}.items():
        assert sorted(path.name for path in (data_set / split).iterdir()) == classes
        for label in classes:
            names = sorted(path.name for path in (data_set / split / label).iterdir())
            assert names == [f"{index:04d}.mp4" for index in range(each)]
    assert {path.name for path in data_set.iterdir()} == {"train", "val", "test", f"{data_set.name}.json"}
    assert [path.name for path in data_set.parent.iterdir()] == [data_set.name]


def test_files_are_h264_that_decodes_to_what_was_drawn(data_set: Path) -> None:
    family = FAMILIES[data_set.name]
    label = family.class_names[4]
    path = data_set / "val" / label / "0000.mp4"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 16
    drawn = family.draw_clip(label, 32, 6, np.random.default_rng([0, 1, 4]))
    decoded = golden_frames(path)
    assert decoded.shape == drawn.shape == (6, 32, 32, 3)
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs(decoded @ luma - drawn @ luma).mean() < 4


def test_every_frame_is_a_keyframe(data_set: Path) -> None:
    for path in sorted(data_set.rglob("*.mp4")):
        with av.open(str(path)) as container:
            assert [packet.is_keyframe for packet in container.demux(video=0) if packet.size] == [True] * 6


def test_no_video_is_there_twice(data_set: Path) -> None:
    videos = [content for name, content in contents(data_set).items() if name.endswith(".mp4")]
    assert len(set(videos)) == 32


def test_the_same_parameters_give_the_same_bytes_with_any_number_of_workers(data_set: Path, tmp_path: Path) -> None:
    again = write_synthetic(tmp_path / "deep" / "again", data_set.name, **SMALL, num_workers=2)
    assert contents(again) == contents(data_set)


@pytest.mark.parametrize("num_workers", [1, 2])
def test_every_video_written_is_told(tmp_path: Path, num_workers: int) -> None:
    calls: list[None] = []
    values = {"num_train": 56, "num_frames": 2, "num_workers": num_workers}  # 72 videos: more than a chunk
    write_shapes(tmp_path / "shapes", **values, on_done=lambda: calls.append(None))
    assert len(calls) == 72


def test_a_second_call_does_nothing_and_other_parameters_rebuild(tmp_path: Path) -> None:
    root = write_shapes(tmp_path / "shapes")
    before = root.stat().st_ino, contents(root)
    calls: list[None] = []

    def write(**values: float) -> None:
        write_shapes(root, **values, on_done=lambda: calls.append(None))

    write()
    assert (root.stat().st_ino, contents(root)) == before
    assert calls == []
    write(seed=1)
    assert contents(root).keys() == before[1].keys()
    assert contents(root)["train/up/0000.mp4"] != before[1]["train/up/0000.mp4"]
    write(num_frames=4, size=48, fps=8, num_val=16)
    assert golden_frames(root / "train/up/0000.mp4").shape == (4, 48, 48, 3)
    assert len(list((root / "val").rglob("*.mp4"))) == 16
    assert json.loads((root / "moving_shapes.json").read_text())["fps"] == 8
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_files_of_the_user_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match=r"mine' holds files but no moving_shapes\.json.*Fix: name another folder"):
        write_shapes(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(DataError, match=r"thesis\.txt' is a file, expected a folder"):
        write_shapes(tmp_path / "mine" / "thesis.txt")


def test_an_interrupted_call_leaves_nothing(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shapes(tmp_path / "shapes", on_done=interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("older", [False, True])
def test_the_slower_of_two_calls_at_once_throws_its_copy_away(tmp_path: Path, older: bool) -> None:
    root = tmp_path / "shapes"
    if older:
        write_shapes(root, **{"seed": 1})
    in_place: list[int] = []

    def overtake() -> None:
        if not in_place:
            write_shapes(root)
            in_place.append((root / "train/up/0000.mp4").stat().st_ino)

    assert write_shapes(root, on_done=overtake) == root
    assert [(root / "train/up/0000.mp4").stat().st_ino] == in_place
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_the_numbers_of_the_data_set_have_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"missing 6 required keyword-only arguments: 'num_train', .* and 'seed'"):
        write_synthetic(tmp_path / "shapes", "moving_shapes")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_train": 100}, r"num_train must be a positive multiple of 8.*got 100\. Fix: num_train=96"),
        ({"num_val": 0}, r"num_val must be a positive multiple of 8.*got 0\. Fix: num_val=8"),
        ({"size": 33}, r"size must be an even number of at least 16 pixels, got 33"),
        ({"num_frames": 1}, r"num_frames must be at least 2, for a motion, got 1"),
        ({"fps": 0}, r"fps must be positive, got 0"),
        ({"seed": -1}, r"seed must be 0 or more, got -1"),
    ],
)
def test_mistakes(tmp_path: Path, values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        write_shapes(tmp_path / "shapes", **values)
