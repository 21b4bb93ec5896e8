"""Checkpoints: a model and all that rebuilds it, in one file without code."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch

from videoseq import __version__
from videoseq.errors import CheckpointError, ConfigError, VideoseqError, suggest
from videoseq.models.calibration import Calibration
from videoseq.models.encoders import build_encoder
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.heads import build_head
from videoseq.models.options import EncoderOptions, HeadOptions, encoder_options, head_options
from videoseq.models.video_model import VideoModel
from videoseq.models.weights import fit_state, is_state_dict, read_torch_file
from videoseq.types import ClipSpec, TaskSpec, plain_dict

FORMAT_VERSION = 2
PAYLOAD_KEY = "videoseq"
CALIBRATION_KEY = "calibration"
STATE_KEY = "state_dict"
MODEL_PREFIX = "model."
_FIX = "give a file from the folder checkpoints/ of a training run, such as checkpoints/best.ckpt"
_Options = TypeVar("_Options", EncoderOptions, HeadOptions, ClipSpec, TaskSpec)


@dataclass(frozen=True)
class ModelConfig:
    """Everything that a model is built from.

    Attributes:
        encoder: Options of the encoder.
        head: Options of the head.
        class_names: Name of each output, K of them: of the class ids, or of the one value.
        clip: How clips are cut and which size they have.
        origin: Where the model comes from: plain values that do not change it, such as the data it was trained on.
        task: What the outputs mean.

    Raises:
        ConfigError: No classes, or two of one name; names that do not fit the task.
    """

    encoder: EncoderOptions
    head: HeadOptions
    class_names: tuple[str, ...]
    clip: ClipSpec
    origin: Mapping[str, Any] = field(default_factory=dict)
    task: TaskSpec = field(default_factory=TaskSpec)

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if not self.class_names or len(set(self.class_names)) < len(self.class_names):
            raise ConfigError(f"class names must be at least one and all different, got {list(self.class_names)}")
        names = ", ".join(self.class_names)
        if not self.task.has_classes and len(self.class_names) > 1:
            raise ConfigError(f"a regression has one output, got {len(self.class_names)}: {names}")
        if self.task.background is not None and self.task.background not in self.class_names:
            raise ConfigError(f"the background {self.task.background!r} is none of the classes {names}")


@dataclass(frozen=True)
class LoadedModel:
    """A model read from a checkpoint.

    Attributes:
        model: The model, in evaluation mode on the CPU.
        config: What it was built from.
        calibration: What was fitted on its validation videos; that of a checkpoint without one changes nothing.
    """

    model: VideoModel
    config: ModelConfig
    calibration: Calibration = field(default_factory=Calibration)


def build_model(
    config: ModelConfig,
    *,
    load_weights: bool = True,
    channels_last: bool = False,
    encoder_chunk: int | None = None,
    activation_checkpointing: bool = False,
    encoder: FrameEncoder | None = None,
) -> VideoModel:
    """Builds a model.

    Args:
        config: What to build.
        load_weights: Whether to read the encoder's `weights`; False where a checkpoint supplies them.
        channels_last: See `VideoModel`.
        encoder_chunk: Likewise.
        activation_checkpointing: Likewise.
        encoder: One that was built from the same options before; None builds it.

    Raises:
        ModelError: Options that do not go together.
        CheckpointError: The encoder's weights cannot be had or do not fit.
    """
    if encoder is None:
        size = {"height": config.clip.height, "width": config.clip.width}
        encoder = build_encoder(config.encoder, load_weights=load_weights, **size)
    head = build_head(
        config.head,
        feature_shape=encoder.feature_shape,
        num_outputs=len(config.class_names),
        per_frame=config.task.per_frame,
    )
    return VideoModel(
        encoder,
        head,
        channels_last=channels_last,
        encoder_chunk=encoder_chunk,
        activation_checkpointing=activation_checkpointing,
    )


def checkpoint_payload(config: ModelConfig) -> dict[str, Any]:
    """Returns what a checkpoint stores under `PAYLOAD_KEY`: plain dicts, lists, strings and numbers."""
    return {
        "format": FORMAT_VERSION,
        "version": __version__,
        "encoder": _plain(plain_dict(config.encoder)),
        "head": _plain(plain_dict(config.head)),
        "class_names": list(config.class_names),
        "clip": _plain(plain_dict(config.clip)),
        "origin": dict(config.origin),
        "task": plain_dict(config.task),
    }


def load_checkpoint(path: Path | str) -> LoadedModel:
    """Loads a model from a checkpoint of a training run, or any torch file with the same two keys.

    The file holds `checkpoint_payload` under `PAYLOAD_KEY`, with a calibration where `store_calibration` put one, and under
    `STATE_KEY` the model's tensors, their names prefixed with `MODEL_PREFIX`; what else is in it (optimiser, loops) is
    ignored. No code in it is run.

    Raises:
        CheckpointError: No such file; none of torch's; of other software or a newer format; a state that does not fit.
    """
    content = read_torch_file(path, what="a checkpoint of videoseq", fix=_FIX)
    source = f"checkpoint {str(path)!r}"
    if is_state_dict(content):
        raise CheckpointError(
            f"{source} is a bare state dict; expected a checkpoint of videoseq: {_FIX}, or use the file to start a "
            "training with model.encoder.weights=PATH"
        )
    if not isinstance(content, Mapping) or PAYLOAD_KEY not in content or not is_state_dict(content.get(STATE_KEY)):
        keys = ", ".join(repr(key) for key in list(content)[:5]) if isinstance(content, Mapping) else "none"
        raise CheckpointError(
            f"{source} is of other software: got {type(content).__name__} with the keys {keys}; expected "
            f"{PAYLOAD_KEY!r} and {STATE_KEY!r}: {_FIX}"
        )
    config = _config(content[PAYLOAD_KEY], source)
    try:
        model = build_model(config, load_weights=False)
    except CheckpointError:
        raise
    except VideoseqError as error:
        raise CheckpointError(f"{source} describes a model that cannot be built: {error}") from error
    state = {
        name.removeprefix(MODEL_PREFIX): tensor for name, tensor in content[STATE_KEY].items() if name.startswith(MODEL_PREFIX)
    }
    fit_state(model, state, source=source, fix=_FIX)
    return LoadedModel(model.eval(), config, _calibration(content[PAYLOAD_KEY], len(config.class_names), source))


def store_calibration(path: Path, calibration: Calibration) -> None:
    """Puts a calibration into a checkpoint, in the place of the one that may be there; all else in the file stays.

    The file is replaced whole, so that a run that is killed meanwhile leaves the old one.

    Raises:
        CheckpointError: The file is no checkpoint that torch wrote.
    """
    content = read_torch_file(path, what="a checkpoint of videoseq", fix=_FIX)
    payload = {**content[PAYLOAD_KEY], CALIBRATION_KEY: _plain(plain_dict(calibration))}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        torch.save({**content, PAYLOAD_KEY: payload}, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _calibration(payload: Mapping[str, Any], num_classes: int, source: str) -> Calibration:
    """Rebuilds the calibration from plain values; a checkpoint that was never measured has none."""
    if CALIBRATION_KEY not in payload:
        return Calibration()
    try:
        calibration = Calibration(**payload[CALIBRATION_KEY])
        if len(calibration.thresholds) not in (0, num_classes):
            raise ConfigError(f"got {len(calibration.thresholds)} thresholds, expected {num_classes}, one per class")
    except (ConfigError, TypeError) as error:
        raise CheckpointError(f"{source} has a calibration that cannot be understood: {error}; train again") from error
    return calibration


def check_format(payload: Any, source: str) -> None:
    """Checks that what a file holds under `PAYLOAD_KEY` is of the format that is written here.

    Args:
        payload: What it holds.
        source: Names the file in messages.

    Raises:
        CheckpointError: It is of another one.
    """
    got = payload.get("format") if isinstance(payload, Mapping) else type(payload).__name__
    if got != FORMAT_VERSION:
        raise CheckpointError(f"{source} has format {got!r}, this videoseq reads format {FORMAT_VERSION}: train again")


def _config(payload: Any, source: str) -> ModelConfig:
    """Rebuilds the options from plain values; every mistake is one of the file."""
    check_format(payload, source)
    try:
        encoder, head, clip = (dict(payload[key]) for key in ("encoder", "head", "clip"))
        return ModelConfig(
            encoder=_rebuilt(encoder_options(encoder["name"]), encoder, "encoder"),
            head=_rebuilt(head_options(head["name"]), head, "head"),
            class_names=tuple(payload["class_names"]),
            clip=_rebuilt(ClipSpec, clip, "clip"),
            origin=dict(payload["origin"]),
            task=_rebuilt(TaskSpec, dict(payload["task"]), "task"),
        )
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        cause = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise CheckpointError(
            f"{source}, written by videoseq {payload.get('version')}, cannot be understood by this one: {cause}; train again"
        ) from error


def _rebuilt(kind: type[_Options], values: dict[str, Any], part: str) -> _Options:
    known = [item.name for item in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise ConfigError(f"{part} has an unknown option {name!r}; {suggest(str(name), known)}")
    return kind(**values)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the values with lists for tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
