"""Folders of frames as videos in every format: what is one, what is none, and what is missing in one."""

import logging
from pathlib import Path

import pytest

from tests.data.formats.small import manifest_table, write_clip, write_frames, write_lines
from tests.data.layouts import make, table, write_csv
from videoseq.data.annotations import read_annotations
from videoseq.data.frame_folders import FrameFolderOptions, check_gaps, number_in
from videoseq.errors import ConfigError, DataError
from videoseq.types import FrameFolder

PATTERN = "frame_%06d.jpg"
FRAMES = FrameFolderOptions(PATTERN)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two classes of three folders of frames each, in one a deeper one."""
    for seed in range(3):
        write_frames(tmp_path / "data" / "run" / f"a{seed}", seed, PATTERN, first=seed)
        write_frames(tmp_path / "data" / "jump" / ("deep" if seed == 2 else ".") / f"b{seed}", 10 + seed, PATTERN)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "pattern", "number"),
    [
        ("frame_000012.jpg", "frame_%06d.jpg", 12),
        ("frame_000000.jpg", "frame_%06d.jpg", 0),
        ("frame_1234567.jpg", "frame_%06d.jpg", 1234567),
        ("frame_0001234567.jpg", "frame_%06d.jpg", None),
        ("frame_00012.jpg", "frame_%06d.jpg", None),
        ("frame_000012.jpeg", "frame_%06d.jpg", None),
        ("xframe_000012.jpg", "frame_%06d.jpg", None),
        ("frame_000012xjpg", "frame_%06d.jpg", None),
        ("12.png", "%d.png", 12),
        ("012.png", "%d.png", None),
        ("-1.png", "%d.png", None),
        ("(3) x.png", "(%d) x.png", 3),
        ("1" * 19 + ".png", "%d.png", None),
    ],
)
def test_numbers_in_names(name: str, pattern: str, number: int | None) -> None:
    assert number_in(name, pattern) == number


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"pattern": "frame.jpg"},
            r"pattern must be a file name with one %d or %06d.*such as frame_%06d\.jpg, got 'frame\.jpg'",
        ),
        ({"pattern": "img_{:05d}.jpg"}, r"pattern must be a file name with one %d or %06d"),
        ({"pattern": "%d_%d.jpg"}, r"pattern must be a file name with one %d"),
        ({"pattern": "../%d.jpg"}, r"pattern must be a file name"),
        ({"pattern": "%5d.jpg"}, r"pattern must be a file name"),
        ({"pattern": "%d.mp4"}, r"pattern must end in one of \.bmp, \.jpeg, \.jpg, \.png, \.ppm, \.webp, got '%d\.mp4'"),
        ({"fps": 0}, r"fps must be positive, got 0"),
        ({"fps": float("nan")}, r"fps must be positive, got nan"),
        ({"pattern": "%d.jpg", "fps": -1}, r"fps must be positive, got -1"),
    ],
)
def test_options_are_checked(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FrameFolderOptions(**values)


def test_what_null_stands_for() -> None:
    usual = FrameFolder("%05d.jpg", 12.0)
    assert FrameFolderOptions().resolved() is None
    assert FrameFolderOptions(PATTERN).resolved() == FrameFolder(PATTERN, 25.0)
    assert FrameFolderOptions().resolved(usual) == usual
    assert FrameFolderOptions("%d.png", 5).resolved(usual) == FrameFolder("%d.png", 5)


def test_class_folders_of_frame_folders(folders: Path, tmp_path: Path) -> None:
    assert manifest_table(folders, tmp_path, frame_folders=FRAMES) == [
        ("jump/b0", "jump", "val", None),
        ("jump/b1", "jump", "test", None),
        ("jump/deep/b2", "jump", "train", None),
        ("run/a0", "run", "train", None),
        ("run/a1", "run", "test", None),
        ("run/a2", "run", "val", None),
    ]


def test_split_folders_of_frame_folders(tmp_path: Path) -> None:
    for split, names in {"train": ("run", "jump"), "val": ("run",)}.items():
        for name in names:
            write_frames(tmp_path / "split" / split / name / "x", len(split), PATTERN)
    records = read_annotations(tmp_path / "split", frame_folders=FRAMES)
    assert table(records, tmp_path / "split") == [
        ("train/jump/x", "jump", "train"),
        ("train/run/x", "run", "train"),
        ("val/run/x", "run", "val"),
    ]
    assert all(record.frames is not None for record in records)


def test_files_beside_their_own_frames_are_left_out(folders: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write_clip(folders / "run" / "a0.mp4", 0)
    write_clip(folders / "jump" / "deep" / "b2.avi", 12)
    records = read_annotations(folders, frame_folders=FRAMES)
    assert len(records) == 6
    assert all(record.frames is not None for record in records)
    assert "2 video files are left out, for their frames lie in folders beside them" in caplog.text


def test_files_and_folders_of_frames_in_one_data_set_are_refused(folders: Path) -> None:
    write_clip(folders / "run" / "frames_of_which.mp4", 0)
    message = (
        r"the class folders hold 1 video files, such as 'run/frames_of_which\.mp4', and 6 folders of frames, such as "
        r"'jump/b0': expected one kind.*Fix: move one kind out of data\.root, put.*or remove data\.frame_folders\.pattern"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(folders, frame_folders=FRAMES)


def test_a_folder_that_holds_no_image_is_named(folders: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(folders, b"x", "run/a7/log.txt")
    (folders / "jump" / "deep" / "b9").mkdir()
    assert len(read_annotations(folders, frame_folders=FRAMES)) == 6
    assert "2 folders hold no frames and are left out, the first is 'jump/deep/b9'" in caplog.text


def test_a_pattern_for_files_alone_is_refused(tmp_path: Path) -> None:
    write_clip(tmp_path / "run" / "x.mp4", 1)
    with pytest.raises(ConfigError, match=r"data\.frame_folders\.pattern='frame_%06d\.jpg': no folder of frames found, all 1"):
        read_annotations(tmp_path, frame_folders=FRAMES)


def test_a_csv_names_folders_or_the_files_that_they_were_made_from(folders: Path) -> None:
    write_csv(folders, "path,label,start_seconds,end_seconds", "run/a0,run,0.1,0.2", "run/a1.mp4,run,,", "jump/b0/,jump,,")
    records = read_annotations(folders, frame_folders=FRAMES)
    assert table(records, folders) == [("jump/b0", "jump", None), ("run/a0", "run", None), ("run/a1", "run", None)]
    assert records[1].start_seconds == 0.1


def test_without_a_pattern_a_folder_is_no_video(folders: Path) -> None:
    write_csv(folders, "path,label", "run/a0,run")
    with pytest.raises(DataError, match=r"'run/a0' is a folder, expected a regular video file"):
        read_annotations(folders)
    message = (
        r"no videos found.*got 36 files of other suffixes, images such as 'jump/b0/frame_00000\d\.jpg' among them.*Fix: for "
    )
    with pytest.raises(DataError, match=message + r"videos that are folders.*data\.frame_folders\.pattern=frame_%06d\.jpg"):
        read_annotations(folders, format="folders")


def test_a_folder_without_a_matching_image(folders: Path) -> None:
    message = (
        r"the folder '(jump/b0|.*run/a0)' holds no image with a name as frame_folders\.pattern='img_%05d\.jpg' says, got "
        r"'frame_000000?\d?\.jpg' and 5 others\. Fix: correct the pattern"
    )
    with pytest.raises(DataError, match=message):
        read_annotations(folders, frame_folders=FrameFolderOptions("img_%05d.jpg"))
    write_csv(folders, "path,label", "run/a0,run")
    with pytest.raises(DataError, match=r"annotations\.csv row 2 column 'path': " + message):
        read_annotations(folders, frame_folders=FrameFolderOptions("img_%05d.jpg"))
    (folders / "empty").mkdir()
    write_csv(folders, "path,label", "empty,run")
    with pytest.raises(DataError, match=r"the folder '.*empty' holds no image with a name as .* says, got nothing\. Fix"):
        read_annotations(folders, frame_folders=FRAMES)


def test_a_folder_of_frames_and_folders_is_neither(folders: Path) -> None:
    write_frames(folders / "run", 5, PATTERN, count=1)
    message = r"the folder '.*run' holds both frames \('frame_000001\.jpg'\) and folders \('a0'\), expected either.*Fix: move"
    with pytest.raises(DataError, match=message):
        read_annotations(folders, frame_folders=FRAMES)


def test_frames_are_never_read_from_outside_the_root(folders: Path, tmp_path: Path) -> None:
    write_frames(tmp_path / "secret", 9, PATTERN)
    (folders / "run" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match=r"'run/link' lies outside the data set's root .*it leads to '.*secret'"):
        read_annotations(folders, frame_folders=FRAMES)
    assert len(read_annotations(folders, frame_folders=FRAMES, allow_outside_root=True)) == 7
    (folders / "run" / "link").unlink()
    (folders / "run" / "a0" / "frame_000003.jpg").unlink()
    (folders / "run" / "a0" / "frame_000003.jpg").symlink_to(tmp_path / "secret" / "frame_000003.jpg")
    with pytest.raises(DataError, match=r"run/a0: 'frame_000003\.jpg' lies outside the data set's root"):
        read_annotations(folders, frame_folders=FRAMES)


def test_gaps_name_the_folder_the_numbers_and_how_many_folders(folders: Path, tmp_path: Path) -> None:
    for name in ("a0/frame_000002", "a2/frame_000003", "a2/frame_000005", "a2/frame_000006"):
        (folders / "run" / f"{name}.jpg").unlink()
    message = (
        r"2 of 6 folders of frames have gaps; the first: '.*run/a0' holds the frames 0 to 5 without 2 \(1 missing\)\. "
        r"Fix: extract its frames again, or correct frame_folders\.pattern"
    )
    for bad_videos in ("skip", "error"):
        with pytest.raises(DataError, match=message):
            manifest_table(folders, tmp_path, frame_folders=FRAMES, bad_videos=bad_videos)


def test_gaps_are_listed() -> None:
    folder = Path("/data/a")
    check_gaps({folder: [3, 4, 5], Path("/data/b"): [7]})
    with pytest.raises(DataError, match=r"1 of 1 folders .*the frames 1 to 20 without 2 to 4, 6, 8, 10, 12, … \(8 missing\)"):
        check_gaps({folder: [1, 5, 7, 9, 11, 13, 15, *range(16, 21)]})


def test_the_rate_alone_says_nothing(folders: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "files" / "run" / "x.mp4", 1)
    with pytest.raises(ConfigError, match=r"data\.frame_folders\.fps has no effect on video files\. Fix: remove it, or name"):
        read_annotations(tmp_path / "files", frame_folders=FrameFolderOptions(fps=12))


@pytest.mark.parametrize("decoder", ["decord", "pyav"])
def test_a_reader_of_files_is_refused(folders: Path, tmp_path: Path, decoder: str) -> None:
    message = (
        rf"data\.decoder={decoder} reads files, but 6 of 6 videos are folders of frames, the first is '.*b0'\. Fix: .*=auto"
    )
    with pytest.raises(ConfigError, match=message):
        manifest_table(folders, tmp_path, frame_folders=FRAMES, decoder=decoder)


def test_images_that_are_no_frames_are_ignored(folders: Path, tmp_path: Path) -> None:
    make(folders, b"x", "run/a0/thumb.jpg", "run/a0/frame_000000.json", "run/a0/.frame_000009.jpg")
    write_lines(folders / "run" / "a0" / "frame_0009.jpg", "not of the pattern")
    assert len(manifest_table(folders, tmp_path, frame_folders=FRAMES)) == 6
