"""decord: one reader for a clip, one batched call for its frames."""

from collections.abc import Sequence
from pathlib import Path

import decord
import numpy as np
from numpy.typing import NDArray

from videoseq.benchmarks.peers.resizing import resized


def read_at_size(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads frames that decord scales itself while it converts them."""
    reader = decord.VideoReader(str(path), ctx=decord.cpu(0), height=size[0], width=size[1], num_threads=1)
    frames: NDArray[np.uint8] = reader.get_batch(indices).asnumpy()
    return frames


def read_and_resize(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads frames at the video's size and scales them afterwards."""
    reader = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=1)
    return resized(reader.get_batch(indices).asnumpy(), size)
