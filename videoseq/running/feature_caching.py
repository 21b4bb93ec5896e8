"""The features of a run with a frozen encoder: found, or made by its encoder before the fit."""

import logging
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import torch
from torch import Tensor

from videoseq.data.batch import ClipBatch
from videoseq.data.caching.choosing import is_varied, varies_pixels
from videoseq.data.caching.encoding import Encode, Job, encode_missing, num_clips, wanted_jobs
from videoseq.data.caching.feature_keys import describe_features
from videoseq.data.caching.pieces import PIECES_AT_ONCE, VideoPieces
from videoseq.data.caching.room import room_problem, taken_bytes
from videoseq.data.caching.shards import stored_bytes
from videoseq.data.caching.shown import AugmentedVariants, CentreViews, KeptClips, ShownClips
from videoseq.data.caching.store import ArrayStore
from videoseq.data.chunk_features import ChunkFeatures
from videoseq.data.chunks import centre_chunks, training_chunks
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.dataset import EvalClips
from videoseq.data.features import FeatureClips
from videoseq.data.loading import telling_of_killed_workers
from videoseq.errors import ConfigError, DataError
from videoseq.models.options import EncoderOptions
from videoseq.models.video_model import VideoModel
from videoseq.models.weights import fingerprint, fit_state, read_torch_file
from videoseq.reporting.progress import progress_bar
from videoseq.serving.device import autocast, choose_device
from videoseq.serving.encoding import fast_encoding
from videoseq.training.module import SequenceModule
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.training.resuming import check_resumable
from videoseq.types import plain_dict

logger = logging.getLogger(__name__)

FIX = "paths.cache=DIR on a disk with room, or data.cache=none, which encodes in every epoch"
"""What a user can do where features cannot be kept."""

Features = FeatureClips | ChunkFeatures
"""What a split is read from."""

_ENCODER = "model.encoder."


def begun_with(resume: Path, module: SequenceModule, training: TrainingOptions) -> int | None:
    """Gives a module the encoder of the run that it continues, and returns the variants that this run shows.

    Args:
        resume: The run's checkpoint.
        module: What is to be trained; the rest of it is loaded when the fit starts.
        training: The course of the run.

    Returns:
        Variants of each training video; None where the run decodes its clips.

    Raises:
        CheckpointError: The checkpoint does not fit the module.
    """
    check_resumable(resume, module, training)
    fix = "give checkpoints/last.ckpt of a run"
    content = read_torch_file(resume, what="a checkpoint of a training run", fix=fix)
    tensors: Mapping[str, Tensor] = content["state_dict"]
    own = {name.removeprefix(_ENCODER): tensor for name, tensor in tensors.items() if name.startswith(_ENCODER)}
    fit_state(module.model.encoder, own, source=f"checkpoint {str(resume)!r}", fix=fix)
    num_variants: int | None = content[VideoDataModule.__qualname__].get("num_variants")
    return num_variants


