"""Runs a function in two processes that train together, for real, on the CPU."""

import multiprocessing
import os
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed

_PROCESSES = multiprocessing.get_context("forkserver")
# Imported once, by the server from which every process is forked.
_PROCESSES.set_forkserver_preload(["pytorch_lightning", "torchmetrics", "torchvision", "tests.training.runs"])


def run_pair(function: Callable[..., Any], folder: Path, *arguments: Any, timeout: float = 120.0) -> list[Any]:
    """Calls a function of a module in two processes of one group and returns what it returns in each.

    Args:
        function: Called with (rank, *arguments).
        folder: Where results are handed over; new for every call.
        arguments: What can be pickled.
        timeout: Seconds after which both are killed: a hang fails.
    """
    folder.mkdir(parents=True)
    pair = [_PROCESSES.Process(target=_work, args=(function, folder, rank, arguments)) for rank in range(2)]
    for process in pair:
        process.start()
    end = time.monotonic() + timeout
    try:
        while any(process.exitcode is None for process in pair) and time.monotonic() < end:
            if any(process.exitcode for process in pair):
                end = min(end, time.monotonic() + 10)  # the other one must notice
            time.sleep(0.02)
        codes = [process.exitcode for process in pair]
    finally:
        for process in pair:
            process.kill()
            process.join()
    told = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt")))
    assert codes == [0, 0], f"exit codes {codes}, None is a hang\n{told}"
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(2)]


def _work(function: Callable[..., Any], folder: Path, rank: int, arguments: tuple[Any, ...]) -> None:
    os.environ["LOCAL_RANK"] = str(rank)
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
            distributed.init_process_group("gloo", init_method=f"file://{folder}/group", rank=rank, world_size=2)
            result = function(rank, *arguments)
            distributed.destroy_process_group()
        torch.save(result, folder / f"{rank}.pt")
    except BaseException:
        (folder / f"{rank}.txt").write_text(f"process {rank}\n{traceback.format_exc()}", encoding="utf-8")
        raise SystemExit(1) from None
