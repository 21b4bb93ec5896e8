"""A batch of clips, and how samples become one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from videoseq.types import IGNORED


class ClipSample(NamedTuple):
    """One item of a data set: the crops of one clip, or why it could not be read.

    Attributes:
        frames: (V, T, C, H, W) uint8 RGB, the V crops of the clip; None where the video could not be read.
        target: What the clip is to be recognised as: () int64 class id, () float32 value, (K,) float32 of 0 and 1, which
            classes occur; or one for each frame, (T,) int64 class ids, `IGNORED` where there is none, or (T,) float32 values,
            NaN where there is none. Of a video that could not be read it says nothing.
        video: Position of the video in the data set's table.
        error: Why the video could not be read.
        seed: Decides what is drawn for the clip when its batch is mixed.
        decode_seconds: How long reading the frames took.
        transform_seconds: How long making crops of them took.
    """

    frames: Tensor | None
    target: Tensor
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
        targets: What each clip is to be recognised as: (B,) int64 class ids, (B,) float32 values, (B, K) float32 of 0 and 1, or
            for each frame (B, T) int64 class ids or float32 values, padded with `IGNORED` or NaN; where clips are mixed,
            those of each clip's own labels, for metrics.
        videos: Position of each clip's video in the data set's table; crops and clips of a video share it.
        failures: (position in the table, why) of the videos that could not be read; they are not in the batch.
        soft_targets: (B, K) float32, the share of every class in each clip, for the loss; None where no clips are mixed.
        decode_seconds: Sum over the samples.
        transform_seconds: Likewise.
        features: None: the encoder is still to see the clips.
        lanes: (B,) int64 on the CPU, the lane of whose state each row goes on; None where clips stand alone.
        resets: (B,) bool on the CPU, True where a row begins a video; None likewise.
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
    lanes: Tensor | None = None
    resets: Tensor | None = None

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
    targets = stack_targets([target for _, target, _ in rows], longest)
    return ClipBatch(video, lengths, targets, tuple(position for _, _, position in rows), failures, None, *seconds)


def stack_targets(targets: Sequence[Tensor], longest: int) -> Tensor:
    """Returns the targets of some clips as a batch; those of frames are padded with `IGNORED` or NaN.

    Args:
        targets: Those of each clip, at least one.
        longest: T, frames to which clips are padded.

    Returns:
        (B,) or (B, K); (B, T) where clips have a target for each frame and differ in length.
    """
    if all(target.shape == targets[0].shape for target in targets):
        return torch.stack([*targets])
    padding = torch.nan if targets[0].is_floating_point() else IGNORED
    padded = targets[0].new_full((len(targets), longest), padding)
    for row, target in enumerate(targets):
        padded[row, : len(target)] = target
    return padded


Collate = Callable[[Sequence[ClipSample]], ClipBatch]
"""Makes a batch of samples."""
