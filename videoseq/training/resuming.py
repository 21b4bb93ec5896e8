"""Whether a checkpoint can be continued: told before anything runs, in words of the options."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from videoseq.errors import CheckpointError
from videoseq.models.checkpoint import PAYLOAD_KEY, check_format
from videoseq.models.weights import read_torch_file
from videoseq.training.callbacks.ema import WeightAverage
from videoseq.training.module import SequenceModule
from videoseq.training.optim import build_optimizer
from videoseq.training.options import TrainingOptions
from videoseq.types import plain_dict

_FIX = (
    "resume needs the options that the run was started with (its config.yaml); to start a new run from its weights: "
    "init_from=PATH"
)

_KEYS = {PAYLOAD_KEY, "task", "scheduler", "training", "carried_state", "loops", "optimizer_states"}


def check_resumable(checkpoint: Path, module: SequenceModule, training: TrainingOptions) -> None:
    """Checks that a checkpoint holds the state of a run with the same model, task, optimiser and course.

    How long it goes on (`max_epochs`, `early_stopping`) and what happens behind it (`calibrate`) may be others.

    Args:
        checkpoint: The file.
        module: What is to continue from it.
        training: The course that it is to continue on.

    Raises:
        CheckpointError: It does not; the message names what differs.
    """
    content = read_torch_file(checkpoint, what="a checkpoint of a training run", fix="give checkpoints/last.ckpt of a run")
    if isinstance(content, Mapping) and PAYLOAD_KEY in content:
        check_format(content[PAYLOAD_KEY], f"cannot continue: checkpoint {str(checkpoint)!r}")
    if not isinstance(content, Mapping) or not _KEYS.issubset(content):
        raise CheckpointError(f"cannot continue from {str(checkpoint)!r}: it holds no state of a training run; {_FIX}")
    different = [
        *_model_differences(content[PAYLOAD_KEY], module),
        *_differences("task", content["task"], plain_dict(module.task.options)),
        *_optimizer_differences(content, module),
        *_differences("optimizer.scheduler", content["scheduler"], plain_dict(module.optimizer_options.scheduler)),
        *_differences("training", content["training"], {"monitor": module.monitor, "accumulate": training.accumulate}),
        *_average_differences(content["callbacks"], training.ema),
    ]
    if different:
        raise CheckpointError(f"cannot continue from {str(checkpoint)!r}: {', '.join(different)}; {_FIX}")


def _model_differences(payload: Mapping[str, Any], module: SequenceModule) -> Iterator[str]:
    for part in ("encoder", "head", "clip"):
        yield from _differences(part if part == "clip" else f"model.{part}", payload[part], module.payload[part])
    for name in ("mean", "std"):  # the rest of the task follows from its options
        if (before := payload["task"][name]) != (now := module.payload["task"][name]):
            yield f"the {name} of the training values was {before:g}, is {now:g}"
    if payload["class_names"] != module.payload["class_names"]:
        yield f"the classes were {', '.join(payload['class_names'])}, are {', '.join(module.payload['class_names'])}"


def _differences(prefix: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        first, second = before.get(name), now.get(name)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            yield from _differences(f"{prefix}.{name}", first, second)
        elif first != second:
            yield f"{prefix}.{name} was {first}, is {second}"


def _average_differences(callbacks: Mapping[str, Any], ema: float | None) -> Iterator[str]:
    before = callbacks.get(WeightAverage.__qualname__, {}).get("decay")
    if before != ema:
        yield f"training.ema was {before}, is {ema}"


def _optimizer_differences(content: Mapping[str, Any], module: SequenceModule) -> Iterator[str]:
    before = content["optimizer_states"][0]["param_groups"]
    now = build_optimizer(module.model.encoder, module.model.head, module.optimizer_options).param_groups
    # The groups of AdamW have other entries than those of SGD.
    if before[0].keys() - {"initial_lr"} != now[0].keys():
        yield f"optimizer.name is {module.optimizer_options.name}, which it was not"
        return
    if (names := [group["name"] for group in before]) != (names_now := [group["name"] for group in now]):
        was_on, is_on = (any(name.startswith("encoder.") for name in those) for those in (names, names_now))
        if was_on != is_on:
            yield f"optimizer.layer_decay was {'below 1' if was_on else '1'}, is {module.optimizer_options.layer_decay}"
        else:
            yield f"the layers of the optimiser were {', '.join(names)}, are {', '.join(names_now)}"
        return
    # Lightning puts the saved rates back, so a changed one would be ignored without a word.
    for option, key in (("lr, encoder_lr_scale or layer_decay", "initial_lr"), ("weight_decay", "weight_decay")):
        for first, second in zip(before, now, strict=True):
            if (old := first[key]) != (new := second["lr" if key == "initial_lr" else key]):
                yield f"optimizer.{option} was {old}, is {new} ({first['name']})"
                break
