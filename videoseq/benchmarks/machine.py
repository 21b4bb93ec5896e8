"""On what a benchmark ran."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from videoseq.reporting.run_files import git_commit, versions

_PEERS = ("decord", "opencv-python-headless", "torchcodec", "hydra-core")


def circumstances() -> dict[str, Any]:
    """Returns the machine, the versions of ours and of what ours is compared with, and the commit."""
    return {"machine": machine(), "versions": versions() | _peer_versions(), "git_commit": git_commit()}


def machine() -> dict[str, Any]:
    """Returns the CPU's name, the cores that this process may use, memory, system, and the GPU where there is one."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "memory_gb": round(pages / 2**30, 1),
        "os": platform.platform(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _cpu_name() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _peer_versions() -> dict[str, str]:
    found = {}
    for name in _PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
