"""What TensorBoard shows besides curves: input clips as they are trained on, and a picture of the validation figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
import torch
from matplotlib.figure import Figure
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from videoseq.models.answers import claimed
from videoseq.reporting.class_bars import class_bars
from videoseq.reporting.figures import confusion_figure, confusion_matrix
from videoseq.reporting.files import writable
from videoseq.reporting.gifs import encode_gif
from videoseq.reporting.label_tables import label_table
from videoseq.reporting.value_figures import scatter_figure
from videoseq.training import ranks
from videoseq.training.tasks import AnyTask


@dataclass(frozen=True)
class _Picture:
    """A picture of what validation has shown.

    Attributes:
        tag: Its name.
        kept: What is kept of the logits of a batch.
        draw: Draws what is kept, (M, …), and the M targets, with the names of the outputs.
    """

    tag: str
    kept: Callable[[AnyTask, Tensor], Tensor]
    draw: Callable[[Tensor, Tensor, Sequence[str]], Figure]


def _classes(task: AnyTask, logits: Tensor) -> Tensor:
    return logits.argmax(-1)


def _answers(task: AnyTask, logits: Tensor) -> Tensor:
    return task.answers(logits)


def _confusion(preds: Tensor, targets: Tensor, names: Sequence[str]) -> Figure:
    return confusion_figure(confusion_matrix(preds, targets, len(names)), names)


def _label_bars(probs: Tensor, targets: Tensor, names: Sequence[str]) -> Figure:
    return class_bars(label_table(targets, probs, claimed(probs), names))


def _scatter(values: Tensor, targets: Tensor, names: Sequence[str]) -> Figure:
    return scatter_figure(targets.double().numpy(), values.double().numpy(), "validation")


_PICTURES = {
    "classification": _Picture("confusion_matrix", _classes, _confusion),
    "multilabel": _Picture("classes", _answers, _label_bars),
    "frames": _Picture("confusion_matrix", _classes, _confusion),
    "regression": _Picture("scatter", _answers, _scatter),
}


class TensorBoardMedia(pl.Callback):
    """Writes a few training clips as GIFs at the start, and after every epoch a picture of the validation.

    That is the confusion matrix of videos, or of labelled frames; bars of the figures of every class for multilabel; predicted
    over true values for a regression. The first of several processes writes: clips of its own, the picture of all.

    Args:
        task: What is learned.
        class_names: Name of each output.
        num_clips: How many clips of the first batch are shown.
    """

    def __init__(self, task: AnyTask, class_names: Sequence[str], num_clips: int = 4) -> None:
        self.task = task
        self.class_names = class_names
        self.num_clips = num_clips
        self._picture = _PICTURES[task.spec.name]
        self._shown = False
        self._seen: list[tuple[Tensor, Tensor]] = []  # of every batch, where it is: no step waits for it

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, *args: Any) -> None:
        """Shows the first batch of the run."""
        if self._shown or not trainer.is_global_zero or not isinstance(trainer.logger, TensorBoardLogger):
            return
        self._shown = True
        for row in range(min(self.num_clips, len(batch))):
            clip = batch.frames(row)  # (T, C, H, W)
            if clip is None:  # trained on by its features; the file has changed since
                continue
            name = "_".join([str(row), *self._said(batch.targets[row])])
            _add_gif(trainer.logger.experiment, f"input/{name}", clip.cpu(), trainer.global_step)

    def _said(self, target: Tensor) -> list[str]:
        """Returns the label of a clip in words, none where each of its frames has one of its own."""
        if self.task.spec.per_frame:
            return []
        if not self.task.spec.has_classes:
            return [f"{float(target):.4g}"]
        which = [int(target)] if target.ndim == 0 else target.nonzero()[:, 0].tolist()
        return [writable(self.class_names[k]) for k in which]

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts an empty picture."""
        self._seen = []

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Adds a batch to the picture."""
        if outputs is not None:
            # Copies: what a worker has sent keeps a file open for as long as it is there.
            self._seen.append((self._picture.kept(self.task, outputs), batch.targets.clone()))

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Writes the picture."""
        pairs = [self.task.labelled(kept.cpu(), targets.cpu()) for kept, targets in self._seen]
        self._seen = []
        everyone = ranks.gathered([_joined(pairs)] if pairs else [])
        if everyone and trainer.is_global_zero and isinstance(trainer.logger, TensorBoardLogger):
            figure = self._picture.draw(*_joined(everyone), self.class_names)
            trainer.logger.experiment.add_figure(f"val/{self._picture.tag}", figure, trainer.global_step)


def _joined(pairs: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    answers, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return answers, targets


def _add_gif(writer: Any, tag: str, clip: Tensor, step: int) -> None:
    # SummaryWriter.add_video writes nothing with moviepy 2; a GIF inside an image summary plays in TensorBoard.
    from tensorboard.compat.proto.summary_pb2 import Summary

    image = Summary.Image(height=clip.shape[2], width=clip.shape[3], colorspace=3, encoded_image_string=encode_gif(clip))
    writer._get_file_writer().add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), step)
