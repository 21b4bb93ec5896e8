"""The runs of a sweep: each is tried, how it ended is recorded, and the next one follows."""

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.errors import Interrupted, VideoseqError
from videoseq.reporting.progress import progress_bar
from videoseq.reporting.sweep_table import SweepTable, print_sweep
from videoseq.training.run_folder import LAST_CHECKPOINT, LOG_FILE
from videoseq.types import TaskSpec

logger = logging.getLogger(__name__)


def run_member(folder: Path, number: int, train: Callable[[Path], Mapping[str, Any]]) -> bool:
    """Runs one combination of a sweep in a folder of its own and records how it ended, be it a bug.

    Args:
        folder: The folder of the sweep, which holds its `sweep.csv`.
        number: Which run.
        train: Trains in the folder that it gets and returns the figures of `metrics.json`.

    Returns:
        Whether the sweep goes on; where an earlier run was interrupted, or this one was tried before, nothing is run.
    """
    table = SweepTable(folder)
    rows = table.rows()
    if any(row["status"] == "interrupted" for row in rows):
        return False
    if rows[number]["status"] != "not_run":
        return True
    own = folder / str(number)
    own.mkdir()
    table.update(number, {"status": "running", "folder": own})
    threads, started = torch.get_num_threads(), time.perf_counter()
    ended: dict[str, object]
    try:
        metrics = train(own)
        figures = {name: value for name, value in metrics["val"].items() if isinstance(value, float)}
        table.record_figures(number, figures)
        ended = {"status": "done", "epochs": metrics["epochs"]}
    except (Interrupted, KeyboardInterrupt):
        ended = {"status": "interrupted", "message": _how_to_continue(own)}
    except VideoseqError as error:
        ended = {"status": "failed", "message": str(error)}
    except (Exception, SystemExit) as error:  # a bug, ours or of a user's own part: the other runs may be spared by it
        ended = {"status": "failed", "message": f"{type(error).__name__}: {error}; the traceback stands in {own / LOG_FILE}"}
    finally:
        torch.set_num_threads(threads)  # an option of the run, of which the next one knows nothing
    table.update(number, {**ended, "seconds": f"{time.perf_counter() - started:.1f}"})
    if ended["status"] != "done":
        logger.warning("%s: %s", ended["status"], ended["message"])
    gc.collect()  # trainer and module refer to each other, and the next run needs their memory
    return ended["status"] != "interrupted"


def finish_sweep(folder: Path, monitor: str, *, stopped: bool = False) -> None:
    """Prints the table of a sweep, and tells what did not work.

    Args:
        folder: The folder of the sweep.
        monitor: The validation figure that counts.
        stopped: Whether it was stopped between two runs.

    Raises:
        Interrupted: It was stopped.
        VideoseqError: None of its runs is done.
    """
    table = SweepTable(folder)
    table.give_up("its process ended before the run did")
    rows = table.rows()
    print_sweep(rows, monitor)
    count = Counter(row["status"] for row in rows)
    failed = [row["message"] for row in rows if row["status"] == "failed"]
    if stopped or count["interrupted"]:
        states = ", ".join(f"{count[status]} {status.replace('_', ' ')}" for status in count)
        raise Interrupted(f"the sweep was stopped ({states}); {table.path} tells which, and how to continue a run")
    if not count["done"]:
        raise VideoseqError(f"none of {len(rows)} runs is done; the first: {failed[0]}")
    if failed:
        logger.warning("%d of %d runs failed; the first: %s", len(failed), len(rows), failed[0])
    logger.info("sweep: %s", table.path)


def prepare_data(data: Iterable[tuple[DataOptions, TaskSpec, Path]]) -> None:
    """Writes and scans the data of runs that will start at the same time, so that not each of them does.

    What is wrong with it is told by the runs.

    Args:
        data: The data of each run, what its labels are, and the folder where scans are kept.
    """
    prepared: list[tuple[DataOptions, TaskSpec, Path]] = []
    for options, task, cache in data:
        if (options, task, cache) not in prepared:
            prepared.append((options, task, cache))
            try:
                build_manifest(options, cache, progress_bar, task=task)
            except VideoseqError as error:
                logger.debug("%s", error)


def _how_to_continue(folder: Path) -> str:
    checkpoint = folder / LAST_CHECKPOINT
    if not checkpoint.exists():
        return "stopped before its first checkpoint"
    return f"stopped after saving; to continue this run alone, without -m: its options and resume={checkpoint}"
