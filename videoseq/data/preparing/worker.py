"""The process that copies videos; it may hang or crash on one.

A request is `{"source": row of the scan result, "target": …, "settings": {…}, "limits": {…}}`. The answer is the copy's fields;
or `{"error": …}` where the video is bad; `{"refusal": …}` where the copy is; or `{"errno": …, "place": …}` where it cannot be
written.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from videoseq.data.preparing.copying import copy_video
from videoseq.data.preparing.settings import Settings
from videoseq.data.scan_rows import from_row
from videoseq.data.worker_pool import serve
from videoseq.errors import DataError, DecodeError
from videoseq.types import Limits


def copy(request: dict[str, Any]) -> dict[str, Any]:
    """Returns what became of one video."""
    target = Path(request["target"])
    try:
        settings, limits = Settings(**request["settings"]), Limits(**request["limits"])
        return asdict(copy_video(from_row(request["source"]), target, settings, limits))
    except DecodeError as error:
        return {"error": str(error)}
    except DataError as error:
        return {"refusal": str(error)}
    except OSError as error:
        return {"errno": error.errno, "place": str(error.filename or target)}


if __name__ == "__main__":
    serve(copy)
