"""Callbacks, as a configuration names them, that tell what runs at the same time, and end one of them."""

import os
import signal
import time
from pathlib import Path

import pytorch_lightning as pl
import torch


class Meet(pl.Callback):
    """Lets a training go on once several have begun, prints how many threads it has, and may end its process.

    Args:
        folder: An existing folder where every training leaves a file.
        count: How many must have begun.
        dies: Epochs of the training whose process is killed then.
    """

    def __init__(self, folder: str, count: int, dies: int | None = None) -> None:
        self.folder = Path(folder)
        self.count = count
        self.dies = dies

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leaves the file and waits for those of the others."""
        (self.folder / f"epochs_{trainer.max_epochs}").touch()
        deadline = time.monotonic() + 200
        while len(list(self.folder.iterdir())) < self.count:
            if time.monotonic() > deadline:
                raise TimeoutError("the others do not come")
            time.sleep(0.05)
        print(f"threads {torch.get_num_threads()}")
        if self.dies == trainer.max_epochs:
            os.kill(os.getpid(), signal.SIGKILL)
