"""The copy of a data set of any format reads as the data set does, but for the videos that are bad."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.data.formats import small
from videoseq.data.annotations import read_annotations
from videoseq.data.decoding.demux import scan_video
from videoseq.data.formats import FORMATS
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.manifest import BadVideo
from videoseq.data.options import DataOptions
from videoseq.data.preparing.data_set import Prepared, data_sets, prepare_data_set
from videoseq.data.preparing.settings import Settings
from videoseq.data.scanning import scan_videos
from videoseq.data.split_options import SplitOptions
from videoseq.errors import ConfigError, DataError
from videoseq.reporting.progress import progress_bar
from videoseq.types import Limits, VideoRecord

SETTINGS = Settings(short_side=24, quality=80, gop=4, min_psnr=25)


def class_folders(root: Path) -> DataOptions:
    for seed in range(4):
        small.write_clip(root / ("wave", "clap")[seed % 2] / "session 1" / f"{seed}{('.mp4', '.avi')[seed // 2]}", seed)
    return DataOptions(root=str(root))


def split_folders(root: Path) -> DataOptions:
    for seed in range(6):
        small.write_clip(root / ("train", "Validation", "test")[seed // 2] / ("wave", "clap")[seed % 2] / f"{seed}.webm", seed)
    return DataOptions(root=str(root), format="folders")


def csv(root: Path) -> DataOptions:
    """A CSV with two parts of a file, a row of two lines, a path from `/`, and a file whose name holds a comma."""
    names = ["0.mp4", "sub/1.mp4", "2, 3.mp4", "it's (4).mp4", "视频.mp4"]
    for seed, name in enumerate(names):
        small.write_clip(root / name, seed)
    rows = (
        "0.mp4,wave,train,g1,0,0.25",
        "0.mp4,clap,train,g1,0.25,",
        'sub/1.mp4,"wave",val,"g\n2",,',
        '"2, 3.mp4",clap,test,g3,,',
        f"{root.absolute()}/it's (4).mp4,clap,test,g4,,",
        "视频.mp4,wave,test,g5,,",
    )
    small.write_lines(root / "annotations.csv", "path,label,split,group,start_seconds,end_seconds", *rows)
    return DataOptions(root=str(root))


def path_list(root: Path) -> DataOptions:
    rows = [f"clips/take {seed}.mp4 {seed % 2}" for seed in range(6)]
    small.write_lines(root / "labels.txt", "wave", "clap")
    small.write_path_lists(root, {"train.txt": rows[:2], "val.txt": ["", *rows[2:4]], "test.txt": rows[4:]})
    return DataOptions(root=str(root), format="list")


def list_elsewhere(root: Path) -> DataOptions:
    rows = [f"clips/take {seed}.mp4 {seed % 2}" for seed in range(6)]
    lists = root.parent / "lists"
    small.write_lines(lists / "all.list", *rows)
    small.write_lines(lists / "names.list", "wave", "clap")
    small.write_path_lists(root, {})
    return DataOptions(
        root=str(root), format="list", annotations=str(lists / "all.list"), class_names=str(lists / "names.list")
    )


def something_v1(root: Path) -> DataOptions:
    small.write_id_lists(root, "something-something-v1", small.SOMETHING_TEMPLATES)
    return DataOptions(root=str(root), format="something")


def jester(root: Path) -> DataOptions:
    small.write_id_lists(root, "jester-v1", ("Swiping Left", "Thumb Up"))
    return DataOptions(root=str(root), format="jester")


def folders_of_frames(root: Path) -> DataOptions:
    for seed in range(4):
        small.write_frames(root / ("wave", "clap")[seed % 2] / f"v{seed}", seed, "frame_%06d.png", first=seed)
    return DataOptions(root=str(root), frame_folders=FrameFolderOptions("frame_%06d.png", 29.97))


LAYOUTS: dict[str, Callable[[Path], DataOptions]] = {
    "folders": class_folders,
    "folders with splits": split_folders,
    "folders of frames": folders_of_frames,
    "csv": csv,
    "ucf101": lambda root: DataOptions(root=str(small.write_ucf101(root)), format="ucf101", split=SplitOptions(index=2)),
    "hmdb51": lambda root: DataOptions(root=str(small.write_hmdb51(root)), format="hmdb51"),
    "kinetics": lambda root: DataOptions(root=str(small.write_kinetics(root)), format="kinetics"),
    "something": lambda root: DataOptions(root=str(small.write_something_v2(root)), format="something"),
    "something V1": something_v1,
    "jester": jester,
    "list": path_list,
    "list elsewhere": list_elsewhere,
}


def prepare(options: DataOptions, folder: Path) -> Prepared:
    def list_nothing(path: Path, bad: Sequence[BadVideo]) -> None:
        path.write_text("")

    return prepare_data_set(*data_sets(options, folder / "copy"), SETTINGS, folder / "cache", progress_bar, list_nothing)


def read(options: DataOptions, index: int | None = None) -> list[VideoRecord]:
    annotations, names = (None if name is None else Path(name) for name in (options.annotations, options.class_names))
    return list(
        read_annotations(
            Path(str(options.root)), annotations, options.format, index=index, class_names_file=names,
            frame_folders=options.frame_folders, allow_outside_root=False,
        )
    )  # fmt: skip


def said(records: list[VideoRecord], root: Path) -> list[tuple[object, ...]]:
    """Returns what records say, the rows where they stand left out: those behind a bad video move up."""
    plain = [replace(record, path=record.path.relative_to(root), row="") for record in records]
    return sorted(tuple(map(repr, vars(record).values())) for record in plain)


def test_every_format_is_tried() -> None:
    assert {name.split()[0] for name in LAYOUTS} == set(FORMATS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_copy_reads_as_its_source_without_the_bad_video(tmp_path, name):
    options = replace(LAYOUTS[name](tmp_path / "data"), max_bad_fraction=0.5, num_workers=1)
    records = read(options, options.split.index)
    bad = records[1].path
    for file in sorted(bad.iterdir()) if bad.is_dir() else [bad]:
        file.write_bytes(b"this is no video")
    prepared = prepare(options, tmp_path)
    assert [item.record.path for item in prepared.bad] == [bad]
    words = dict(word.split("=") for word in prepared.copy.words())
    copied = replace(options, **{option.removeprefix("data."): path for option, path in words.items()})
    assert words["data.root"] == str(tmp_path / "copy")
    for index in range(1, FORMATS[options.format].num_splits + 1) if options.format in FORMATS else [None]:
        good = [record for record in read(options, index) if record.path != bad]
        assert said(read(copied, index), tmp_path / "copy") == said(good, tmp_path / "data")
    assert not (tmp_path / "copy" / bad.relative_to(tmp_path / "data")).exists()


def test_every_copy_has_the_frames_of_its_source(tmp_path):
    options = replace(folders_of_frames(tmp_path / "data"), num_workers=2)
    prepare(options, tmp_path)
    records = read(replace(options, root=str(tmp_path / "copy")))
    frames = {record.path: record.frames for record in records if record.frames is not None}
    infos = scan_videos([*frames], cache_file=None, limits=Limits(), num_workers=1, frames=frames)
    assert [(info.num_frames, info.first_pts, info.height, info.width, info.codec) for info in infos.values()] == [
        (6, seed, 24, 24, "jpeg") for seed in (1, 3, 0, 2)
    ]
    assert {info.time_base for info in infos.values()} == {Fraction(100, 2997)}


def test_a_name_that_is_no_text_is_kept(tmp_path):
    root = tmp_path / "data"
    options = replace(class_folders(root), num_workers=1)
    odd = os.fsdecode(b"caf\xe9 a=b,c.mp4")
    (root / "wave" / "session 1" / "0.mp4").rename(root / "wave" / odd)
    prepared = prepare(options, tmp_path)
    assert scan_video(tmp_path / "copy" / "wave" / odd).num_frames == 6
    again = prepare(options, tmp_path)
    assert (prepared.num_copied, again.num_copied) == (4, 0)


def test_a_list_from_elsewhere_does_not_take_the_place_of_another(tmp_path):
    options = replace(list_elsewhere(tmp_path / "data"), num_workers=1)
    (tmp_path / "data" / "all.list").write_text("another list")
    with pytest.raises(
        ConfigError, match=r"lists/all\.list' would be copied to '.*copy/all\.list', which is the place of '.*data/"
    ):
        prepare(options, tmp_path)
    assert not (tmp_path / "copy").exists()


def test_a_video_outside_the_root_has_no_place_in_the_copy(tmp_path):
    small.write_clip(tmp_path / "elsewhere" / "0.mp4", 0)
    small.write_clip(tmp_path / "data" / "1.mp4", 1)
    small.write_lines(tmp_path / "data" / "annotations.csv", "path,label", "../elsewhere/0.mp4,wave", "1.mp4,clap")
    options = DataOptions(root=str(tmp_path / "data"), allow_outside_root=True, num_workers=1)
    with pytest.raises(DataError, match=r"annotations\.csv row 2: '.*elsewhere/0\.mp4' lies outside .* Fix: put a link to its"):
        prepare(options, tmp_path)
    assert not (tmp_path / "copy").exists()
