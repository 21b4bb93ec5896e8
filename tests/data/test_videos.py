"""Tables of videos: what goes in comes out, and a million of them take no more memory in a worker than a few."""

import gc
import os
import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from videoseq.data.columns import Texts, Words
from videoseq.data.infos import Infos
from videoseq.data.membership import pack, unpack
from videoseq.data.parts import check_parts
from videoseq.data.records import NO_SPLIT, Records, join_records
from videoseq.data.sampling import available_frames
from videoseq.data.videos import Video, Videos, join_videos
from videoseq.errors import DataError
from videoseq.types import FrameFolder, VideoInfo, VideoRecord

ODD = os.fsdecode(b"/data/latin\xe9.mp4")
RECORDS = [
    VideoRecord(Path("/data/b.mp4"), "run", "train", "g", 0.0, 1.5, "x.csv row 2"),
    VideoRecord(Path(ODD), "é", None, None, None, None, ODD, None, True),
    VideoRecord(Path("/data/a.mp4"), "run", "test", "", 2.0, None, "x.csv row 3"),
    VideoRecord(Path("/data/frames"), "jump", "val", "h", None, 0.5, "", FrameFolder("%d.jpg", 10.0)),
    VideoRecord(Path("/data/more"), "jump", "val", "h", None, None, "", FrameFolder("%d.png", 10.0)),
]
INFOS = [
    VideoInfo(Path("/data/b.mp4"), 7, 8, "mp4", "h264", 4, 5, 90, 3, Fraction(1, 30), 2, 1, content_hash="one"),
    VideoInfo(Path(ODD), num_frames=1, time_base=Fraction(1, 25), decord_safe=True, error=f"cannot read {ODD}"),
    VideoInfo(Path("/data/a.mp4"), num_frames=3, first_pts=4, irregular_pts=np.array([4, 6, 9]), keyframes=np.array([0, 2])),
    VideoInfo(
        Path("/data/frames"), num_frames=10, pts_step=1, time_base=Fraction(1, 10), content_hash="two", frame_pattern="%d"
    ),
    VideoInfo(Path("/data/more")),
]


def same(first: VideoInfo, second: VideoInfo) -> bool:
    return all(np.array_equal(value, vars(second)[name]) for name, value in vars(first).items())


def test_records_come_out_as_they_went_in():
    table = Records.of(RECORDS)
    assert list(table) == RECORDS
    assert list(table[1:4]) == RECORDS[1:4]
    assert list(table.take(np.array([4, 0, 0]))) == [RECORDS[4], RECORDS[0], RECORDS[0]]
    assert (table[-1], len(table), Records.of(table) is table) == (RECORDS[4], 5, True)
    assert list(join_records([table[:2], table[4:], Records.of(RECORDS[2:3])])) == [*RECORDS[:2], RECORDS[4], RECORDS[2]]
    assert list(Records.of([])) == []
    assert table.splits.tolist() == [0, NO_SPLIT, 2, 1, 1]


def test_frames_before_a_time_are_counted():
    table = Infos.of(INFOS)
    times = np.array([-0.1, 0.0, 0.01, 0.05, 0.1, 0.101, 2.0, 3.5, 99.0])
    for position, info in enumerate(INFOS):
        expected = [int((info.frame_seconds < time).sum()) for time in times]
        assert table.frames_before(np.full(len(times), position), times).tolist() == expected
    mixed = table.frames_before(np.array([2, 3, 2, 0]), np.array([2.5, 0.35, 0.5, 1.0]))
    assert mixed.tolist() == [2, 4, 1, 3]


def test_infos_come_out_as_they_went_in():
    table = Infos.of(INFOS)
    for read in (list(table), [table[index] for index in range(5)], list(table.take(np.array([4, 3, 2, 1, 0])))[::-1]):
        assert all(same(one, other) for one, other in zip(read, INFOS, strict=True))
    assert table.are_bad.tolist() == [False, True, False, False, False]
    assert table.error(1) == f"cannot read {ODD}"
    assert list(table.contents) == ["one", None, None, "two", None]


def test_seconds_of_a_table_are_those_of_each_video():
    infos = [*INFOS, VideoInfo(Path("/z"), num_frames=7, pts_step=3003, time_base=Fraction(1, 90000), first_pts=11)]
    assert Infos.of(infos).duration_seconds.tolist() == [info.duration_seconds for info in infos]
    videos = Videos.of(Video(record, info) for record, info in zip(RECORDS, INFOS, strict=True))
    assert videos.labelled_seconds.tolist() == pytest.approx([0.1, 0.04, 5.5, 0.5, 0.0])


def test_videos_come_out_as_they_went_in_also_in_another_process():
    made = [Video(record, info, target) for target, (record, info) in enumerate(zip(RECORDS, INFOS, strict=True))]
    table = Videos.of(made)
    for videos in (table, pickle.loads(pickle.dumps(table))):
        assert [video.record for video in videos] == RECORDS
        assert [video.target for video in videos] == videos.targets.tolist() == [0, 1, 2, 3, 4]
        assert all(same(video.info, info) for video, info in zip(videos, INFOS, strict=True))
    joined = join_videos([table[3:], Videos.of(made[:2]), table[:1]])
    assert [video.record for video in joined] == [RECORDS[index] for index in (3, 4, 0, 1, 0)]
    assert [video.info.path for video in joined] == [RECORDS[index].path for index in (3, 4, 0, 1, 0)]


