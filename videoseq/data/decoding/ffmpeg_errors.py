"""Hearing of the errors that readers hide: their FFmpegs conceal damaged frames, say so in the log, and return them."""

import ctypes
from functools import cache
from pathlib import Path
from types import ModuleType

_AV_LOG_ERROR = 16
_LogCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class ErrorCount:
    """How many errors a reader's FFmpeg has logged in this process.

    Attributes:
        value: The count; compare it before and after a read.
    """

    def __init__(self, library: ctypes.CDLL | None) -> None:
        self.value = 0
        # FFmpeg keeps a bare pointer to the callback: it has to live as long as the library.
        self._callback = _LogCallback(self._heard)
        if library is not None:
            library.av_log_set_callback(self._callback)

    def _heard(self, _source: object, level: int, _text: bytes, _arguments: object) -> None:
        self.value += level <= _AV_LOG_ERROR


@cache
def count_decord_errors(decord: ModuleType) -> ErrorCount:
    """Returns the count of this process, listening from the first call on.

    Where decord's FFmpeg is not bundled as a library of its own, nothing is heard and the count stays 0.

    Args:
        decord: The imported module.
    """
    folder = Path(str(decord.__file__)).parent.parent / "decord.libs"
    found = next(iter(sorted(folder.glob("libavutil-*"))), None)
    return ErrorCount(None if found is None else ctypes.CDLL(str(found)))


@cache
def count_torchcodec_errors(torchcodec: ModuleType) -> ErrorCount:
    """Returns the count of this process, listening from the first call on.

    Where the system's FFmpeg is not found under its name on Linux, nothing is heard and the count stays 0.

    Args:
        torchcodec: The imported module.
    """
    try:
        # FFmpeg 4 comes with libavutil 56, 5 with 57, and so on.
        return ErrorCount(ctypes.CDLL(f"libavutil.so.{torchcodec.ffmpeg_major_version + 52}"))
    except OSError:
        return ErrorCount(None)
