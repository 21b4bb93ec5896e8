"""Where a data set lies and how its videos are found: what every reader of annotations is given."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from videoseq.data.formats.label_cells import composed
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.data.local_files import Listing, check_local_file, list_folder
from videoseq.data.plain_files import find_plain_files
from videoseq.data.resolving import Resolver
from videoseq.errors import DataError
from videoseq.types import FrameFolder, Split, TaskSpec, VideoRecord

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A data set to be read.

    Attributes:
        root: The folder that paths start from and that videos must lie in, absolute.
        annotations: The file or folder of the annotations, where one is named.
        index: Which of the official splits, from 1.
        class_names: A file that names the classes of integer labels, where one is named.
        allow_outside_root: Whether videos may lie outside the root, also through symbolic links.
        frame_folders: Which folders of images are videos, as the user says.
        frames: How frames lie in the folders that are videos; None: videos are files.
        resolver: Follows links, for all that reads this data set.
        task: What its labels are.
    """

    root: Path
    annotations: Path | None = None
    index: int = 1
    class_names: Path | None = None
    allow_outside_root: bool = False
    frame_folders: FrameFolderOptions = field(default_factory=FrameFolderOptions)
    frames: FrameFolder | None = None
    resolver: Resolver = field(default_factory=Resolver)
    task: TaskSpec = field(default_factory=TaskSpec)

    def with_usual_frames(self, usual: FrameFolder) -> Self:
        """Returns the same data set for a format that comes as folders of frames.

        Args:
            usual: How frames lie in the folders where the user does not say it.
        """
        return replace(self, frames=self.frame_folders.resolved(usual))

    def listing(self, folder: Path) -> Listing:
        """Returns what is visible in a folder: its folders, its videos, and how many other files.

        Raises:
            DataError: It cannot be listed, or a folder in it holds both frames and folders.
        """
        return list_folder(folder, self.frames)

    def record(
        self,
        path: str,
        label: str,
        row: str,
        *,
        split: Split | None = None,
        group: str | None = None,
        is_official: bool = False,
        where: str = "",
    ) -> VideoRecord:
        """Returns the record of a video that is checked to be there and safe to open.

        Args:
            path: The video as written, relative to the root or absolute.
            label: The class name.
            row: Where it is named.
            split: The split that it is given.
            group: The source that it shares with others.
            is_official: Whether the authors of the data set give it the split.
            where: What messages call the place, where that is more than `row`.

        Raises:
            DataError: There is no such video, or it may not be opened.
        """
        checked = check_local_file(
            path,
            self.root,
            where or row,
            allow_outside_root=self.allow_outside_root,
            resolver=self.resolver,
            frames=self.frames,
        )
        frames = self.frames if self.frames is not None and checked.is_dir() else None
        return VideoRecord(checked, composed(label), split, group, row=row, frames=frames, is_official=is_official)

    def located(self, paths: Sequence[str]) -> list[str | None]:
        """Returns where videos are, absolute; None where `record` refuses one.

        Args:
            paths: The videos as written, relative to the root or absolute.
        """
        # The name of a file may mean the folder of its frames: then each must be looked at.
        plain = {} if self.frames else find_plain_files(paths, self.root, self.resolver, lambda path: bool(self._located(path)))
        return [plain.get(path) or self._located(path) for path in paths]

    def _located(self, path: str) -> str | None:
        try:
            return str(self.record(path, "", "").path)
        except DataError:
            return None

    def folder_with(self, name: str, folders: Sequence[str], layout: str) -> str:
        """Returns the first of some folders below the root that holds a file or folder; an empty one is the root itself.

        Args:
            name: The file or folder.
            folders: The folders, relative to the root.
            layout: The layout that the format expects, for the message.

        Raises:
            DataError: None of them does.
        """
        for folder in folders:
            if (self.root / folder / name).exists():
                return folder
        looked = " or ".join(repr(str(self.root / folder)) for folder in folders)
        found = self.listing(self.root)
        names = [*found.folders, *found.videos]
        got = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
        raise DataError(
            f"there is no {name!r} in {looked}, expected {layout}; the root holds "
            f"{got or f'no folders and no videos, {found.num_others} other files'}. "
            "Fix: give the folder of the videos as data.root"
        )

    def tell_left_out(self, folders: Iterable[Path], records: Iterable[VideoRecord]) -> None:
        """Says in the log how many videos of some folders the chosen split does not use.

        Args:
            folders: The folders, relative to the root; one that is not there holds none.
            records: What is used.
        """
        used = {record.path for record in records}
        paths = [self.root / folder for folder in folders if (self.root / folder).is_dir()]
        count = sum(path / name not in used for path in paths for name in self.listing(path).videos)
        if count:
            _log.info("%d videos are not used by data.split.index=%d and are left out", count, self.index)

    def annotation_file(self, expected: str) -> Path | None:
        """Returns the file of the annotations, where one is named.

        Args:
            expected: What it must be, for the message.

        Raises:
            DataError: What is named is no regular file.
        """
        if self.annotations is not None and not self.annotations.is_file():
            raise self._wrong_annotations(expected)
        return self.annotations

    def annotation_folders(self, below: Sequence[str]) -> list[Path]:
        """Returns the folders in which the files of the annotations may lie: the one named, else some below the root.

        Args:
            below: The usual folders, relative to the root; an empty one is the root itself.

        Raises:
            DataError: What is named is no folder.
        """
        if self.annotations is None:
            return [self.root / folder for folder in below]
        if not self.annotations.is_dir():
            raise self._wrong_annotations("the folder of the lists")
        return [self.annotations]

    def _wrong_annotations(self, expected: str) -> DataError:
        path = self.annotations or Path()
        kinds = {"is a folder": path.is_dir(), "is a file": path.is_file(), "is no regular file": path.exists()}
        got = next((kind for kind, is_kind in kinds.items() if is_kind), "does not exist")
        return DataError(
            f"data.annotations={str(path)!r} {got}, expected {expected}. Fix: correct data.annotations or data.format"
        )
