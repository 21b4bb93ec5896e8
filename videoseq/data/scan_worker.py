"""The process that scans files for `scan_videos`; it may hang or crash on one, and is then killed.

It reads lines `{"path": …, "limits": {…}}` from its standard input, and answers each with one line: the row of the scan
result, whose `error` says why a file cannot be used. An empty object says that it has started.
"""

import json
import os
import sys
from pathlib import Path

from videoseq.data.decoding.demux import scan_video
from videoseq.data.scan_rows import to_row
from videoseq.errors import DecodeError
from videoseq.types import Limits, VideoInfo


def main() -> None:
    """Answers every line of standard input until it ends."""
    # Whatever a native library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        path = Path(task["path"])
        try:
            info = scan_video(path, Limits(**task["limits"]))
        except DecodeError as error:
            info = VideoInfo(path, error=error.cause)
        print(json.dumps(to_row(info)), file=answers, flush=True)


if __name__ == "__main__":
    main()
