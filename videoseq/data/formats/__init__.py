"""The formats of annotations: each reads a data set as people have it into labelled videos."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from videoseq.data.formats.annotation_csv import read_annotation_csv
from videoseq.data.formats.class_folders import read_class_folders
from videoseq.data.formats.hmdb51 import read_hmdb51
from videoseq.data.formats.jester import read_jester
from videoseq.data.formats.kinetics import read_kinetics
from videoseq.data.formats.path_list import read_path_list
from videoseq.data.formats.something import read_something
from videoseq.data.formats.source import Source
from videoseq.data.formats.ucf101 import read_ucf101
from videoseq.types import VideoRecord


@dataclass(frozen=True)
class Format:
    """One way to annotate videos.

    Attributes:
        read: Reads a data set.
        num_splits: How many official splits it has, of which `data.split.index` chooses one; 0 where it has none.
        signs: Files and folders below the root that tell that a data set is of this format.
        takes_annotations: Whether `data.annotations` may name a file or folder of it.
    """

    read: Callable[[Source], Sequence[VideoRecord]]
    num_splits: int = 0
    signs: tuple[str, ...] = ()
    takes_annotations: bool = True


FORMATS: dict[str, Format] = {
    "folders": Format(read_class_folders, takes_annotations=False),
    "csv": Format(read_annotation_csv),
    "ucf101": Format(read_ucf101, 3, ("ucfTrainTestlist", "trainlist01.txt")),
    "hmdb51": Format(read_hmdb51, 3, ("testTrainMulti_7030_splits",)),
    "kinetics": Format(
        read_kinetics,
        signs=("train.csv", "val.csv", "validate.csv", "annotations/train.csv", "annotations/train.txt"),
    ),
    "something": Format(
        read_something,
        signs=tuple(
            folder + name
            for folder in ("", "labels/")
            for name in ("something-something-v1-train.csv", "something-something-v2-train.json", "train.json")
        ),
    ),
    "jester": Format(read_jester, signs=("jester-v1-train.csv", "labels/jester-v1-train.csv", "labels/train.csv")),
    "list": Format(read_path_list, signs=("train.txt", "val.txt", "test.txt")),
}
"""Name of each format -> how it is read."""
