"""Which files may be opened at all, and how: local regular files in a container recognised by its first bytes."""

import re
import stat
from pathlib import Path

import av
import av.container

from videoseq.errors import DecodeError
from videoseq.types import Limits

# Name of each container -> the demuxer of FFmpeg's that is forced for it.
DEMUXERS: dict[str, str] = {
    "mp4": "mov",
    "matroska": "matroska",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpegps": "mpeg",
    "flv": "flv",
    "ogg": "ogg",
    "asf": "asf",
}

_HEAD_BYTES = 600
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof"}
_ASF_GUID = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/")
_KINDS = {
    stat.S_ISDIR: "a directory",
    stat.S_ISFIFO: "a named pipe (FIFO)",
    stat.S_ISCHR: "a character device",
    stat.S_ISBLK: "a block device",
    stat.S_ISSOCK: "a socket",
}


def check_file(path: Path, limits: Limits) -> str:
    """Returns the name of a video file's container, or refuses what is not a local file in a known one.

    Args:
        path: The file; a relative one counts from the current directory.
        limits: `max_bytes` is checked here.

    Returns:
        One of the keys of `DEMUXERS`, such as `mp4`, recognised by the first bytes and never by the name.

    Raises:
        DecodeError: A URL, a NUL in the path, a missing file, anything but a regular file, a file larger than
            `limits.max_bytes`, or contents in no known container (playlists and raw streams among them).
    """
    text = str(path)
    if "\0" in text:
        raise _refused(path, f"the path holds a NUL character: {text!r}; expected the path of a local file")
    if _URL.match(text):
        raise _refused(path, "this is a URL; expected the path of a local file; download it first")
    try:
        # Before opening: opening a FIFO waits for a writer for ever, and opening a device may do anything.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = next((name for test, name in _KINDS.items() if test(status.st_mode)), "no regular file")
            raise _refused(path, f"this is {kind}; expected a regular video file")
        if status.st_size > limits.max_bytes:
            raise _refused(
                path,
                f"the file has {status.st_size} bytes, more than max_bytes={limits.max_bytes}; raise data.limits.max_bytes",
            )
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise _refused(path, "there is no such file; check the path, and the root it counts from") from None
    except OSError as error:
        raise _refused(path, f"the file cannot be opened: {error.strerror}; check its permissions") from None
    container = _recognise(head)
    if container is None:
        raise _refused(path, _unknown_contents(head))
    return container


def open_video(path: Path, container: str, *, probe_pictures: bool = True) -> av.container.InputContainer:
    """Opens a checked file with its demuxer forced, so that it can make FFmpeg read no other file.

    Args:
        path: A file that `check_file` accepted.
        container: What `check_file` returned.
        probe_pictures: Whether FFmpeg decodes the first pictures to learn the pixel format and how far frames are reordered.
            Without it, opening an mp4 takes a quarter of the time; files whose headers say less are opened no faster.

    Returns:
        The open container; close it, it is a context manager.

    Raises:
        DecodeError: FFmpeg cannot open it.
    """
    try:
        return av.open(
            str(path.absolute()),
            format=DEMUXERS[container],
            options={} if probe_pictures else {"skip_frame": "all"},
            container_options={"protocol_whitelist": "file"},
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DecodeError(
            path, "open", "pyav", f"not a readable {container} file ({error}); it may be cut off or damaged"
        ) from error


def _recognise(head: bytes) -> str | None:
    """Returns the container that a file starting with `head` is in; None for none of ours."""
    if head[4:8] in _MP4_BOXES:
        return "mp4"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    for start, container in (
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"\0\0\1\xba", "mpegps"),
        (b"FLV\1", "flv"),
        (b"OggS", "ogg"),
        (_ASF_GUID, "asf"),
    ):
        if head.startswith(start):
            return container
    # Transport packets have 188 bytes, or 192 with a time code of 4 bytes before each (Blu-ray, AVCHD).
    for first, packet_bytes in ((0, 188), (4, 192)):
        if len(head) > first + 2 * packet_bytes and all(head[first + k * packet_bytes] == 0x47 for k in range(3)):
            return "mpegts"
    return None


def _unknown_contents(head: bytes) -> str:
    """Returns the message about contents that are in no known container."""
    if not head:
        return "the file is empty; expected a video file"
    expected = f"expected one of {', '.join(DEMUXERS)}"
    if head.startswith((b"\0\0\1", b"\0\0\0\1")):
        return f"a raw stream without timestamps; {expected}; remux it: ffmpeg -i x -c copy out.mp4"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0", b"[InternetShortcut]")):
        return f"a playlist that refers to other files, not a video; {expected}; convert it: ffmpeg -i x out.mp4"
    return f"not a known video container (first bytes {head[:8]!r}); {expected}; convert it: ffmpeg -i x out.mp4"


def _refused(path: Path, cause: str) -> DecodeError:
    return DecodeError(path, "check", "file", cause)
