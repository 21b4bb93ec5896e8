"""A data set of bare decord calls for PyTorch's loader: nothing is checked, shuffled or augmented."""

from collections.abc import Sequence
from pathlib import Path

import decord
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from videoseq.data.dataset import clip_target, timeline
from videoseq.data.sampling import sample_clip
from videoseq.data.transforms import decode_size
from videoseq.data.videos import Video
from videoseq.errors import DataError
from videoseq.types import ClipSpec

Item = tuple[Path, NDArray[np.int64], tuple[int, int]]


class DecordClips(Dataset[tuple[Tensor, int]]):
    """The middle of clips that decord decodes at size.

    Args:
        items: Path, indices of the frames (T,), and the (height, width) to decode at, of each clip.
        crop: Height and width of the middle that is kept.
        targets: Class id of each clip.
    """

    def __init__(self, items: Sequence[Item], crop: tuple[int, int], targets: Sequence[int]) -> None:
        self.items = items
        self.crop = crop
        self.targets = targets

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        path, indices, (height, width) = self.items[position]
        reader = decord.VideoReader(str(path), ctx=decord.cpu(0), width=width, height=height, num_threads=1)
        clip = torch.from_numpy(reader.get_batch(indices).asnumpy()).permute(0, 3, 1, 2)  # (T, h, w, C) -> (T, C, h, w)
        top, left = (height - self.crop[0]) // 2, (width - self.crop[1]) // 2
        cropped = clip[:, :, top : top + self.crop[0], left : left + self.crop[1]]  # (T, C, H, W)
        return cropped, self.targets[position]


def decord_clips(videos: Sequence[Video], spec: ClipSpec) -> DecordClips:
    """Returns one clip of every video, of the frames that ours reads without augmentation.

    Raises:
        DataError: decord does not read a video exactly, or the labelled part of one holds no frame.
    """
    items: list[Item] = []
    targets: list[int] = []
    for video in videos:
        info = video.info
        if not info.decord_safe:
            raise DataError(
                f"decord does not read {str(info.path)!r} exactly, so a loop over its frames is no comparison. Fix: leave the "
                "video out, or take the copies that videoseq.prepare makes"
            )
        frames = timeline(video, spec)
        size = decode_size(info.height, info.width, spec)
        shown = frames[sample_clip(len(frames), spec, rng=None)]
        items.append((info.path, shown, size))
        targets.append(int(clip_target(video, shown)))
    return DecordClips(items, (spec.height, spec.width), targets)


def decord_loader(clips: DecordClips, batch_size: int, num_workers: int) -> DataLoader[tuple[Tensor, int]]:
    """Returns PyTorch's loader over such clips, in order."""
    return DataLoader(clips, batch_size, num_workers=num_workers, persistent_workers=num_workers > 0)
