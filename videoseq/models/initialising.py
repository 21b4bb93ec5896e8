"""Starting a new model from the weights of another."""

import logging
from pathlib import Path

from videoseq.models.checkpoint import ModelConfig, load_checkpoint
from videoseq.models.video_model import VideoModel
from videoseq.models.weights import fit_state

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
