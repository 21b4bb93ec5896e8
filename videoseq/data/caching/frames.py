"""Decoded frames on disk, from which training and validation take their clips instead of decoding them."""

import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videoseq.data.augment_options import Augmentation
from videoseq.data.caching.contents import shown_content
from videoseq.data.caching.store import ArrayStore
from videoseq.data.dataset import timeline
from videoseq.data.sampling import sample_clip
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
"""Another one makes all frames anew; to be raised whenever the same video gives other pixels."""

_BLOCK_BYTES = 32 << 20
"""The most that one array of frames takes: a long video is neither decoded nor checked as a whole."""


def shows_fixed_frames(clip: ClipSpec, augmentation: Augmentation) -> bool:
    """Says whether every epoch shows the same frames of a video, those that validation sees."""
    temporal = augmentation.temporal
    moves = temporal.speed > 1 or temporal.jitter > 0 or temporal.reverse_classes or temporal.reverse_pairs
    return clip.sampling == "uniform" and not moves


def describe_frames(clip: ClipSpec, pixels: str, *, fixed: bool) -> dict[str, Any]:
    """Returns what decides the pixels of a frame besides its video, and which frames are kept, as plain values.

    Args:
        clip: How clips are cut.
        pixels: How frames are decoded, as `Reading.pixels` tells.
        fixed: Whether the frames of one clip are kept, or all that any clip may ask for.
    """
    return {
        "kind": "frames",
        "frames_format": FORMAT_VERSION,
        "pixels": pixels,
        "clip": {name: getattr(clip, name) for name in ("height", "width", "crop_fraction", "target_fps")},
        "frames_of_a_clip": clip.num_frames if fixed else "any",
    }


class FrameCache:
    """The frames of videos at the size from which their crops are cut, uint8.

    Args:
        store: Where they are.
        clip: How clips are cut.
        fixed: Whether the frames of one clip are kept, those that `sample_clip` takes without drawing, or all that any clip
            may ask for.
    """

    def __init__(self, store: ArrayStore, clip: ClipSpec, *, fixed: bool) -> None:
        self.store = store
        self.clip = clip
        self.fixed = fixed
        self._is_told = False

    def blocks(self, video: Video, size: tuple[int, int]) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yields the arrays that are to be kept of a video: the name of each, and its source frames, (n,) ascending.

        Args:
            video: The video.
            size: Height and width of a frame, in pixels.

        Raises:
            DataError: The labelled part of the video holds no frame.
        """
        indices = self._kept(video)
        source, step = _source(video, size, indices), _block_frames(size)
        for block, start in enumerate(range(0, len(indices), step)):
            yield f"{source} {block}", indices[start : start + step]

    def read(self, video: Video, positions: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Returns frames of a video, copied; None where one of them is not kept or is damaged.

        Args:
            video: The video.
            positions: (T,) indices of source frames.
            size: Height and width of a frame, in pixels.

        Returns:
            (T, H, W, 3) uint8 RGB.
        """
        try:
            indices = self._kept(video)
            rows = np.minimum(np.searchsorted(indices, positions), len(indices) - 1)  # (T,)
            if not np.array_equal(indices[rows], positions):
                return None
            source = _source(video, size, indices)
            blocks, rows = np.divmod(rows, _block_frames(size))
            frames = np.empty((len(rows), *size, 3), np.uint8)
            for block in np.unique(blocks).tolist():
                frames[blocks == block] = self.store[f"{source} {block}"][rows[blocks == block]]
        except (KeyError, DataError):
            return None
        except OSError as error:
            if not self._is_told:
                logger.warning("kept frames cannot be read, videos are decoded instead: %s", error)
            self._is_told = True
            return None
        return frames

    def _kept(self, video: Video) -> NDArray[np.int64]:
        """Returns the source frames that are kept, (n,) ascending without repeats."""
        frames = timeline(video, self.clip)
        return np.unique(frames[sample_clip(len(frames), self.clip, rng=None)] if self.fixed else frames)


def _block_frames(size: tuple[int, int]) -> int:
    return max(1, _BLOCK_BYTES // (size[0] * size[1] * 3))


def _source(video: Video, size: tuple[int, int], indices: NDArray[np.int64]) -> str:
    """Returns what tells these frames of a video from all others, whatever the name of the file: a digest."""
    content = shown_content(video.info) + f"{size} ".encode() + indices.tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()
