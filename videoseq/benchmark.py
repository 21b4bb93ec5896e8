"""Measures the program itself: `python -m videoseq.benchmark target=decode input=DIR output=FILE.json`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoseq.config import BenchmarkConfig, main
from videoseq.config.words import given_words, typed_line, without
from videoseq.reporting.files import write_json

if TYPE_CHECKING:
    from videoseq.benchmarks.comparison import Comparison
    from videoseq.benchmarks.step import StepSetup
    from videoseq.data.manifest import Manifest

USAGE = """Measures the program beside what else one would use, in turns, and writes medians, quartiles and ratios as JSON.

  python -m videoseq.benchmark target=decode input=DIR output=decode.json       beside other libraries
  python -m videoseq.benchmark target=decode input=PREPARED against=ORIGINAL
  python -m videoseq.benchmark target=loader input=DIR data.num_workers=2
  python -m videoseq.benchmark target=step model/encoder=resnet18 trainer=cpu
  python -m videoseq.benchmark target=train data.root=DIR training.max_epochs=5 repeats=3
  python -m videoseq.benchmark target=cache data.root=DIR training.max_epochs=3
  python -m videoseq.benchmark target=startup
  python -m videoseq.benchmark target=growth output=growth.json
  python -m videoseq.benchmark target=memory +experiment=moving_shapes
  python -m videoseq.benchmark target=length long_seconds=3600 output=length.json
  python -m videoseq.benchmark target=tables input=experiments/speed

Other options are those of videoseq.train. The other libraries: pip install 'videoseq[benchmark]', and FFmpeg for torchcodec."""

_OWN = ("target", "input", "against", "long_seconds", "steps", "repeats", "output")

Measured = tuple[list["Comparison"], dict[str, Any]]
"""Comparisons, and figures that are none."""


def benchmark(cfg: BenchmarkConfig) -> dict[str, Any]:
    """Measures what was asked for, and prints, writes and returns the figures.

    Raises:
        VideoseqError: There are no videos to measure with, or a measured training fails.
    """
    from rich import print_json

    from videoseq.benchmarks.machine import circumstances
    from videoseq.reporting.benchmark_tables import print_tables

    if cfg.target == "tables":
        return _tables(cfg)
    comparisons, figures = _TARGETS[cfg.target](cfg)
    tables = [comparison.plain() for comparison in comparisons]
    command = typed_line("benchmark", given_words())
    content = {"target": cfg.target, "command": command, "repeats": cfg.repeats, "tables": tables, **figures, **circumstances()}
    print_tables(tables)
    if figures:
        print_json(data=figures)
    if cfg.output is not None:
        write_json(Path(cfg.output).expanduser(), content)
    return content


def _decode(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.decode import compare_decoding, compare_prepared
    from videoseq.benchmarks.videos import matched

    if cfg.against is not None:
        assert cfg.input is not None  # BenchmarkConfig has seen to it
        return [compare_prepared(matched(cfg.input, cfg.against), cfg.clip, cfg.repeats)], {}
    return compare_decoding(_videos(cfg), cfg.clip, cfg.repeats, cfg.long_seconds), {}


def _loader(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.loader import compare_loaders

    return [compare_loaders(_videos(cfg), cfg.clip, cfg.data.batch_size, cfg.data.workers, cfg.repeats)], {}


def _step(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.step import compare_steps

    return [compare_steps(_setup(cfg), cfg.steps, cfg.repeats)], {}


def _train(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.gpu import measure_device
    from videoseq.benchmarks.peers.decord_loader import decord_clips
    from videoseq.benchmarks.train import compare_trainings

    for videos in _manifest(cfg).videos.values():
        decord_clips(videos, cfg.clip)  # what the peer cannot be trained on is said before ours is
    setup = _setup(cfg)
    on_gpu = setup.device.type == "cuda"
    comparison, runs = compare_trainings(_training_words(cfg), _training_title(cfg), 3 if on_gpu else 2, cfg.repeats)
    return [comparison], {"device": measure_device(setup, runs, cfg.steps)} if on_gpu else {}


def _cache(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.train import compare_caching

    _manifest(cfg)
    return [compare_caching(_training_words(cfg), _training_title(cfg), cfg.repeats)], {}


def _startup(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.startup import compare_startup

    return [compare_startup(cfg.repeats)], {}


def _growth(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.growth import AXES, curve, measure_growth
    from videoseq.reporting.growth import growth_figure

    comparisons = measure_growth(without(given_words(), _OWN), AXES, cfg.repeats)
    if cfg.output is not None:
        picture = Path(cfg.output).expanduser().with_suffix(".png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        curves = [curve(axis, comparison) for axis, comparison in zip(AXES, comparisons, strict=True)]
        growth_figure(curves).savefig(picture)
    return comparisons, {}


def _memory(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.memory import measure_memory

    return [], measure_memory(without(given_words(), _OWN))


def _length(cfg: BenchmarkConfig) -> Measured:
    from videoseq.benchmarks.length import measure_lengths

    videos = Path(cfg.paths.cache).expanduser().absolute() / "looped_videos"
    return [], measure_lengths(without(given_words(), _OWN), cfg.long_seconds, videos)


def _tables(cfg: BenchmarkConfig) -> dict[str, Any]:
    from videoseq.reporting.benchmark_tables import print_tables, read_figures, rewrite_tables

    assert cfg.input is not None  # BenchmarkConfig has seen to it
    folder = Path(cfg.input).expanduser()
    names = rewrite_tables(folder / "README.md", folder)
    for name in names:
        print_tables(read_figures(folder / name)["tables"])
    return {"tables": names}


_TARGETS: dict[str, Callable[[BenchmarkConfig], Measured]] = {
    "decode": _decode,
    "loader": _loader,
    "step": _step,
    "train": _train,
    "cache": _cache,
    "startup": _startup,
    "growth": _growth,
    "memory": _memory,
    "length": _length,
}


def _videos(cfg: BenchmarkConfig) -> list[Path]:
    from videoseq.serving.inputs import find_videos

    named = cfg.input or cfg.data.root
    assert named is not None  # BenchmarkConfig has seen to it
    return find_videos(named)


def _setup(cfg: BenchmarkConfig) -> "StepSetup":
    from videoseq.benchmarks.step import StepSetup

    parts = cfg.model.encoder, cfg.model.head, cfg.clip, cfg.data.batch_size, cfg.task, cfg.optimizer, cfg.training, cfg.trainer
    return StepSetup(*parts)


def _manifest(cfg: BenchmarkConfig) -> "Manifest":
    """Returns the data of the trainings; synthetic videos are written, so that all trainings find them."""
    from videoseq.data.manifest import build_manifest
    from videoseq.reporting.progress import progress_bar

    return build_manifest(cfg.data, Path(cfg.paths.cache).expanduser(), progress_bar, task=cfg.task.spec)


def _training_words(cfg: BenchmarkConfig) -> list[str]:
    """Returns the options of the trainings, the root of the data independent of where they run."""
    root = cfg.data.with_absolute_paths().root
    return without(given_words(), _OWN) + ([] if root is None else [f"data.root={root}"])


def _training_title(cfg: BenchmarkConfig) -> str:
    return f"{_setup(cfg).title}, {cfg.training.max_epochs} epochs, {cfg.data.workers} workers"


if __name__ == "__main__":
    main(BenchmarkConfig, "benchmark", benchmark, USAGE)
