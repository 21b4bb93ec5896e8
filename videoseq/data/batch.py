"""A batch of clips, and how samples become one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor


class ClipSample(NamedTuple):
    """One item of a data set: the crops of one clip, or why it could not be read.

    Attributes:
        frames: (V, T, C, H, W) uint8 RGB, the V crops of the clip; None where the video could not be read.
        target: Class id; -1 where there is none.
        video: Position of the video in the data set's table.
        error: Why the video could not be read.
        seed: Decides what is drawn for the clip when its batch is mixed.
        decode_seconds: How long reading the frames took.
        transform_seconds: How long making crops of them took.
    """

    frames: Tensor | None
    target: int
    video: int
    error: str = ""
    seed: int = 0
    decode_seconds: float = 0.0
    transform_seconds: float = 0.0


@dataclass(frozen=True)
class ClipBatch:
    """Clips padded to one length.

    Attributes:
        video: (B, T, C, H, W) uint8 RGB; frames behind a clip's length are zero.
        lengths: (B,) int64 on the CPU, valid frames of each clip.
        targets: (B,) int64 class ids; where clips are mixed, those of each clip's own class, for metrics.
        videos: Position of each clip's video in the data set's table; crops and clips of a video share it.
        failures: (position in the table, why) of the videos that could not be read; they are not in the batch.
        soft_targets: (B, K) float32, the share of every class in each clip, for the loss; None where no clips are mixed.
        decode_seconds: Sum over the samples.
        transform_seconds: Likewise.
        features: None: the encoder is still to see the clips.
    """

    video: Tensor
    lengths: Tensor
    targets: Tensor
    videos: tuple[int, ...]
    failures: tuple[tuple[int, str], ...] = ()
    soft_targets: Tensor | None = None
    decode_seconds: float = 0.0
    transform_seconds: float = 0.0
    features: None = None

    def __len__(self) -> int:
        return len(self.videos)

    def frames(self, row: int) -> Tensor:
        """Returns the valid frames of a clip, (T, C, H, W) uint8."""
        return self.video[row, : int(self.lengths[row])]

    def to(self, device: torch.device | str) -> "ClipBatch":
        """Returns the batch with its clips and targets on a device; the lengths stay where packing needs them."""
        return self._with_each(lambda tensor: on_device(tensor, torch.device(device)))

    def pin_memory(self) -> "ClipBatch":
        """Returns the batch in page-locked memory, from where a copy to a GPU need not wait."""
        return self._with_each(Tensor.pin_memory)

    def _with_each(self, change: Callable[[Tensor], Tensor]) -> "ClipBatch":
        """Returns the batch with everything changed that the device needs."""
        soft_targets = None if self.soft_targets is None else change(self.soft_targets)
        return replace(self, video=change(self.video), targets=change(self.targets), soft_targets=soft_targets)


def on_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Returns a tensor of a batch on a device; the host goes on while it is copied to a GPU, which takes it in its turn."""
    return tensor.to(device, non_blocking=device.type == "cuda")


def collate(samples: Sequence[ClipSample]) -> ClipBatch:
    """Pads clips of any lengths with invalid frames into one batch; every crop becomes a row."""
    rows = [(crop, sample.target, sample.video) for sample in samples if sample.frames is not None for crop in sample.frames]
    failures = tuple((sample.video, sample.error) for sample in samples if sample.frames is None)
    seconds = sum(sample.decode_seconds for sample in samples), sum(sample.transform_seconds for sample in samples)
    if not rows:
        nothing = torch.zeros(0, dtype=torch.int64)
        return ClipBatch(torch.zeros(0, 1, 3, 1, 1, dtype=torch.uint8), nothing, nothing, (), failures, None, *seconds)
    lengths = torch.tensor([len(clip) for clip, _, _ in rows])
    longest = int(lengths.max())
    video = rows[0][0].new_zeros(len(rows), longest, *rows[0][0].shape[1:])  # (B, T, C, H, W)
    for row, (clip, _, _) in enumerate(rows):
        video[row, : len(clip)] = clip
    targets = torch.tensor([target for _, target, _ in rows])
    return ClipBatch(video, lengths, targets, tuple(position for _, _, position in rows), failures, None, *seconds)


Collate = Callable[[Sequence[ClipSample]], ClipBatch]
"""Makes a batch of samples."""
