"""Which videos a run was trained and measured on, so that an evaluation later means the same ones; and what they share."""

import logging
from collections.abc import Hashable, Mapping, Sequence

from videoseq.data.manifest import Manifest
from videoseq.data.stratify import connected_units
from videoseq.data.videos import Video
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
    count = count_seen(videos, identities)
    if count:
        logger.warning(
            "%d of the %d videos were trained on or chosen by: the figures are better than on new videos", count, len(videos)
        )


def count_seen(videos: Sequence[Video], identities: Mapping[str, Sequence[str]]) -> int:
    """Returns how many videos were trained on or chosen by in a run whose `split_identities` are given."""
    seen = {identity for split in ("train", "val") for identity in identities.get(split, ())}
    return sum(video.identity in seen for video in videos)


def check_sides(parts: Mapping[Split, Sequence[Video]]) -> None:
    """Checks that no file, no content and no group stands in two splits, however they were made.

    Args:
        parts: The videos of every split.

    Raises:
        DataError: Something does; the message names it and the two videos.
    """
    first: dict[Hashable, tuple[Split, Video]] = {}
    for split, videos in parts.items():
        for video in videos:
            for word, key in _shared(video).items():
                other_split, other = first.setdefault((word, key), (split, video))
                if other_split != split:
                    name = f" {key!r}" if word == "group" else ""
                    raise DataError(
                        f"a leak: the same {word}{name} is on two sides, {other.record.row or other.record.path} in "
                        f"{other_split} and {video.record.row or video.record.path} in {split}, so the result would be too "
                        "good. Fix: delete one of the two videos, or give both the same group"
                    )


def number_units(videos: Sequence[Video]) -> list[int]:
    """Returns for each video the number of its unit: videos of one unit share a file, their content or a group."""
    units = connected_units([_shared(video).items() for video in videos])
    number = {position: unit for unit, positions in enumerate(units) for position in positions}
    return [number[position] for position in range(len(videos))]


def _shared(video: Video) -> dict[str, Hashable]:
    """Returns what a video may share with others, by the word for it."""
    keys: dict[str, Hashable] = {"file": video.record.path.resolve()}
    if video.info.content_hash:
        keys["content"] = video.info.content_hash
    if video.record.group is not None:
        keys["group"] = video.record.group
    return keys
