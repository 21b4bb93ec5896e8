"""The process that scans files for `scan_videos`; it may hang or crash on one, and is then killed.

A request is `{"path": …, "limits": {…}, "frames": null or {…}}`, the answer the row of the scan result, whose `error` says why
a video cannot be used.
"""

from pathlib import Path
from typing import Any

from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.scan_rows import to_row
from videoseq.data.worker_pool import serve
from videoseq.errors import DecodeError
from videoseq.types import FrameFolder, Limits, VideoInfo


def scan(request: dict[str, Any]) -> dict[str, Any]:
    """Returns the row of the scan result of one file or folder of frames."""
    path, limits = Path(request["path"]), Limits(**request["limits"])
    try:
        if request["frames"] is None:
            return to_row(scan_video(path, limits))
        return to_row(scan_frame_folder(path, FrameFolder(**request["frames"]), limits))
    except DecodeError as error:
        return to_row(VideoInfo(path, error=error.cause))


if __name__ == "__main__":
    serve(scan)
