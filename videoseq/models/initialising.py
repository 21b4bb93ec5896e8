"""Starting a new model from the weights of another."""

import logging
from collections.abc import Sequence
from pathlib import Path

from videoseq.models.checkpoint import load_checkpoint
from videoseq.models.video_model import VideoModel
from videoseq.models.weights import fit_state

_CLASSIFIER = "head.classifier."

logger = logging.getLogger(__name__)


def initialise_from(model: VideoModel, checkpoint: Path, class_names: Sequence[str]) -> None:
    """Copies a checkpoint's weights into a model; where the classes differ, the classifier stays as it is.

    Args:
        model: The new model, filled in place.
        checkpoint: A checkpoint of a model with the same encoder and head.
        class_names: Class id -> name of the new model.

    Raises:
        CheckpointError: The file is no checkpoint of videoseq, or its weights do not fit.
    """
    loaded = load_checkpoint(checkpoint)
    state = loaded.model.state_dict()
    if loaded.config.class_names != tuple(class_names):
        own = model.state_dict()
        state = {name: own.get(name, value) if name.startswith(_CLASSIFIER) else value for name, value in state.items()}
        logger.info(
            "init_from: the checkpoint knows the classes %s; the classifier starts anew", list(loaded.config.class_names)
        )
    fit_state(
        model,
        state,
        source=f"checkpoint {str(checkpoint)!r}",
        fix="init_from needs the model.encoder and model.head that the checkpoint was trained with",
    )
