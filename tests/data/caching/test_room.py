"""Room on the disk: what a folder takes, what is left, and how bytes are told."""

import re

import pytest

from videoseq.data.caching.room import room_problem, shown_bytes, taken_bytes


def test_what_the_disk_has_not_is_refused(tmp_path):
    problem = room_problem(tmp_path / "absent", 0, 10**18, 1e12, what="many frames")
    assert re.fullmatch(
        r"many frames need 1e\+09 GB, but the disk of '.*absent' has [\d.]+ [GM]B free, of which 1 GB are left to others",
        problem,
    )
    assert room_problem(tmp_path / "absent", 0, 1, 1.0, what="a frame") is None


def test_all_files_take_room(tmp_path):
    assert taken_bytes(tmp_path / "absent") == 0
    (tmp_path / "store").mkdir()
    for name, count in (("a.txt", 3), ("store/b.data", 4)):
        (tmp_path / name).write_bytes(bytes(count))
    (tmp_path / "gone").symlink_to(tmp_path / "absent")
    assert taken_bytes(tmp_path) == 7


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1_236_000, "1.24 MB"), (98_765_432_100, "98.8 GB")],
)
def test_bytes_for_a_message(count, text):
    assert shown_bytes(count) == text