def test_identities_are_those_of_each_video_and_are_written_in_short():
    table = Videos.of(Video(record, info) for record, info in zip(RECORDS, INFOS, strict=True))
    assert [f"{identity:016x}" for identity in table.identities.tolist()] == [video.identity for video in table]
    assert len(set(table.identities.tolist())) == 4  # two are whole videos of no content
    assert unpack(pack(table.identities)).tolist() == table.identities.tolist()
    assert len(pack(np.arange(999, dtype=np.uint64))) == 999 * 8 * 4 // 3
    assert unpack("").tolist() == []


def test_the_order_is_by_path_start_end_and_row():
    parts = [("b", None, None), ("a", 1.0, 2.0), ("a", 1.0, None), ("a", None, 3.0), ("a", 0.0, 3.0), ("\U0001f600", 0.0, 1.0)]
    records = [
        VideoRecord(Path(f"/{name}"), "x", start_seconds=start, end_seconds=end, row=f"row {9 - number}")
        for number, (name, start, end) in enumerate(parts)
    ]
    odd = VideoRecord(Path(os.fsdecode(b"/\xff")), "x")
    assert Records.of([*records, odd]).order().tolist() == [4, 3, 1, 2, 0, 6, 5]
    assert sorted(["/b", "/\U0001f600", os.fsdecode(b"/\xff")])[1] == str(odd.path)


def test_words_are_numbered_in_their_order():
    words = Words.of(["b", None, "a", "b", ""])
    assert words.names.to_list() == ["", "a", "b"]
    assert words.codes.tolist() == [2, -1, 1, 2, 0]
    assert list(words) == ["b", None, "a", "b", ""]
    assert words.take(np.array([0, 1])).used == ["b"]
    assert list(Words.coded(["x", "y", "x"], np.array([2, 1, -1, 0], np.int32))) == ["x", "y", None, "x"]
    assert Texts.numbered("row ", np.array([7, 12])).to_list() == ["row 7", "row 12"]


@pytest.mark.parametrize("with_parts", [[0, 1, 2, 3], [3], []])
def test_every_part_is_looked_at_and_the_first_empty_one_named(with_parts):
    info = VideoInfo(Path("/a"), num_frames=10, pts_step=1, time_base=Fraction(1, 10))
    late = replace(info, path=Path("/b"), first_pts=5)
    parts = [("/b", 0.0, 0.1), ("/a", 0.5, None), ("/b", 0.95, 2.0), ("/a", 0.0, 0.0)]
    chosen = [parts[index] for index in with_parts]
    records = [VideoRecord(Path(path), "x", None, None, start, end, f"row {start}") for path, start, end in chosen]
    files = np.array([0 if record.path == info.path else 1 for record in records], int)
    is_empty = []
    for record, file in zip(records, files, strict=True):
        try:
            times = {"start_seconds": record.start_seconds, "end_seconds": record.end_seconds, "target_fps": None}
            available_frames([info, late][file], **times)
        except DataError:
            is_empty.append(record.row)
    assert is_empty == [f"row {start}" for (_, start, _), index in zip(chosen, with_parts, strict=True) if index > 1]
    if is_empty:
        with pytest.raises(DataError, match=rf"^{is_empty[0]}: '/[ab]': no frame from"):
            check_parts(Records.of(records), Infos.of([info, late]), files)
    else:
        check_parts(Records.of(records), Infos.of([info, late]), files)


class Touched(Dataset):
    """Reads every video of a table as a data set does, and says how much memory the process has for itself."""

    def __init__(self, videos: Videos) -> None:
        self.videos = videos

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, index: int) -> int:
        video = self.videos[index]
        assert video.record.path == video.info.path
        return own_bytes() if index % 1000 == 0 else 0


def own_bytes() -> int:
    """Returns the bytes that only this process uses (Linux)."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def test_a_worker_needs_no_memory_of_its_own_for_the_table():
    num_rows = 200_000
    files = np.arange(num_rows, dtype=np.int32) % 100
    infos = Infos.of(replace(INFOS[0], path=Path(f"/data/a video with a long name {file:09d}.mp4")) for file in range(100))
    records = Records(
        paths=Words.coded([str(info.path) for info in infos], files),
        labels=Words.coded(["run", "jump"], files % 2),
        splits=np.zeros(num_rows, np.int8),
        groups=Words.coded([f"group {file}" for file in range(100)], files),
        starts=np.arange(num_rows) / 100,
        ends=np.arange(num_rows) / 100 + 1,
        rows=Texts.numbered("annotations.csv row ", np.arange(num_rows)),
        frames=np.full(num_rows, -1, np.int8),
        layouts=(),
        are_official=np.zeros(num_rows, bool),
    )
    videos = Videos(records, infos, files, np.zeros(num_rows, np.int64))
    order = np.random.default_rng(0).permutation(num_rows)[:60_000]
    # A collection of garbage writes to all objects that the worker has from its parent, whatever they are.
    loader = DataLoader(
        Touched(videos), batch_size=2000, sampler=order.tolist(), num_workers=1, worker_init_fn=lambda _: gc.disable()
    )
    sizes = [size for batch in loader for size in batch.tolist() if size]
    assert len(sizes) > 30
    assert max(sizes) - sizes[0] < 60 * 2**20 * num_rows / 1_000_000
