"""Whole videos of any length that a feature cache holds, in pieces that are made and read one by one."""

from collections.abc import Iterator, Sequence

import numpy as np

from videoseq.data.augment_options import Augmentation
from videoseq.data.batch import ClipSample
from videoseq.data.caching.feature_keys import (
    augmentation_digest,
    content_names,
    piece_name,
    variant_name,
    variant_seed,
    view_name,
)
from videoseq.data.caching.shown import KeptClips
from videoseq.data.chunks import ChunkClips, shown_lengths

PIECE_FRAMES = 128
"""Frames of a piece: a piece is decoded from the keyframe before it, so that shorter ones cost more."""

PIECES_AT_ONCE = 4
"""Pieces that are decoded for one batch of the encoder, more where a piece has more variants."""


class VideoPieces(KeptClips):
    """All frames of every video, `PIECE_FRAMES` at a time, so that no process holds the frames or the features of a video.

    A variant is one draw for a video from its first frame to its last.

    Args:
        chunks: The videos, and how a seed varies them.
        augmentation: How they are varied; None: they are not, which is what validation sees.
        num_variants: Variants of each video, 1 where they are not varied.

    Attributes:
        chunks: The same.
        num_videos: N.
        lengths: Frames of every video that are shown, (N,) int64.

    Raises:
        DataError: The labelled part of a video holds no frame.
    """

    def __init__(self, chunks: ChunkClips, augmentation: Augmentation | None = None, num_variants: int = 1) -> None:
        self.chunks = chunks
        self.reading = chunks.reading
        self.num_variants = num_variants
        self.num_videos = len(chunks.videos)
        self.lengths = shown_lengths(chunks.videos, chunks.spec)
        counts = -(-self.lengths // PIECE_FRAMES)
        self._firsts = np.cumsum(counts) - counts
        self._owners = np.repeat(np.arange(self.num_videos), counts)
        self._contents = content_names(chunks.videos)
        self._digest = None if augmentation is None else augmentation_digest(augmentation, is_reversed=False)

    def __len__(self) -> int:
        return len(self._owners)

    def name(self, index: int, variant: int) -> str:
        """Returns the name of the features of a variant of a piece."""
        video, start, stop = self._place(index)
        content = self._contents[video]
        whole = view_name(content) if self._digest is None else variant_name(content, variant, self._digest)
        return piece_name(whole, start, stop)

    def num_frames(self, index: int, variant: int) -> int:
        """Returns the frames of a piece."""
        _, start, stop = self._place(index)
        return stop - start

    def samples(self, index: int, variants: Sequence[int]) -> list[ClipSample]:
        """Returns variants of a piece."""
        video, start, stop = self._place(index)
        return self.chunks.samples(video, start, stop, [self.seed(video, variant) for variant in variants])

    def seed(self, video: int, variant: int) -> int:
        """Returns the seed of a variant of a video."""
        return variant_seed(self.chunks.videos[video], variant)

    def parts(self, video: int, start: int, stop: int) -> Iterator[tuple[int, slice]]:
        """Yields the pieces that hold some frames of a video, and which of theirs these are.

        Args:
            video: Position of the video.
            start: First of the frames, counted in those that are shown.
            stop: The frame behind the last of them.
        """
        for number in range(start // PIECE_FRAMES, -(-stop // PIECE_FRAMES)):
            before = number * PIECE_FRAMES
            yield int(self._firsts[video]) + number, slice(max(start - before, 0), min(stop - before, PIECE_FRAMES))

    def _place(self, index: int) -> tuple[int, int, int]:
        """Returns the video of a piece, its first frame and the frame behind its last one."""
        video = int(self._owners[index])
        start = (index - int(self._firsts[video])) * PIECE_FRAMES
        return video, start, min(start + PIECE_FRAMES, int(self.lengths[video]))
