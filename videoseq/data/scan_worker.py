"""The process that scans files for `scan_videos`; it may hang or crash on one, and is then killed.

It reads lines `{"path": …, "limits": {…}, "frames": null or {…}}` from its standard input, and answers each with one line:
the row of the scan result, whose `error` says why a video cannot be used. An empty object says that it has started.
"""

import json
import os
import sys
from pathlib import Path

from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.frame_folder import scan_frame_folder
from videoseq.data.scan_rows import to_row
from videoseq.errors import DecodeError
from videoseq.types import FrameFolder, Limits, VideoInfo


def main() -> None:
    """Answers every line of standard input until it ends."""
    # Whatever a native library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        path, limits = Path(task["path"]), Limits(**task["limits"])
        try:
            if task["frames"] is None:
                info = scan_video(path, limits)
            else:
                info = scan_frame_folder(path, FrameFolder(**task["frames"]), limits)
        except DecodeError as error:
            info = VideoInfo(path, error=error.cause)
        print(json.dumps(to_row(info)), file=answers, flush=True)


if __name__ == "__main__":
    main()
