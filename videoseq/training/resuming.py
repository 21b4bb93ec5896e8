"""Whether a checkpoint can be continued: told before anything runs, in words of the options."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from videoseq.errors import CheckpointError
from videoseq.models.checkpoint import PAYLOAD_KEY
from videoseq.models.weights import read_torch_file
from videoseq.training.module import SequenceModule
from videoseq.training.optim import build_optimizer

_FIX = (
    "resume needs the options that the run was started with (its config.yaml); to start a new run from its weights: "
    "init_from=PATH"
)


def check_resumable(checkpoint: Path, module: SequenceModule) -> None:
    """Checks that a checkpoint holds the state of a run with the same model and optimiser as a module's.

    Args:
        checkpoint: The file.
        module: What is to continue from it.

    Raises:
        CheckpointError: It does not; the message names what differs.
    """
    content = read_torch_file(checkpoint, what="a checkpoint of a training run", fix="give checkpoints/last.ckpt of a run")
    if not isinstance(content, Mapping) or not {PAYLOAD_KEY, "loops", "optimizer_states"} <= content.keys():
        raise CheckpointError(f"cannot continue from {str(checkpoint)!r}: it holds no state of a training run; {_FIX}")
    different = [
        *_model_differences(content[PAYLOAD_KEY], module),
        *_loss_differences(content["state_dict"], module),
        *_optimizer_differences(content, module),
    ]
    if different:
        raise CheckpointError(f"cannot continue from {str(checkpoint)!r}: {', '.join(different)}; {_FIX}")


def _model_differences(payload: Mapping[str, Any], module: SequenceModule) -> Iterator[str]:
    for part in ("encoder", "head", "clip"):
        before, now = payload[part], module.payload[part]
        prefix = part if part == "clip" else f"model.{part}"
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                yield f"{prefix}.{name} was {before.get(name)}, is {now.get(name)}"
    if payload["class_names"] != module.payload["class_names"]:
        yield f"the classes were {', '.join(payload['class_names'])}, are {', '.join(module.payload['class_names'])}"


def _loss_differences(state: Mapping[str, Any], module: SequenceModule) -> Iterator[str]:
    weights = "task.criterion.weight"  # in the state of a balanced loss alone
    before, now = ("balanced" if weights in those else "none" for those in (state, module.state_dict()))
    if before != now:
        yield f"task.loss.class_weights was {before}, is {now}"


def _optimizer_differences(content: Mapping[str, Any], module: SequenceModule) -> Iterator[str]:
    before = content["optimizer_states"][0]["param_groups"]
    now = build_optimizer(module.model.encoder, module.model.head, module.optimizer_options).param_groups
    # The groups of AdamW have other entries than those of SGD.
    if before[0].keys() - {"initial_lr"} != now[0].keys():
        yield f"optimizer.name is {module.optimizer_options.name}, which it was not"
        return
    # Lightning puts the saved rates back, so a changed one would be ignored without a word.
    for option, key in (("lr or encoder_lr_scale", "initial_lr"), ("weight_decay", "weight_decay")):
        rates = [[group[key] for group in before], [group["lr" if key == "initial_lr" else key] for group in now]]
        if rates[0] != rates[1]:
            yield f"optimizer.{option} was {max(rates[0])}, is {max(rates[1])}"
