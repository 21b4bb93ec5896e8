"""torchcodec: one decoder for a clip, one batched call for its frames."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torchcodec.decoders import VideoDecoder
from torchcodec.transforms import Resize

from videoseq.benchmarks.peers.resizing import resized


def read_at_size(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads frames that torchcodec scales itself."""
    decoder = VideoDecoder(
        str(path), dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode="approximate", transforms=[Resize(size)]
    )
    frames: NDArray[np.uint8] = decoder.get_frames_at(list(indices)).data.numpy()
    return frames


def read_and_resize(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads frames at the video's size and scales them afterwards."""
    decoder = VideoDecoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode="approximate")
    return resized(decoder.get_frames_at(list(indices)).data.numpy(), size)
