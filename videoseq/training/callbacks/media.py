"""What TensorBoard shows besides curves: input clips as they are trained on, and the confusion matrix."""

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from videoseq.reporting.figures import confusion_figure, confusion_matrix
from videoseq.reporting.files import writable
from videoseq.reporting.gifs import encode_gif
from videoseq.training import ranks


class TensorBoardMedia(pl.Callback):
    """Writes a few training clips as GIFs at the start and the validation confusion matrix after every epoch.

    The first of several processes writes: clips of its own, the matrix of all.

    Args:
        class_names: Class id -> name.
        num_clips: How many clips of the first batch are shown.
    """

    def __init__(self, class_names: Sequence[str], num_clips: int = 4) -> None:
        self.class_names = class_names
        self.num_clips = num_clips
        self._shown = False
        self._seen: list[tuple[Tensor, Tensor]] = []  # preds and targets of every batch, where they are: no step waits for them

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, *args: Any) -> None:
        """Shows the first batch of the run."""
        if self._shown or not trainer.is_global_zero or not isinstance(trainer.logger, TensorBoardLogger):
            return
        self._shown = True
        for row in range(min(self.num_clips, len(batch))):
            clip = batch.frames(row)  # (T, C, H, W)
            if clip is None:  # trained on by its features; the file has changed since
                continue
            name = self.class_names[int(batch.targets[row])]
            _add_gif(trainer.logger.experiment, f"input/{row}_{writable(name)}", clip.cpu(), trainer.global_step)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts an empty matrix."""
        self._seen = []

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, *args: Any
    ) -> None:
        """Adds a batch to the matrix."""
        if outputs is not None:
            # Copies: what a worker has sent keeps a file open for as long as it is there.
            self._seen.append((outputs.argmax(1), batch.targets.clone()))

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Writes the matrix."""
        nothing = torch.zeros(0, dtype=torch.int64)
        preds, targets = (torch.cat([nothing, *(pair[i].cpu() for pair in self._seen)]) for i in range(2))
        matrix = ranks.summed(confusion_matrix(preds, targets, len(self.class_names)))
        if trainer.is_global_zero and isinstance(trainer.logger, TensorBoardLogger):
            figure = confusion_figure(matrix, self.class_names)
            trainer.logger.experiment.add_figure("val/confusion_matrix", figure, trainer.global_step)


def _add_gif(writer: Any, tag: str, clip: Tensor, step: int) -> None:
    # SummaryWriter.add_video writes nothing with moviepy 2; a GIF inside an image summary plays in TensorBoard.
    from tensorboard.compat.proto.summary_pb2 import Summary

    image = Summary.Image(height=clip.shape[2], width=clip.shape[3], colorspace=3, encoded_image_string=encode_gif(clip))
    writer._get_file_writer().add_summary(Summary(value=[Summary.Value(tag=tag, image=image)]), step)
