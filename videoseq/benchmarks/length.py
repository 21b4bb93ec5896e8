"""How memory and time of training and evaluation grow with the length of a video."""

import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from videoseq.benchmarks.looped_video import FPS, pattern_segments, repeat_video, write_pattern
from videoseq.benchmarks.memory import watch_memory
from videoseq.benchmarks.training_runs import run_training

REPEATS = (1, 10, 60)
"""How often the shortest video is repeated, for each length."""

_WORDS = (
    "task.name=frames",
    "clip.sampling=all",
    "clip.height=64",
    "clip.width=64",
    "training.tbptt_frames=64",
    "training.max_epochs=1",
    "training.calibrate=false",
    "model/encoder=simple",
    "data.batch_size=1",
    "trainer=cpu",
    "test=false",
)


def measure_lengths(
    words: Sequence[str], longest_seconds: float, videos: Path, repeats: Sequence[int] = REPEATS
) -> dict[str, Any]:
    """Trains on one video and evaluates another, for each length, as processes of their own.

    The videos are 320x240 at 25 frames per second. A training is one epoch in chunks with carried state, an evaluation reads
    every frame; both times hold the start of the program. Memory is that of the process and its workers, pages that they share
    counted once for each.

    Args:
        words: Further options of the trainings.
        longest_seconds: The longest length.
        videos: Where the videos are, or are written.
        repeats: How often the shortest video is repeated, for each length, ascending.

    Returns:
        `lengths`: for each the `seconds` of the video, and of `train` and `evaluate` the seconds, how many times shorter than
        the video that is, the seconds of all cores together, and the peak of the memory, also in each tenth of the time.
        `memory_longest_to_shortest` of both.

    Raises:
        VideoseqError: A training or an evaluation fails.
    """
    short = longest_seconds / repeats[-1]
    videos.mkdir(parents=True, exist_ok=True)
    for name, times in [("val", 1), *((name, times) for times in repeats for name in ("train", "test"))]:
        _write_once(videos, name, times, short)
    with tempfile.TemporaryDirectory(prefix="videoseq-benchmark-") as folder:
        lengths = [_measure(words, times, short, videos, Path(folder)) for times in repeats]
    ratios = {name: lengths[-1][name]["peak_mb"] / lengths[0][name]["peak_mb"] for name in ("train", "evaluate")}
    return {"lengths": lengths, "memory_longest_to_shortest": ratios}


def _measure(words: Sequence[str], times: int, short: float, videos: Path, folder: Path) -> dict[str, Any]:
    """Returns the figures of one length."""
    seconds = times * short
    given = [
        *_WORDS,
        f"data.root={videos}",
        f"data.annotations={_write_labels(videos, times, short)}",
        f"paths.cache={folder}/cache",
        *words,
    ]
    train = _figures(given, folder / f"train_{times}", "videoseq.train", seconds)
    (checkpoint,) = (folder / f"train_{times}").glob("outputs/*/*/checkpoints/last.ckpt")
    told = [f"checkpoint={checkpoint}", "on=test", f"output={folder}/evaluation_{times}", f"paths.cache={folder}/cache"]
    evaluate = _figures([*told, "trainer=cpu"], folder / f"evaluate_{times}", "videoseq.evaluate", seconds)
    return {"seconds": seconds, "train": train, "evaluate": evaluate}


def _figures(words: Sequence[str], folder: Path, module: str, seconds: float) -> dict[str, Any]:
    """Runs a command on a video of some length and returns what was seen of it."""
    memory: list[int] = []
    before = _cpu_seconds()
    run = run_training(words, folder, module, watch=lambda pid: watch_memory(pid, memory.append))
    tenths = [max(part.tolist(), default=0) for part in np.array_split(np.array(memory), 10)]
    return {
        "wall_seconds": round(run.seconds, 2),
        "times_real_time": round(seconds / run.seconds, 1),
        "cpu_seconds": round(_cpu_seconds() - before, 2),
        "peak_mb": round(max(memory) / 2**20, 1),
        "peak_mb_by_tenth": [round(peak / 2**20, 1) for peak in tenths],
    }


def _cpu_seconds() -> float:
    """Returns the seconds of all cores that the processes which this one has started and seen end have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write_once(videos: Path, name: str, times: int, seconds: float) -> None:
    path, pattern = _path(videos, name, times, seconds), _path(videos, name, 1, seconds)
    if path.exists():
        return
    partial = path.with_name(f"partial_{path.name}")
    if times == 1:
        write_pattern(partial, seconds, seed=("train", "val", "test").index(name))
    else:
        repeat_video(pattern, partial, times)
    partial.rename(path)


def _path(videos: Path, name: str, times: int, seconds: float) -> Path:
    return videos / f"{name}_{times}x{round(seconds * FPS)}.mp4"


def _write_labels(videos: Path, times: int, seconds: float) -> Path:
    """Writes the segments of the videos of one length; returns the path."""
    lines = ["path,start_seconds,end_seconds,label,split"]
    step = round(seconds * FPS) / FPS
    for name, count in (("train", times), ("val", 1), ("test", times)):
        for turn in range(count):
            for start, end, label in pattern_segments(seconds):
                begin, stop = turn * step + start, turn * step + end
                lines.append(f"{_path(videos, name, count, seconds).name},{begin:.3f},{stop:.3f},{label},{name}")
    path = videos / f"segments_{times}x{round(seconds * FPS)}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
