"""Which videos a run was trained and measured on, so that an evaluation later means the same ones; and what they share."""

import base64
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from videoseq.data.columns import Words
from videoseq.data.manifest import Manifest
from videoseq.data.stratify import Codes, connected_units
from videoseq.data.units import shared_keys
from videoseq.data.videos import Identities, Videos, join_videos
from videoseq.errors import CheckpointError, DataError
from videoseq.types import Split

logger = logging.getLogger(__name__)


def split_identities(manifest: Manifest) -> dict[str, str]:
    """Returns the identities of every split's videos as `pack` writes them, for a checkpoint."""
    return {split: pack(videos.identities) for split, videos in manifest.videos.items()}


def pack(identities: Identities) -> str:
    """Returns identities as one text of 11 characters each, for a checkpoint of a million is written often."""
    return base64.b64encode(identities.astype(">u8").tobytes()).decode("ascii")


def unpack(text: str) -> Identities:
    """Returns the identities that `pack` wrote, (N,) uint64.

    Raises:
        CheckpointError: It did not.
    """
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), ">u8").astype(np.uint64)
    except (TypeError, ValueError):
        raise CheckpointError(
            f"the checkpoint names the videos that it was trained on as {str(text)[:40]!r}, expected the text that this "
            "version of videoseq writes. Fix: install the version that wrote it, or train again"
        ) from None


def identity_words(identities: Identities) -> list[str]:
    """Returns `Video.identity` of each video, ascending, as JSON has them."""
    return [f"{identity:016x}" for identity in np.sort(identities).tolist()]


def restore_split(manifest: Manifest, identities: Mapping[str, str], split: Split) -> Videos:
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
    known = _unpacked(identities, [*identities])
    wanted = np.unique(_unpacked(identities, [split]))
    everything = join_videos([*manifest.videos.values()])
    found = everything.take(np.flatnonzero(np.isin(everything.identities, wanted)))
    new = int((~np.isin(everything.identities, known)).sum())
    gone = len(wanted) - len(np.unique(found.identities))
    if new or gone:
        logger.warning(
            "the data has changed since the training: %d videos are new and left out, %d of %d %s videos are gone or changed",
            new,
            gone,
            len(wanted),
            split,
        )
    if len(wanted) and not found:
        raise DataError(
            f"none of the {len(wanted)} {split} videos of the training is there any more: name the data with data.root=DIR"
        )
    return found


def warn_of_seen(videos: Videos, identities: Mapping[str, str]) -> None:
    """Warns where videos that are to be measured on were trained on or chosen by."""
    count = count_seen(videos, identities)
    if count:
        logger.warning(
            "%d of the %d videos were trained on or chosen by: the figures are better than on new videos", count, len(videos)
        )


def count_seen(videos: Videos, identities: Mapping[str, str]) -> int:
    """Returns how many videos were trained on or chosen by in a run whose `split_identities` are given."""
    return int(np.isin(videos.identities, _unpacked(identities, ["train", "val"])).sum())


def _unpacked(identities: Mapping[str, str], splits: Sequence[str]) -> Identities:
    return np.concatenate([np.zeros(0, np.uint64), *(unpack(identities.get(split, "")) for split in splits)])


def check_sides(parts: Mapping[Split, Videos]) -> None:
    """Checks that no file, no content and no group stands in two splits, however they were made.

    Args:
        parts: The videos of every split.

    Raises:
        DataError: Something does; the message names it and the two videos.
    """
    videos = join_videos([*parts.values()])
    splits = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
    names = [*parts]
    leaks: list[tuple[int, int, str]] = []
    for word, codes in _shared(videos).items():
        having = np.flatnonzero(codes >= 0)
        _, first, of_key = np.unique(codes[having], return_index=True, return_inverse=True)
        firsts = having[first][of_key]
        leaking = np.flatnonzero(splits[firsts] != splits[having])
        leaks += [(int(having[place]), int(firsts[place]), word) for place in leaking[:1]]
    if leaks:
        place, before, word = min(leaks, key=lambda leak: leak[0])
        one, other = (f"{videos[at].record.row or videos[at].record.path} in {names[splits[at]]}" for at in (before, place))
        name = f" {videos[before].record.group!r}" if word == "group" else ""
        raise DataError(
            f"a leak: the same {word}{name} is on two sides, {one} and {other}, so the result would be too "
            "good. Fix: delete one of the two videos, or give both the same group"
        )


def number_units(videos: Videos) -> list[int]:
    """Returns for each video the number of its unit: videos of one unit share a file, their content or a group."""
    numbers: list[int] = connected_units([*_shared(videos).values()], len(videos)).tolist()
    return numbers


def _shared(videos: Videos) -> dict[str, Codes]:
    """Returns what videos may share with others, by the word for it; a link shares the file with what it leads to."""
    paths = videos.records.paths
    files = Words.coded([str(Path(path).resolve()) for path in paths.names.to_list()], paths.codes)
    return {**shared_keys(videos.records, videos.contents, use_groups=True), "file": files.codes}
