"""What a run keeps on disk for its epochs and for later runs: chosen, told, and made before the fit."""

import logging
from dataclasses import dataclass
from pathlib import Path

from videoseq.data.caching.building import FrameBuilder
from videoseq.data.caching.choosing import CacheMode, choose_cache
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.videos import join_videos
from videoseq.errors import ConfigError
from videoseq.models.options import EncoderOptions
from videoseq.reporting.progress import progress_bar
from videoseq.running.feature_caching import FIX, FeatureMaker, begun_with
from videoseq.running.processes import Processes
from videoseq.training import ranks
from videoseq.training.module import SequenceModule
from videoseq.training.options import TrainerOptions, TrainingOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptData:
    """The `cache` section of `metrics.json`.

    Attributes:
        mode: `none`, `features` or `frames`.
        num_items: Clips, or arrays of frames, that the run reads.
        bytes: What they take on disk; the features of folds, seeds and augmentations that share a folder together.
        build_seconds: What it took this run to make what was missing.
    """

    mode: CacheMode
    num_items: int = 0
    bytes: int = 0
    build_seconds: float = 0.0


def keep_data(
    loaders: VideoDataModule,
    module: SequenceModule,
    encoder: EncoderOptions,
    training: TrainingOptions,
    trainer: TrainerOptions,
    *,
    cache: Path,
    processes: Processes,
    resume: Path | None,
) -> KeptData:
    """Makes what `data.cache` keeps, where it is not there yet, and lets the loaders read it; in several processes, as one.

    With `data.cache=auto` a run goes on as it began, and does without features where there is no room for them.

    Args:
        loaders: The loaders of the run.
        module: What is to be trained.
        encoder: Options of its encoder.
        training: The course of the run.
        trainer: On what it runs.
        cache: Folder of all that is kept.
        processes: The processes of the run.
        resume: The checkpoint that the run continues.

    Raises:
        ConfigError: There is no room, or the folder cannot be written.
        CheckpointError: The checkpoint does not fit the run.
        DataError: A video cannot be read, and `data.bad_videos` is `error`; or a process that decodes was killed.
    """
    options = loaders.options
    num_workers = options.workers_of(max(ranks.world_size() // trainer.num_nodes, 1))
    choice = choose_cache(
        options.cache,
        loaders.augment.resolved(),
        encoder_stays_frozen=encoder.stays_frozen,
        labels_clips_by_frame=loaders.manifest.task.per_frame and loaders.tbptt_frames is None,
    )
    if choice.mode == "none":
        if options.cache == "auto":
            logger.info("every epoch decodes its clips: %s (data.cache=frames keeps decoded frames)", choice.reason)
        return KeptData("none")
    if choice.mode == "frames":
        videos = join_videos([loaders.manifest.videos["train"], loaders.manifest.videos["val"]])
        builder = FrameBuilder(videos, loaders.clip, loaders.augment, loaders.reading, cache)
        problem = processes.decided("cache", lambda: builder.find_problem(options.cache_limit_gb))
        if problem is not None:
            raise ConfigError(problem)
        built = builder.build(num_workers, progress_bar)
        loaders.use_frames(built.cache)
        return KeptData("frames", built.num_items, built.num_bytes, built.build_seconds)
    num_variants = min(options.cache_variants, training.max_epochs)
    if resume is not None:
        begun = begun_with(resume, module, training)
        if begun is None and options.cache == "auto":
            logger.info("every epoch decodes its clips: so the run began")
            return KeptData("none")
        num_variants = begun or num_variants
    maker = FeatureMaker(loaders, module.model, encoder, trainer, cache, num_variants)
    problem = processes.decided("cache", maker.find_problem)
    if problem is not None and options.cache == "auto":
        logger.warning("every epoch decodes and encodes its clips anew: %s", problem)
        return KeptData("none")
    if problem is not None:
        raise ConfigError(f"{problem}. Fix: fewer data.cache_variants, more data.cache_limit_gb, {FIX}")
    train, val, seconds = maker.make(num_workers)
    loaders.use_features(train, val)
    return KeptData("features", maker.num_items, train.store.num_bytes, seconds)
