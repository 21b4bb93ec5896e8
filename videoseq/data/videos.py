"""A labelled video of a scanned data set."""

import hashlib
from dataclasses import dataclass

from videoseq.types import VideoInfo, VideoRecord


@dataclass(frozen=True)
class Video:
    """A labelled video that the scan found usable.

    Attributes:
        record: What the annotations say.
        info: What the scan says.
        target: Class id; -1 where the class is not known.
    """

    record: VideoRecord
    info: VideoInfo
    target: int = -1

    @property
    def identity(self) -> str:
        """What makes it the same video in another run, whatever its name: a hash of its content and labelled part."""
        part = f"{self.info.content_hash} {self.record.start_seconds} {self.record.end_seconds}"
        return hashlib.sha256(part.encode()).hexdigest()[:16]