class FeatureMaker:
    """Makes the features that a run trains on and validates with, where they are not there yet.

    Args:
        loaders: The loaders of the run.
        model: The model, its encoder frozen, with the weights that it will have.
        encoder: Options of the encoder.
        trainer: On what the run runs.
        cache: Folder of all that is kept.
        num_variants: Augmented clips of each training video.
    """

    def __init__(
        self,
        loaders: VideoDataModule,
        model: VideoModel,
        encoder: EncoderOptions,
        trainer: TrainerOptions,
        cache: Path,
        num_variants: int,
    ) -> None:
        self.model = model
        self.precision = trainer.precision
        self.device = choose_device(trainer.accelerator, trainer.num_threads)
        if self.device.type == "cuda":
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        self.options = loaders.options
        self.clip = loaders.clip
        self.folder = cache / "features"
        self._description = describe_features(
            plain_dict(encoder),
            fingerprint(model.encoder),
            loaders.clip,
            decoder=loaders.reading.decoder,
            lossy=loaders.reading.skip_loop_filter,
            precision=trainer.precision,
            device=self.device.type,
        )
        self._found: tuple[ArrayStore, list[Job]] | None = None
        self._in_pieces = loaders.tbptt_frames is not None
        self._train, self._val = (_whole_videos if self._in_pieces else _clips)(loaders, num_variants)

    @property
    def num_items(self) -> int:
        """Clips, or pieces of videos, of which the features are kept, also those that could not be read."""
        return sum(len(clips) * clips.num_variants for clips in (self._train, self._val))

    def find_problem(self) -> str | None:
        """Returns why the features cannot be kept, None where they can; what is there already needs no room."""
        try:
            # Before it is asked what is missing: what others finish in between is not to count twice.
            taken = taken_bytes(self.folder)
            store, jobs = self._find()
            if not jobs:
                return None
            with store.claimed([]):  # the folder can be written
                needed = self._needed_bytes(jobs)
            what = f"features of {num_clips(jobs)} {'pieces of videos' if self._in_pieces else 'clips'}"
            return room_problem(self.folder, taken, needed, self.options.cache_limit_gb, what=what)
        except OSError as error:
            return _unwritable(self.folder, error)

    def make(self, num_workers: int) -> tuple[Features, Features, float]:
        """Makes what is missing and returns what training and validation read, and the seconds that it took.

        Args:
            num_workers: Processes that decode.

        Raises:
            ConfigError: The disk is full or cannot be written.
            DataError: A video cannot be read, and `data.bad_videos` is `error`; or a process that decodes was killed.
        """
        started = time.perf_counter()
        store, jobs = self._find()
        logger.info(
            "the encoder is frozen, so every %s is encoded once, %d of each training video, and training reads its features "
            "from %s (%s; data.cache=none encodes in every epoch)",
            "view of a whole video" if self._in_pieces else "clip",
            self._train.num_variants,
            store.folder,
            f"{num_clips(jobs)} are missing" if jobs else "all are there",
        )
        failures: dict[str, str] = {}
        if jobs:
            try:
                with telling_of_killed_workers(), self._encoding():
                    failures = encode_missing(
                        jobs,
                        store,
                        self._encode(),
                        num_workers=num_workers,
                        batch_size=PIECES_AT_ONCE if self._in_pieces else self.options.batch_size,
                        progress=progress_bar,
                    )
            except OSError as error:
                raise ConfigError(f"{_unwritable(self.folder, error)}; what is finished stays. Fix: {FIX}") from error
        train, val = (_read_from(clips, store, failures) for clips in (self._train, self._val))
        return train, val, time.perf_counter() - started

    def _find(self) -> tuple[ArrayStore, list[Job]]:
        """Returns where the features lie and what is missing of them, looked for once."""
        if self._found is None:
            store = ArrayStore.open(self.folder, self._description)
            self._found = store, wanted_jobs([self._val, self._train], store)
        return self._found

    def _encoding(self) -> AbstractContextManager[None]:
        """Returns how the encoder runs: over clips as in training, to the bit; over the many frames of whole videos fast."""
        return fast_encoding(self.model, self.device) if self._in_pieces else nullcontext()

    def _encode(self) -> Encode:
        """Returns the encoder."""
        model = self.model.to(self.device)

        def encode(batch: ClipBatch) -> Tensor:
            moved = batch.to(self.device)
            with torch.no_grad(), autocast(self.device, self.precision):
                return model.encode(moved.video, moved.lengths).float().cpu()

        return encode

    def _needed_bytes(self, jobs: Sequence[Job]) -> int:
        """Returns what the features of some clips take on disk."""
        frame_bytes = 4 * math.prod(self.model.encoder.feature_shape)
        if not self.clip.varies_in_length:
            return num_clips(jobs) * stored_bytes(self.clip.num_frames * frame_bytes)
        needed = 0
        for job in jobs:
            with suppress(DataError):  # no frame in the labelled part: nothing is kept
                needed += sum(stored_bytes(job.clips.num_frames(job.position, each) * frame_bytes) for each in job.variants)
        return needed


def _clips(loaders: VideoDataModule, num_variants: int) -> tuple[KeptClips, KeptClips]:
    """Returns the training and the validation clips."""
    augmentation, videos = loaders.augment.resolved(), loaders.manifest.videos
    val = CentreViews(EvalClips(videos["val"], loaders.clip, loaders.reading))
    if is_varied(augmentation, loaders.clip):
        return AugmentedVariants(loaders.train_clips, augmentation, num_variants), val
    return CentreViews(EvalClips(videos["train"], loaders.clip, loaders.reading)), val


def _whole_videos(loaders: VideoDataModule, num_variants: int) -> tuple[KeptClips, KeptClips]:
    """Returns the training and the validation videos, in pieces."""
    augmentation, videos = loaders.augment.resolved(), loaders.manifest.videos
    val = VideoPieces(centre_chunks(videos["val"], loaders.clip, loaders.reading))
    if varies_pixels(augmentation):
        chunks = training_chunks(videos["train"], loaders.clip, loaders.augment, loaders.reading, loaders.seed)
        return VideoPieces(chunks, augmentation, num_variants), val
    return VideoPieces(centre_chunks(videos["train"], loaders.clip, loaders.reading)), val


def _read_from(clips: KeptClips, store: ArrayStore, failures: Mapping[str, str]) -> Features:
    if isinstance(clips, VideoPieces):
        return ChunkFeatures(clips, store, failures)
    assert isinstance(clips, ShownClips)
    return FeatureClips(clips, store, failures)


def _unwritable(folder: Path, error: OSError) -> str:
    return f"features cannot be written to {str(folder)!r}: {error.strerror}"
