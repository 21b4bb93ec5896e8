"""Starting a new model from the weights of another."""

import logging
from pathlib import Path

from videoseq.models.checkpoint import ModelConfig, load_checkpoint
from videoseq.models.video_model import VideoModel
from videoseq.models.weights import fit_state
from videoseq.types import plain_dict

_CLASSIFIER = "head.classifier."
_POOL = "head.pool."

logger = logging.getLogger(__name__)


def initialise_from(model: VideoModel, checkpoint: Path, config: ModelConfig) -> None:
    """Copies a checkpoint's weights into a model; what is for other outputs stays as it is.

    That is the classifier where the classes differ, and what makes one answer of all frames where only one of both has that.

    Args:
        model: The new model, filled in place.
        checkpoint: A checkpoint of a model with the same encoder and head.
        config: What the new model was built from.

    Raises:
        CheckpointError: The file is no checkpoint of videoseq, or its weights do not fit.
    """
    loaded = load_checkpoint(checkpoint)
    anew: dict[str, str] = {}
    if loaded.config.class_names != config.class_names:
        known = f"the checkpoint knows the classes {list(loaded.config.class_names)}"
        anew[_CLASSIFIER] = f"{known}; the classifier starts anew"
    own, state = model.state_dict(), loaded.model.state_dict()
    if loaded.config.task.per_frame != config.task.per_frame and any(name.startswith(_POOL) for name in [*own, *state]):
        has = "for each frame" if loaded.config.task.per_frame else "for each video"
        does = "starts anew" if loaded.config.task.per_frame else "is left out"
        anew[_POOL] = f"the checkpoint has an answer {has}; the pooling over frames {does}"
    for text in anew.values():
        logger.info("init_from: %s", text)
    prefixes = tuple(anew)
    state = {name: value for name, value in state.items() if not name.startswith(prefixes)}
    state |= {name: value for name, value in own.items() if name.startswith(prefixes)}
    fit_state(
        model,
        state,
        source=f"checkpoint {str(checkpoint)!r}",
        fix="init_from needs the model.encoder and model.head that the checkpoint was trained with",
    )
    _warn_of_other_options(loaded.config, config)


def _warn_of_other_options(source: ModelConfig, config: ModelConfig) -> None:
    """Warns of options of the head that change what its weights mean and not their shapes."""
    # A pool is of no use where every frame is asked for: there it is always `last`.
    free = {"dropout"} | ({"pool"} if source.task.per_frame != config.task.per_frame else set())
    known, given = plain_dict(source.head), plain_dict(config.head)
    differing = [name for name in known if name not in free and known[name] != given.get(name)]
    if differing:
        logger.warning(
            "init_from: the checkpoint was trained with %s, which is another head than %s: its weights fit in shape alone",
            *(" ".join(f"model.head.{name}={options.get(name)}" for name in differing) for options in (known, given)),
        )
