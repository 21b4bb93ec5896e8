"""What ours is compared with: the same work as someone who knows the library would write it, on one thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ReadClip = Callable[[Path, Sequence[int], tuple[int, int]], NDArray[np.uint8]]
"""Reads frames: path, ascending indices (T,) without repeats, (height, width) -> (T, H, W, 3) uint8 RGB."""

INSTALL = "pip install 'videoseq[benchmark]'"


@dataclass(frozen=True)
class DecodingPeer:
    """A way to read frames with another library.

    Attributes:
        name: What the tables call it.
        module: Its file in this folder, which imports the library.
        function: The function in it, a `ReadClip`.
        aim: Ratio to it that ours is to reach.
    """

    name: str
    module: str
    function: str
    aim: float | None = None

    def load(self) -> ReadClip:
        """Imports the library.

        Raises:
            ImportError: It is not installed, or not with all that it needs.
        """
        try:
            read: ReadClip = getattr(import_module(f"videoseq.benchmarks.peers.{self.module}"), self.function)
        except (RuntimeError, OSError) as error:  # torchcodec without a system FFmpeg, decord without its libraries
            raise ImportError(str(error).strip().splitlines()[0]) from error
        return read


DECODING_PEERS = (
    DecodingPeer("decord at size", "decord_reading", "read_at_size", aim=1.15),
    DecodingPeer("decord + resize", "decord_reading", "read_and_resize", aim=1.3),
    DecodingPeer("PyAV sequential", "pyav_reading", "read_sequentially"),
    DecodingPeer("PyAV seek", "pyav_reading", "read_seeking"),
    DecodingPeer("OpenCV + resize", "opencv_reading", "read_and_resize", aim=1.3),
    DecodingPeer("torchcodec at size", "torchcodec_reading", "read_at_size"),
    DecodingPeer("torchcodec + resize", "torchcodec_reading", "read_and_resize", aim=1.3),
)
