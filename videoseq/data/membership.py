"""Which videos a run was trained and measured on, so that an evaluation later means the same ones."""

import logging
from collections.abc import Mapping, Sequence

from videoseq.data.dataset import Video
from videoseq.data.manifest import Manifest
from videoseq.errors import DataError
from videoseq.types import Split

logger = logging.getLogger(__name__)


def split_identities(manifest: Manifest) -> dict[str, list[str]]:
    """Returns the identities of every split's videos, plain values for a checkpoint."""
    return {split: [video.identity for video in videos] for split, videos in manifest.videos.items()}


def restore_split(manifest: Manifest, identities: Mapping[str, Sequence[str]], split: Split) -> tuple[Video, ...]:
    """Returns the videos that were in a split when the model was trained, wherever the folder as it is now puts them.

    Splits are dealt anew from what lies in a folder; one file more or less would carry training videos into the test split.
    Videos that are gone or new are counted in a warning.

    Args:
        manifest: The data as it is now.
        identities: What `split_identities` gave when the model was trained.
        split: The split.

    Raises:
        DataError: None of the split's videos is there any more.
    """
    known = {identity for those in identities.values() for identity in those}
    wanted = set(identities.get(split, ()))
    everything = [video for videos in manifest.videos.values() for video in videos]
    found = tuple(video for video in everything if video.identity in wanted)
    new = sum(video.identity not in known for video in everything)
    gone = len(wanted - {video.identity for video in found})
    if new or gone:
        logger.warning(
            "the data has changed since the training: %d videos are new and left out, %d of %d %s videos are gone or changed",
            new,
            gone,
            len(wanted),
            split,
        )
    if wanted and not found:
        raise DataError(
            f"none of the {len(wanted)} {split} videos of the training is there any more: name the data with data.root=DIR"
        )
    return found


def warn_of_seen(videos: Sequence[Video], identities: Mapping[str, Sequence[str]]) -> None:
    """Warns where videos that are to be measured on were trained on or chosen by."""
    seen = {identity for split in ("train", "val") for identity in identities.get(split, ())}
    count = sum(video.identity in seen for video in videos)
    if count:
        logger.warning(
            "%d of the %d videos were trained on or chosen by: the figures are better than on new videos", count, len(videos)
        )
