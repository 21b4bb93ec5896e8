"""Writes a copy of a data set that decodes fast: `python -m videoseq.prepare data.root=DIR output=DIR2`."""

import logging
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any

from videoseq.config import PrepareConfig, main
from videoseq.errors import Interrupted, VideoseqError

logger = logging.getLogger("videoseq.prepare")  # as a command, __name__ is __main__

USAGE = """Writes a copy of a data set that decodes fast: small frames in H.264 files of short closed groups, at the same times.

  python -m videoseq.prepare data.root=DIR output=DIR2
  python -m videoseq.prepare data.root=DIR data.format=ucf101 output=DIR2 short_side=256 quality=80
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
    from videoseq.data.preparing.data_set import prepare_data_set
    from videoseq.data.preparing.settings import Settings
    from videoseq.reporting.progress import progress_bar
    from videoseq.reporting.run_files import BadVideoFile
    from videoseq.running.locking import LOCK_NAME, locked

    started = time.perf_counter()
    output = Path(cfg.output).expanduser().absolute()
    settings = Settings(cfg.short_side, cfg.quality, cfg.gop, cfg.min_psnr)
    try:
        with locked(output):
            prepared = prepare_data_set(cfg.data, output, settings, Path(cfg.paths.cache).expanduser(), progress_bar)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what was copied is kept, and the same command goes on") from None
    except VideoseqError:
        if [path.name for path in output.iterdir()] == [LOCK_NAME]:  # nothing was written
            shutil.rmtree(output)
        raise
    listed = BadVideoFile(output / "bad_videos.csv", new=True)
    for bad in prepared.bad:
        listed.add(bad.record.path, bad.record.row, "", bad.reason)
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
    logger.info("train on the copy with the options of before and %s", " ".join(prepared.copy.words()))
    return figures


if __name__ == "__main__":
    main(PrepareConfig, "prepare", prepare, USAGE)
