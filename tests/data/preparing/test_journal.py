"""The manifest of a prepared data set."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from videoseq.data.preparing.copying import Copy
from videoseq.data.preparing.journal import Entry, Journal
from videoseq.data.preparing.settings import Settings
from videoseq.errors import ConfigError, DataError
from videoseq.types import VideoInfo

SETTINGS = Settings(short_side=128, quality=64, gop=12, min_psnr=30)
ROOT = {"root": "/data/set", "format": "auto"}
SOURCE = VideoInfo(Path("a.mp4"), size_bytes=10, fingerprint=20, content_hash="ab")
ENTRY = Entry.of("caf\udce9/a.mp4", SOURCE, Copy(5, 128, 170, 37.5, 1000, 0.25))


def test_what_was_added_is_there_again_and_sorted_at_the_end(tmp_path):
    journal = Journal(tmp_path, ROOT, SETTINGS)
    assert list(tmp_path.iterdir()) == []
    journal.lists = ["labels/train.csv"]
    journal.write()
    for path in ("b.mp4", ENTRY.path, "a.mp4", "b.mp4"):
        journal.add(replace(ENTRY, path=path))
    assert Journal(tmp_path, ROOT, SETTINGS).entries == journal.entries
    journal.write()
    again = Journal(tmp_path, ROOT, SETTINGS)
    assert list(again.entries) == ["a.mp4", "b.mp4", ENTRY.path]
    assert again.entries[ENTRY.path] == ENTRY
    assert again.lists == ["labels/train.csv"]


def test_a_line_that_was_cut_off_says_nothing(tmp_path):
    journal = Journal(tmp_path, ROOT, SETTINGS)
    journal.write()
    journal.add(ENTRY)
    whole = journal.path.read_text()
    journal.path.write_text(whole + whole.splitlines()[1][:40])
    again = Journal(tmp_path, ROOT, SETTINGS)
    again.write()
    again.add(replace(ENTRY, path="b.mp4"))
    assert list(Journal(tmp_path, ROOT, SETTINGS).entries) == [ENTRY.path, "b.mp4"]


@pytest.mark.parametrize("changed", [{"size_bytes": 11}, {"fingerprint": 21}, {"content_hash": "ac"}])
def test_an_entry_is_of_the_source_that_was_copied(changed):
    assert ENTRY.is_of(SOURCE)
    assert not ENTRY.is_of(replace(SOURCE, **changed))


@pytest.mark.parametrize("changed", [{"short_side": 96}, {"quality": 70}, {"gop": 4}, {"min_psnr": 31}])
def test_other_settings_are_refused(tmp_path, changed):
    Journal(tmp_path, ROOT, SETTINGS).write()
    (name,) = changed
    with pytest.raises(ConfigError, match=rf"was prepared with {name}=\d+, now {name}=\d+: name another output, or delete"):
        Journal(tmp_path, ROOT, replace(SETTINGS, **changed))


def test_another_data_set_is_refused(tmp_path):
    Journal(tmp_path, ROOT, SETTINGS).write()
    with pytest.raises(ConfigError, match=r"was prepared with format=auto, now format=csv: name another output, or delete"):
        Journal(tmp_path, {**ROOT, "format": "csv"}, SETTINGS)


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[1]",
        b"7",
        b"\xff\xfe",
        b'{"path": "a.mp4", "source_bytes": 1}',
        json.dumps({**asdict(ENTRY), "path": "/home"}).encode(),
        json.dumps({**asdict(ENTRY), "path": "left/../../mine"}).encode(),
        json.dumps({**asdict(ENTRY), "path": "."}).encode(),
        json.dumps({**asdict(ENTRY), "path": 1}).encode(),
        json.dumps({**asdict(ENTRY), "copy": {**asdict(ENTRY.copy), "psnr": None}}).encode(),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path, line):
    journal = Journal(tmp_path, ROOT, SETTINGS)
    journal.write()
    with journal.path.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(DataError, match=r"prepared\.jsonl' is damaged: .* Fix: name another output, or delete this one"):
        Journal(tmp_path, ROOT, SETTINGS)


@pytest.mark.parametrize(
    "content", ["", "\n", "[]\n", '{"root": "/data/set"}\n', '{"lists": ["/home"]}\n', '{"lists": ["../a"]}\n']
)
def test_a_manifest_without_a_good_head_is_refused(tmp_path, content):
    (tmp_path / "prepared.jsonl").write_text(content)
    with pytest.raises(DataError, match=r"prepared\.jsonl' is damaged: "):
        Journal(tmp_path, ROOT, SETTINGS)
