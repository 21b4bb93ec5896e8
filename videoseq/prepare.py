"""Writes a copy of a data set that decodes fast: `python -m videoseq.prepare data.root=DIR output=DIR2`."""

import logging
import os
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from videoseq.config import PrepareConfig, main
from videoseq.errors import ConfigError, Interrupted

if TYPE_CHECKING:
    from videoseq.data.manifest import BadVideo

logger = logging.getLogger("videoseq.prepare")  # as a command, __name__ is __main__

USAGE = """Writes a copy of a data set that decodes fast: small frames in H.264 files of short closed groups, at the same times.

  python -m videoseq.prepare data.root=DIR output=DIR2
  python -m videoseq.prepare data.root=DIR data.format=ucf101 output=DIR2 short_side=256 quality=80
  python -m videoseq.prepare data.root=DIR task.name=frames output=DIR2
  python -m videoseq.train data.root=DIR2

Folders, names (their suffixes too) and annotations stay as they are, so that training on the copy needs another data.root and
nothing else. Every copy is checked: as many frames at the same times, and close enough to its source. A run that was stopped
goes on with the same command; prepared.jsonl lists what was copied, bad_videos.csv what was left out."""


def prepare(cfg: PrepareConfig) -> dict[str, Any]:
    """Copies a data set and returns the figures: videos, bad videos, bytes before and after, PSNR in dB, seconds.

    Raises:
        ConfigError: The output holds something else, or copies with other settings.
        DataError: The annotations are wrong, or too many videos are bad.
        Interrupted: It was stopped; the same command goes on.
    """
    from videoseq.data.preparing.data_set import data_sets, prepare_data_set
    from videoseq.data.preparing.settings import Settings
    from videoseq.reporting.progress import progress_bar

    started = time.perf_counter()
    source, copy = data_sets(cfg.data, Path(cfg.output).expanduser().absolute(), cfg.task.spec)
    settings = Settings(cfg.short_side, cfg.quality, cfg.gop, cfg.min_psnr)
    try:
        with locked_place(copy.root):
            prepared = prepare_data_set(source, copy, settings, Path(cfg.paths.cache).expanduser(), progress_bar, _list_bad)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what was copied is kept, and the same command goes on") from None
    entries = prepared.entries.values()
    figures: dict[str, Any] = {
        "num_videos": len(entries),
        "num_copied": prepared.num_copied,
        "num_bad_videos": len(prepared.bad),
        "bytes_before": sum(entry.source_bytes for entry in entries),
        "bytes_after": sum(entry.copy.bytes for entry in entries),
        "median_psnr": median(entry.copy.psnr for entry in entries),
        "lowest_psnr": min(entry.copy.psnr for entry in entries),
        "seconds": time.perf_counter() - started,
    }
    logger.info(
        "%(num_videos)d videos (%(num_copied)d copied now, %(num_bad_videos)d left out), %(before).1f MB -> %(after).1f MB, "
        "PSNR median %(median_psnr).1f dB, lowest %(lowest_psnr).1f dB, %(seconds).1f s",
        {**figures, "before": figures["bytes_before"] / 1e6, "after": figures["bytes_after"] / 1e6},
    )
    logger.info("train on the copy with the options of before and %s", shlex.join(copy.words()))
    return figures


@contextmanager
def locked_place(output: Path, patience_seconds: float = 10.0) -> Iterator[None]:
    """Keeps other commands out of a folder; after a failure before anything is written, nothing of it is left.

    Args:
        output: The folder, which is made where it is missing.
        patience_seconds: How long to wait for it.

    Raises:
        ConfigError: Another command is at work in the folder; nothing in it is touched.
    """
    from videoseq.running.locking import LOCK_NAME, locked

    made = [folder for folder in (output, *output.parents) if not folder.exists()]
    lock = output / LOCK_NAME
    with locked(output, patience_seconds) as descriptor:
        if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(descriptor)):
            raise ConfigError(f"another command has just given {str(output)!r} up. Fix: run this one again")
        try:
            yield
        except BaseException:
            if [*output.iterdir()] == [lock]:
                lock.unlink()
                for folder in made:
                    if not any(folder.iterdir()):
                        folder.rmdir()
            raise


def _list_bad(path: Path, videos: "Sequence[BadVideo]") -> None:
    from videoseq.reporting.run_files import BadVideoFile

    listed = BadVideoFile(path, new=True)
    for bad in videos:
        listed.add(bad.record.path, bad.record.row, "", bad.reason)


if __name__ == "__main__":
    main(PrepareConfig, "prepare", prepare, USAGE)
