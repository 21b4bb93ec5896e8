"""Trains a model: `python -m videoseq.train +experiment=NAME` or `python -m videoseq.train data.root=DIR`."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoseq.config import TrainConfig, main, save_config
from videoseq.errors import DataError
from videoseq.types import plain_dict

if TYPE_CHECKING:
    from videoseq.data.datamodule import VideoDataModule
    from videoseq.data.manifest import Manifest
    from videoseq.models.checkpoint import ModelConfig
    from videoseq.models.frame_encoder import FrameEncoder
    from videoseq.reporting.run_log import RunLog
    from videoseq.running.reports import MeasuredSplit
    from videoseq.serving.predictor import Predictor
    from videoseq.training.fitting import FitReport
    from videoseq.training.module import SequenceModule
    from videoseq.types import Split

logger = logging.getLogger("videoseq.train")  # as a command, __name__ is __main__

USAGE = """Trains a CNN+LSTM on labelled videos and measures it once on the test split.

  python -m videoseq.train +experiment=moving_shapes      the built-in example
  python -m videoseq.train data.root=DIR                  your videos: DIR/class_name/*.mp4
  python -m videoseq.train data.root=DIR model/encoder=simple model/head=gru training.max_epochs=50
  python -m videoseq.train data.root=DIR resume=auto      continue a run that was stopped
  python -m videoseq.train data.root=DIR -m optimizer.lr=0.001,0.01 model/head=lstm,gru      all combinations, side by side

Groups choose a file: model/encoder, model/head, augment, optimizer, trainer, data."""


@dataclass(frozen=True)
class TrainResult:
    """What a run leaves.

    Attributes:
        folder: The run's folder.
        checkpoint: The checkpoint that was best on the validation split.
        metrics: What stands in `metrics.json`; of several processes only the first measures.
        module: The training module after its last step; with `training.ema` its weights are the average.
    """

    folder: Path
    checkpoint: Path
    metrics: dict[str, Any]
    module: "SequenceModule"


def train(cfg: TrainConfig, folder: Path | None = None) -> TrainResult:
    """Trains a model, measures the checkpoint that is best on validation once on the test split, and writes the run's files.

    Args:
        cfg: The options.
        folder: Where the run's files go, new and empty; None makes a folder below `paths.outputs`, or continues one.

    Raises:
        VideoseqError: The data, the model or a checkpoint does not fit the configuration.
        Interrupted: A signal stopped the run after saving.
    """
    from videoseq.reporting.run_log import RunLog
    from videoseq.training.run_folder import LOG_FILE

    with RunLog(None if folder is None else folder / LOG_FILE) as log:
        return _train(cfg, folder, log)


def _train(cfg: TrainConfig, folder: Path | None, log: "RunLog") -> TrainResult:
    from videoseq.data.membership import split_identities
    from videoseq.reporting.files import write_json
    from videoseq.running.caching import keep_data
    from videoseq.running.data_wait import advise, advise_on_chunks, loading_of
    from videoseq.running.processes import joined
    from videoseq.running.summarising import summarise_run
    from videoseq.training.custom import build_callbacks
    from videoseq.training.run_folder import BEST_CHECKPOINT, LOG_FILE, METRICS_FILE, find_resumable, new_run_folder

    started = time.perf_counter()
    callbacks = build_callbacks(cfg.callbacks)
    outputs = Path(cfg.paths.outputs).expanduser()
    with joined(cfg.trainer) as processes:
        with processes.first_ahead():  # the others find the videos, their scan and the weights where it has put them
            found = processes.decided("resume", lambda: _text(find_resumable(outputs, cfg.name, cfg.resume)))
            resume = None if found is None else Path(found)
            module, loaders = _prepare(cfg, resume)
        processes.check_alike("videos", split_identities(loaders.manifest))
        if folder is None:
            chosen = processes.decided(
                "folder", lambda: str(resume.parents[1] if resume else new_run_folder(outputs, cfg.name))
            )
            folder = Path(chosen)
            if processes.is_first:
                log.open(folder / LOG_FILE)
        if processes.is_first:
            if resume is None:  # a run that is continued keeps its options until these have proved to fit
                save_config(cfg, folder / "config.yaml")
            counts = ", ".join(f"{part} {len(videos)}" for part, videos in loaders.manifest.videos.items())
            names = loaders.manifest.class_names
            outputs_named = f"{len(names)} classes" if cfg.task.spec.has_classes else names[0]
            logger.info("%s %s: %s, %s", "continuing" if resume else "run", folder, outputs_named, counts)
        kept = keep_data(
            loaders,
            module,
            cfg.model.encoder,
            cfg.training,
            cfg.trainer,
            cache=Path(cfg.paths.cache).expanduser(),
            processes=processes,
            resume=resume,
        )
        if processes.is_first and (told := advise_on_chunks(loaders, kept.mode)) is not None:
            logger.warning(told)
        fit_started = time.perf_counter()
        report = _fit(cfg, loaders, module, folder, resume, callbacks, writes=processes.is_first)
        fit_seconds = time.perf_counter() - fit_started
        loading = loading_of(loaders, cfg.trainer, kept.mode, encoder_stays_frozen=cfg.model.encoder.stays_frozen)
    metrics: dict[str, Any] = {}
    if processes.is_first:
        save_config(cfg, folder / "config.yaml")
        predictor, measured, calibration = _measure(cfg, loaders.manifest, folder)
        metrics = _figures(cfg, loaders.manifest, report, measured) | {"calibration": calibration, "cache": plain_dict(kept)}
        if not report.train_metrics:  # a finished run that was continued: nothing was trained
            metrics |= _figures_of_training(folder / METRICS_FILE)
        metrics |= {"seconds": time.perf_counter() - started, "fit_seconds": fit_seconds}
        write_json(folder / METRICS_FILE, metrics)
        summarise_run(folder, predictor, measured, plain_dict(cfg), report.steps)
        logger.info("best checkpoint: %s", folder / BEST_CHECKPOINT)
        advice = advise(report.data_wait_fraction, report.data_wait_seconds, loading)
        if advice is not None:
            logger.warning(advice)
    return TrainResult(folder, folder / BEST_CHECKPOINT, metrics, module)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _prepare(cfg: TrainConfig, resume: Path | None) -> "tuple[SequenceModule, VideoDataModule]":
    """Finds, scans and splits the videos and builds the model; the encoder first, so that a wrong one shows at once."""
    from videoseq.data.datamodule import VideoDataModule
    from videoseq.data.manifest import build_manifest
    from videoseq.data.membership import split_identities
    from videoseq.models.checkpoint import ModelConfig
    from videoseq.reporting.progress import progress_bar

    encoder = _build_encoder(cfg, load_weights=resume is None and cfg.init_from is None)
    manifest = build_manifest(cfg.data, Path(cfg.paths.cache).expanduser(), progress_bar, task=cfg.task.spec)
    if not manifest.videos["val"]:
        raise DataError("there is no validation split to choose a checkpoint by: raise data.split.val_fraction")
    origin = {
        "data": plain_dict(replace(cfg.data.with_absolute_paths(), frame_folders=manifest.frame_folders)),
        "videos": split_identities(manifest),
        "median_seconds": manifest.median_seconds,
    }
    config = ModelConfig(cfg.model.encoder, cfg.model.head, manifest.class_names, cfg.clip, origin, manifest.fitted_task)
    loaders = VideoDataModule(
        manifest, cfg.clip, cfg.augment, cfg.data, cfg.seed, cfg.training.tbptt_frames, carries_state=cfg.model.head.is_causal
    )
    return _build_module(cfg, loaders, config, encoder), loaders


def _build_encoder(cfg: TrainConfig, load_weights: bool) -> "FrameEncoder":
    """Builds the encoder before a video is opened: a wrong name, size or weights file shows at once."""
    import pytorch_lightning as pl

    from videoseq.models.encoders import build_encoder
    from videoseq.models.video_model import check_chunks

    # It reports the hardware and advertises; the import sets the level, so it is raised here.
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    pl.seed_everything(cfg.seed, verbose=False)
    options = cfg.model.encoder
    if options.weights is None and options.stays_frozen and load_weights:
        logger.warning("the encoder is frozen with random weights: set model.encoder.weights=PATH or model.encoder.freeze=none")
    encoder = build_encoder(options, height=cfg.clip.height, width=cfg.clip.width, load_weights=load_weights)
    check_chunks(encoder, **cfg.training.chunks)
    return encoder


def _build_module(
    cfg: TrainConfig, loaders: "VideoDataModule", config: "ModelConfig", encoder: "FrameEncoder"
) -> "SequenceModule":
    from videoseq.models.checkpoint import build_model, checkpoint_payload
    from videoseq.models.initialising import initialise_from
    from videoseq.training.module import SequenceModule
    from videoseq.training.tasks import build_task

    model = build_model(config, encoder=encoder, channels_last=cfg.training.channels_last, **cfg.training.chunks)
    if cfg.init_from is not None:
        initialise_from(model, Path(cfg.init_from).expanduser(), config)
    return SequenceModule(
        model,
        build_task(cfg.task, config.task, loaders.class_counts, len(loaders.manifest.videos["train"])),
        cfg.optimizer,
        monitor=cfg.monitor,
        payload=checkpoint_payload(config),
        seed=cfg.seed,
    )


def _fit(
    cfg: TrainConfig,
    loaders: "VideoDataModule",
    module: "SequenceModule",
    folder: Path,
    resume: Path | None,
    callbacks: list[Any],
    *,
    writes: bool,
) -> "FitReport":
    from videoseq.data.loading import telling_of_killed_workers
    from videoseq.running.measuring import list_bad_videos
    from videoseq.training.callbacks.bad_videos import BadVideoLog
    from videoseq.training.fitting import fit
    from videoseq.types import Split

    manifest = loaders.manifest
    listed = list_bad_videos(folder, manifest) if writes else None

    def report(split: Split, position: int, reason: str) -> None:
        assert listed is not None
        record = manifest.videos[split][position].record
        listed.add(record.path, record.row, split, reason)

    with telling_of_killed_workers():
        return fit(
            module,
            loaders,
            folder,
            cfg.training,
            cfg.trainer,
            class_names=manifest.class_names,
            bad_videos=BadVideoLog(report, manifest.num_videos, len(manifest.bad), cfg.data.max_bad_fraction),
            callbacks=callbacks,
            resume=resume,
        )


def _measure(
    cfg: TrainConfig, manifest: "Manifest", folder: Path
) -> "tuple[Predictor, dict[Split, MeasuredSplit[Any]], dict[str, Any] | None]":
    """Measures the best checkpoint, as it lies on disk, on validation and test; returns its calibration too."""
    from videoseq.models.checkpoint import load_checkpoint
    from videoseq.running.measuring import measure_split, measure_validation, predictor_of
    from videoseq.training.run_folder import BEST_CHECKPOINT

    best = folder / BEST_CHECKPOINT
    loaded = load_checkpoint(best)
    loaded.model.encoder_chunk = cfg.training.encoder_chunk
    predictor = predictor_of(loaded, cfg.data, cfg.trainer)
    root = Path(cfg.data.root) if cfg.data.root is not None else None
    predictor, val, calibration = measure_validation(predictor, manifest.videos["val"], best, calibrate=cfg.training.calibrate)
    measured: dict[Split, MeasuredSplit[Any]] = {"val": val}
    if manifest.videos["test"] and cfg.test:
        measured["test"] = measure_split(predictor, manifest.videos["test"], "test", folder, root)
    return predictor, measured, calibration


def _figures(
    cfg: TrainConfig, manifest: "Manifest", report: "FitReport", measured: "Mapping[Split, MeasuredSplit[Any]]"
) -> dict[str, Any]:
    from videoseq.reporting.run_files import git_commit, versions

    test = measured.get("test")
    return {
        "train": report.train_metrics,
        "val": measured["val"].metrics,
        "test": None if test is None else test.metrics,
        "task": {"name": cfg.task.name, "per_frame": cfg.task.spec.per_frame},
        "seed": cfg.seed,
        "epochs": report.epochs,
        "clips_per_second": report.clips_per_second,
        "data_wait_fraction": report.data_wait_fraction,
        "padding_fraction": report.padding_fraction,
        "times": report.times,
        "num_videos": manifest.num_videos,
        "num_bad_videos": report.num_bad_videos + (0 if test is None else len(test.result.failures)),
        "versions": versions(),
        "git_commit": git_commit(),
    }


def _figures_of_training(path: Path) -> dict[str, Any]:
    """Returns the figures of the training that stand in a `metrics.json`; none where there is no such file."""
    if not path.is_file():
        return {}
    metrics = json.loads(path.read_text(encoding="utf-8"))
    names = ("train", "clips_per_second", "data_wait_fraction", "padding_fraction", "times")
    return {name: metrics[name] for name in names if name in metrics}


if __name__ == "__main__":
    main(TrainConfig, "train", train, USAGE, sweep=train)
