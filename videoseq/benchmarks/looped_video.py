"""Videos of any length that are written fast: a short one is encoded once, and its packets are repeated."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from videoseq.data.writing import write_video

FPS = 25
HEIGHT, WIDTH = 240, 320
_TURNS = 4
"""How often the pattern changes its direction."""


def write_pattern(path: Path, seconds: float, seed: int) -> None:
    """Writes a video of a textured box that drifts left or right, in turns, over a textured background, with a camera's noise.

    Args:
        path: Where to write, an MP4.
        seconds: Its length.
        seed: Seed of textures and places.
    """
    write_video(path, _frames(round(seconds * FPS), seed), fps=FPS, options={"preset": "veryfast", "bf": "0"})


def pattern_segments(seconds: float) -> list[tuple[float, float, str]]:
    """Returns what `write_pattern` shows when: (start, end, `left` or `right`), in seconds."""
    count = round(seconds * FPS)
    ends = [count * turn // _TURNS / FPS for turn in range(_TURNS + 1)]
    return [(ends[turn], ends[turn + 1], ("left", "right")[turn % 2]) for turn in range(_TURNS)]


def repeat_video(path: Path, target: Path, times: int) -> None:
    """Writes a video that shows another one several times, without encoding it again.

    Args:
        path: An MP4 whose frames are stored in the order in which they are shown.
        target: Where to write, an MP4.
        times: How often.
    """
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        copied = output.add_stream_from_template(stream)
        assert isinstance(copied, VideoStream)
        packets = [packet for packet in source.demux(stream) if packet.pts is not None]
        length = (packets[-1].pts or 0) + (packets[-1].duration or 0)
        time_base = packets[0].time_base
        content = [(bytes(packet), packet.pts or 0, packet.is_keyframe) for packet in packets]
        for turn in range(times):
            for data, pts, is_keyframe in content:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = copied, time_base, is_keyframe
                packet.pts = packet.dts = turn * length + pts
                output.mux(packet)


def _frames(count: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 160, (HEIGHT // 8, WIDTH // 8, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    box = rng.integers(120, 256, (HEIGHT // 16, WIDTH // 16, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    noise = rng.integers(0, 32, (_TURNS, HEIGHT, WIDTH, 3)).astype(np.uint8)
    top, left = int(rng.integers(HEIGHT - len(box))), 0.0
    for number in range(count):
        left += 3 if number * _TURNS // count % 2 else -3
        frame = background.copy()
        frame[top : top + len(box), (np.arange(box.shape[1]) + round(left)) % WIDTH] = box
        yield frame // 8 * 7 + noise[number % len(noise)]
