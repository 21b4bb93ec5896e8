"""Measures a checkpoint on a split: `python -m videoseq.evaluate checkpoint=PATH`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoseq.config import EvaluateConfig, bind, main
from videoseq.errors import CheckpointError, ConfigError, DataError
from videoseq.types import TaskSpec

if TYPE_CHECKING:
    from videoseq.data.videos import Video
    from videoseq.running.reports import Report

_OF_ONE_DATA_SET = {"root", "annotations", "format", "class_names", "frame_folders", "allow_outside_root", "synthetic"}

USAGE = """Measures a checkpoint on a split of the data that it was trained on, or of other data with the same classes.

  python -m videoseq.evaluate checkpoint=outputs/train/DATE/checkpoints/best.ckpt
  python -m videoseq.evaluate checkpoint=CKPT on=val num_clips=5 num_crops=3
  python -m videoseq.evaluate checkpoint=CKPT data.root=DIR data.split.strategy=given
  python -m videoseq.evaluate checkpoint=CKPT frame_rows=true        a model with a class for every frame

Options of the data are those of the training run; with another data.root or other data.annotations, those that describe the
run's own data set (format, class_names, frame_folders, allow_outside_root, split.index) have their defaults again."""


def evaluate(cfg: EvaluateConfig) -> dict[str, Any]:
    """Measures what a model says about every video of a split, or about all of its frames; writes and returns the figures.

    Raises:
        VideoseqError: The checkpoint or the data cannot be used, or they do not fit each other.
    """
    from videoseq.data.manifest import build_manifest
    from videoseq.data.membership import restore_split, warn_of_seen
    from videoseq.data.options import DataOptions
    from videoseq.models.checkpoint import load_checkpoint
    from videoseq.reporting.files import write_json
    from videoseq.reporting.progress import progress_bar
    from videoseq.reporting.run_files import git_commit, versions
    from videoseq.running.measuring import clear_results, list_bad_videos, measure_split, predictor_of
    from videoseq.running.reports import FramesReport, report_of
    from videoseq.running.reports.report import shown_paths

    checkpoint = Path(cfg.checkpoint).expanduser()
    loaded = load_checkpoint(checkpoint)
    task = loaded.config.task
    _check_effect(cfg, task)
    options = bind(DataOptions, data_of_run(loaded.config.origin, cfg.data, checkpoint))
    manifest = build_manifest(options, Path(cfg.paths.cache).expanduser(), progress_bar, loaded.config.class_names, task)
    if {"root", "annotations", "split"} & set(cfg.data):
        videos = manifest.videos[cfg.on]
        warn_of_seen(videos, loaded.config.origin.get("videos", {}))
    else:
        videos = restore_split(manifest, loaded.config.origin.get("videos", {}), cfg.on)
    if not videos:
        held = ", ".join(f"{part} {len(those)}" for part, those in manifest.videos.items())
        raise DataError(f"the data has no {cfg.on} videos ({held}): choose another split with on=…")
    predictor = predictor_of(loaded, options, cfg.trainer)
    folder = Path(cfg.output).expanduser() if cfg.output is not None else _default_output(checkpoint, cfg.on)
    clear_results(folder)
    list_bad_videos(folder, manifest, new=True)
    root = Path(options.root) if options.root is not None else None
    num_clips = cfg.num_clips or (1 if task.per_frame else 3)
    measured = measure_split(predictor, videos, cfg.on, folder, root, num_clips=num_clips, num_crops=cfg.num_crops)
    report = report_of(predictor)
    metrics: dict[str, Any] = {cfg.on: measured.metrics}
    if cfg.order_probe:
        metrics["order_probe"] = _order_probe(report, videos, measured.metrics[report.headline], num_clips, cfg.num_crops)
    if cfg.frame_rows and isinstance(report, FramesReport):
        report.write_frames(folder, measured, shown_paths(measured.videos, root))
    report.show(folder, measured)
    metrics |= {
        "checkpoint": str(checkpoint),
        "num_clips": num_clips,
        "num_crops": cfg.num_crops,
        "temperature": loaded.calibration.temperature,
        "num_videos": len(measured.videos),
        "num_bad_videos": len(manifest.bad) + len(measured.result.failures),
        "versions": versions(),
        "git_commit": git_commit(),
    }
    write_json(folder / "metrics.json", metrics)
    print(f"written to {folder}")
    return metrics


def _check_effect(cfg: EvaluateConfig, task: TaskSpec) -> None:
    """Refuses options that have no effect on a task."""
    views = {"num_clips": (cfg.num_clips or 1) > 1, "num_crops": cfg.num_crops > 1, "order_probe": cfg.order_probe}
    for name, is_given in views.items():
        if is_given and task.per_frame:
            raise ConfigError(
                f"{name} is for a model with one answer for a video, but this one answers for every frame of whole videos, in "
                f"their order. Fix: leave {name} out"
            )
    if cfg.frame_rows and task.name != "frames":
        raise ConfigError(
            f"frame_rows is for a model of frames, task.name=frames, but this one is of task.name={task.name}. Fix: leave "
            "frame_rows out"
        )


def _order_probe(
    report: "Report[Any]", videos: "Sequence[Video]", ordered: float, num_clips: int, num_crops: int
) -> dict[str, float]:
    """Returns and prints the headline of the task on frames in order, shuffled, reversed, and on one of them repeated."""
    from videoseq.serving.inference import REORDERINGS

    probe = {"ordered": ordered}
    for order in REORDERINGS:
        shown = report.ask(videos, num_clips=num_clips, num_crops=num_crops, order=order)
        probe[order] = shown.metrics[report.headline]
    figures = "  ".join(f"{order} {value:.4f}" for order, value in probe.items())
    print(f"{report.headline} by order of frames: {figures}")
    return probe


def data_of_run(origin: Mapping[str, Any], changes: Mapping[str, Any], checkpoint: Path) -> dict[str, Any]:
    """Returns the data options of the run that wrote a checkpoint, with changes on top.

    With another `root` or other `annotations` the data set is another: what describes the run's own no longer applies.

    Raises:
        CheckpointError: The checkpoint does not name its data.
    """
    if not isinstance(origin.get("data"), Mapping):
        raise CheckpointError(f"checkpoint {str(checkpoint)!r} does not name the data that it was trained on")
    stored = dict(origin["data"])
    if {"root", "annotations"} & set(changes):
        stored = {key: value for key, value in stored.items() if key not in _OF_ONE_DATA_SET}
        stored["split"] = {**stored.get("split", {}), "index": None}
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(stored.get(key), Mapping)
        stored[key] = {**stored[key], **value} if both else value
    return stored


def _default_output(checkpoint: Path, split: str) -> Path:
    parent = checkpoint.absolute().parent
    return (parent.parent if parent.name == "checkpoints" else parent) / f"evaluation_{split}"


if __name__ == "__main__":
    main(EvaluateConfig, "evaluate", evaluate, USAGE)
