import os
from pathlib import Path

import pytest

from videoseq.data.decoding import read_frames
from videoseq.data.decoding.files import check_file
from videoseq.errors import DecodeError
from videoseq.types import Limits

RIGHT = "expected one of mp4, matroska, avi"


@pytest.mark.parametrize(
    ("name", "container"),
    [("h264.mp4", "mp4"), ("h264.mkv", "matroska"), ("h264.ts", "mpegts"), ("mpeg4.avi", "avi"), ("vp9.webm", "matroska")],
)
def test_the_container_is_recognised_by_its_first_bytes(encoded, tmp_path, name, container):
    path = tmp_path / "no_suffix"
    path.write_bytes(encoded(name)[0].read_bytes())
    assert check_file(path, Limits()) == container


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\1\xba" + b"\0" * 20, "mpegps"),
        (b"FLV\1\5" + b"\0" * 20, "flv"),
        (b"OggS" + b"\0" * 20, "ogg"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
        ((b"\0\0\0\0\x47" + b"\0" * 187) * 4, "mpegts"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mp4"),
    ],
)
def test_rarer_containers(tmp_path, head, container):
    path = tmp_path / "x"
    path.write_bytes(head)
    assert check_file(path, Limits()) == container


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "the file is empty; expected a video file"),
        (b"#EXTM3U\n#EXTINF:2,\n/etc/passwd\n", "a playlist that refers to other files"),
        (b"\xef\xbb\xbf#EXTM3U\n", "a playlist that refers to other files"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a playlist that refers to other files"),
        (b"<?xml version='1.0'?><MPD></MPD>", "a playlist that refers to other files"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "a playlist that refers to other files"),
        (b"\0\0\0\1\x67\x64", r"a raw stream without timestamps; .*remux it: ffmpeg -i x -c copy out.mp4"),
        (b"\0\0\1\xb3\x14", r"a raw stream without timestamps; .*remux it"),
        (b"hello, this is a text", rf"not a known video container .*{RIGHT}"),
        (b"\x47" + b"\0" * 600, "not a known video container"),
    ],
)
def test_contents_that_are_no_video_are_refused(tmp_path, contents, message):
    path = tmp_path / "clip.mp4"
    path.write_bytes(contents)
    for reader in ("auto", "pyav", "decord"):
        with pytest.raises(DecodeError, match=message):
            read_frames(path, [0], reader=reader)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("clip\0.mp4", "the path holds a NUL character"),
        ("http://example.org/clip.mp4", "this is a URL; expected the path of a local file; download it first"),
        ("rtsp://host/live", "this is a URL"),
        ("concat:/etc/passwd", "this is a URL"),
        ("absent.mp4", "there is no such file"),
        ("/dev/zero", "this is a character device; expected a regular video file"),
    ],
)
def test_paths_that_are_no_local_file_are_refused(path, message):
    with pytest.raises(DecodeError, match=message):
        check_file(Path(path), Limits())


def test_fifo_directory_and_link_to_a_device_are_refused(tmp_path):
    fifo, folder, link = tmp_path / "fifo.mp4", tmp_path / "folder.mp4", tmp_path / "link.mp4"
    os.mkfifo(fifo)
    folder.mkdir()
    link.symlink_to("/dev/zero")
    for path, kind in ((fifo, r"a named pipe \(FIFO\)"), (folder, "a directory"), (link, "a character device")):
        with pytest.raises(DecodeError, match=f"this is {kind}; expected a"):
            read_frames(path, [0])


def test_a_link_to_a_video_is_read(encoded, tmp_path):
    path, golden = encoded("h264.mp4")
    (tmp_path / "link.mp4").symlink_to(path)
    assert (read_frames(tmp_path / "link.mp4", [5]) == golden[5]).all()


def test_a_playlist_is_not_followed_even_when_it_plays(encoded, tmp_path):
    segment, _ = encoded("h264.ts")
    playlist = tmp_path / "clip.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\n{segment}\n#EXT-X-ENDLIST\n")
    with pytest.raises(DecodeError, match="a playlist that refers to other files"):
        read_frames(playlist, [0])


@pytest.mark.parametrize("name", ["clip (1).mp4", "it's.mp4", "a,b.mp4", "clip[1].mp4", "视频.mp4", "epoch=3.mp4", "a:b.mp4"])
def test_awkward_names_are_read(encoded, tmp_path, monkeypatch, name):
    path, golden = encoded("h264.mp4")
    (tmp_path / name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    for reader in ("pyav", "decord"):
        assert (read_frames(Path(name), [5], reader=reader) == golden[5]).all()


def test_a_container_cut_off_in_its_header_says_so(encoded, tmp_path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(encoded("h264.mp4")[0].read_bytes()[:200])
    with pytest.raises(DecodeError, match=r"\(pyav, open\): not a readable mp4 file .*cut off or damaged"):
        read_frames(path, [0])
