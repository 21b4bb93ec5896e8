"""Measures the program itself: `python -m videoseq.benchmark what=loader|memory`."""

import platform
from pathlib import Path
from typing import Any

from videoseq.config import BenchmarkConfig, main

USAGE = """Measures the program itself and writes the figures as JSON.

  python -m videoseq.benchmark what=loader input=DIR output=experiments/loader_speed/metrics.json
  python -m videoseq.benchmark what=memory \\
      \"overrides=['+experiment=moving_shapes','training.max_epochs=20']\""""


def benchmark(cfg: BenchmarkConfig) -> dict[str, Any]:
    """Measures what was asked for, and prints, writes and returns the figures.

    Raises:
        VideoseqError: There are no videos to measure with, or the measured training fails.
    """
    from rich import print_json

    from videoseq.benchmarks.loader import measure_loader
    from videoseq.benchmarks.memory import measure_memory
    from videoseq.reporting.files import write_json
    from videoseq.reporting.run_files import git_commit, versions
    from videoseq.serving.inputs import find_videos

    if cfg.what == "loader":
        assert cfg.input is not None  # BenchmarkConfig has seen to it
        figures = measure_loader(find_videos(cfg.input), cfg.clip, cfg.repeats)
    else:
        figures = measure_memory(cfg.overrides)
    figures |= {"machine": platform.processor() or platform.machine(), "versions": versions(), "git_commit": git_commit()}
    print_json(data=figures)
    if cfg.output is not None:
        write_json(Path(cfg.output).expanduser(), figures)
    return figures


if __name__ == "__main__":
    main(BenchmarkConfig, "benchmark", benchmark, USAGE)
