"""Synthetic data sets as files: layout, balance, determinism, and what happens where something is there already."""

import csv
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.data.conftest import golden_frames
from videoseq.data.coloured_shapes import SHAPES
from videoseq.data.coloured_shapes import draw_clip as draw_coloured_shape
from videoseq.data.moving_shapes import MOTIONS
from videoseq.data.moving_shapes import draw_clip as draw_moving_shape
from videoseq.data.synthetic import FAMILIES, write_synthetic
from videoseq.data.synthetic_options import SYNTHETIC_SETS, MovingShapesOptions
from videoseq.errors import ConfigError, DataError

NUMBERS = {"num_train": 16, "num_val": 8, "num_test": 8, "size": 32}
SMALL = {
    "moving_shapes": {"num_frames": 6},
    "coloured_shapes": {"num_frames": 6},
    "motion_sequences": {"num_motions": (2, 3), "motion_frames": (3, 4), "pauses": 0.5},
    "motion_sets": {"num_frames": 17, "most_motions": 2},
    "moving_speeds": {"num_frames": 6, "speeds": (0.5, 4.0)},
    "varying_speeds": {"num_frames": 6, "speeds": (0.5, 4.0)},
}
CLASSES = {"moving_shapes": (MOTIONS, draw_moving_shape), "coloured_shapes": (tuple(SHAPES), draw_coloured_shape)}


def options(name: str) -> Any:
    return SYNTHETIC_SETS[name](name=name, **NUMBERS, **SMALL[name])


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=SMALL)
def data_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of a family, in a folder of the family's name."""
    return write_synthetic(tmp_path_factory.mktemp("cache") / request.param, options(request.param), num_workers=1)


def write_shapes(root: Path, *, num_workers: int = 1, on_done: Any = None, **values: Any) -> Path:
    """Writes small moving shapes with changes, in one process."""
    chosen = MovingShapesOptions(**{**NUMBERS, "num_frames": 6, **values})
    return write_synthetic(root, chosen, num_workers=num_workers, on_done=on_done)


def test_every_family_has_its_options() -> None:
    assert list(FAMILIES) == list(SYNTHETIC_SETS)


def test_files_lie_in_folders_of_splits_or_of_classes_in_them(data_set: Path) -> None:
    names = {path.relative_to(data_set).as_posix() for path in data_set.rglob("*.mp4")}
    numbers = {"train": 16, "val": 8, "test": 8}
    if data_set.name in CLASSES:
        classes, _ = CLASSES[data_set.name]
        assert list(classes) == sorted(classes)
        expected = {f"{part}/{name}/{i:04d}.mp4" for part, n in numbers.items() for name in classes for i in range(n // 8)}
        lists = set()
    else:
        expected = {f"{split}/{index:04d}.mp4" for split, number in numbers.items() for index in range(number)}
        lists = {FAMILIES[data_set.name].list_name}
    assert names == expected
    assert {path.name for path in data_set.iterdir()} == {"train", "val", "test", f"{data_set.name}.json"} | lists
    assert [path.name for path in data_set.parent.iterdir()] == [data_set.name]


def test_the_list_of_labels_names_every_video_once_and_its_split(data_set: Path) -> None:
    family = FAMILIES[data_set.name]
    if family.list_name is None:
        assert not list(data_set.glob("*.csv"))
        return
    with (data_set / family.list_name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", *family.columns, "split"]
    named = list(dict.fromkeys((row["path"], row["split"]) for row in rows))
    numbers = {"train": 16, "val": 8, "test": 8}
    assert named == [(f"{part}/{index:04d}.mp4", part) for part, number in numbers.items() for index in range(number)]


def test_files_are_h264_that_decodes_to_what_was_drawn(data_set: Path) -> None:
    chosen = options(data_set.name)
    rng = np.random.default_rng([0, 1, 4])
    if data_set.name in CLASSES:
        classes, draw_clip = CLASSES[data_set.name]
        path, drawn = data_set / "val" / classes[4] / "0000.mp4", draw_clip(classes[4], 32, 6, rng)
    else:
        path, (drawn, _) = data_set / "val" / "0004.mp4", FAMILIES[data_set.name].draw(chosen, 20, rng)  # behind 16 of train
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 16
    decoded = golden_frames(path)
    assert decoded.shape == drawn.shape == (len(drawn), 32, 32, 3)
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs(decoded @ luma - drawn @ luma).mean() < 4


def test_every_frame_is_a_keyframe(data_set: Path) -> None:
    for path in sorted(data_set.rglob("*.mp4")):
        with av.open(str(path)) as container:
            assert all(packet.is_keyframe for packet in container.demux(video=0) if packet.size)


def test_no_video_is_there_twice(data_set: Path) -> None:
    videos = [content for name, content in contents(data_set).items() if name.endswith(".mp4")]
    assert len(set(videos)) == 32


def test_the_same_options_give_the_same_bytes_with_any_number_of_workers(data_set: Path, tmp_path: Path) -> None:
    again = write_synthetic(tmp_path / "deep" / "again", options(data_set.name), num_workers=2)
    assert contents(again) == contents(data_set)


@pytest.mark.parametrize("num_workers", [1, 2])
def test_every_video_written_is_told(tmp_path: Path, num_workers: int) -> None:
    calls: list[None] = []
    # 72 videos: more than a chunk
    write_shapes(tmp_path / "shapes", num_workers=num_workers, on_done=lambda: calls.append(None), num_train=56, num_frames=2)
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


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("moving_shapes", {"num_train": 100}, r"num_train must be a positive multiple of 8.*got 100\. Fix: num_train=96"),
        ("moving_shapes", {"num_val": 0}, r"num_val must be a positive multiple of 8.*got 0\. Fix: num_val=8"),
        ("motion_sets", {"num_val": 0}, r"num_val must be at least 1, got 0\. Fix: num_val=1"),
        ("moving_shapes", {"size": 33}, r"size must be an even number of at least 16 pixels, got 33"),
        ("coloured_shapes", {"num_frames": 1}, r"num_frames must be at least 2, for a motion, got 1"),
        ("moving_shapes", {"fps": 0.0}, r"fps must be positive, got 0"),
        ("moving_shapes", {"seed": -1}, r"seed must be 0 or more, got -1"),
        (
            "motion_sequences",
            {"num_motions": (4, 3)},
            r"num_motions must be the fewest, at least 1, and the most, got \[4, 3\]",
        ),
        ("motion_sequences", {"motion_frames": (0, 3)}, r"motion_frames must be the fewest.*got \[0, 3\]"),
        ("motion_sequences", {"pauses": 1.5}, r"pauses must lie in \[0, 1\], got 1\.5"),
        ("motion_sets", {"most_motions": 7}, r"most_motions must lie in 1 to 6, got 7"),
        (
            "motion_sets",
            {"num_frames": 24},
            r"num_frames must be at least 25, 6 for each of most_motions=4 and a first one, got 24",
        ),
        ("moving_speeds", {"speeds": (2.0, 2.0)}, r"speeds must be the lowest, from 0, and a higher one.*got \[2\.0, 2\.0\]"),
        ("varying_speeds", {"size": 32}, r"speeds must be .* at most 4 for size=32, got \[1\.0, 5\.0\]"),
    ],
)
def test_mistakes(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SYNTHETIC_SETS[name](name=name, **values)
