"""The usual CNN-then-LSTM script: the CNN is called on frame t within a Python loop, in fp32, on whole floats from the loader.

`python -m videoseq.benchmarks.peers.frame_loop` takes the options of `videoseq.train`, and trains the same encoder on the same
clips for as many epochs, validated after each and tested at the end; nothing is kept between epochs.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from videoseq.benchmarks.peers.decord_loader import DecordClips, decord_clips
from videoseq.config import TrainConfig, load_config
from videoseq.data.manifest import build_manifest
from videoseq.data.videos import Video
from videoseq.models.encoders import build_encoder
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.reporting.progress import progress_bar
from videoseq.serving.device import choose_device

_HIDDEN_SIZE = 256


class FrameLoop(nn.Module):
    """A CNN on one frame after the other, and an LSTM over what it says.

    Args:
        encoder: The CNN.
        feature_size: D.
        hidden_size: S.
        num_classes: K.
    """

    def __init__(self, encoder: FrameEncoder, feature_size: int, hidden_size: int, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.lstm = nn.LSTM(feature_size, hidden_size, batch_first=True)
        self.classifier = nn.Linear(hidden_size, num_classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Returns logits: (B, T, 3, H, W) normalised floats -> (B, K)."""
        features = []
        for t in range(clips.shape[1]):
            with torch.set_grad_enabled(torch.is_grad_enabled() and not self.encoder.is_frozen):
                features.append(self.encoder.features(clips[:, t]).flatten(1))  # (B, D)
        states, _ = self.lstm(torch.stack(features, dim=1))  # (B, T, D) -> (B, T, S)
        logits: Tensor = self.classifier(states[:, -1])
        return logits


class NormalisedClips(Dataset[tuple[Tensor, int]]):
    """Clips as floats, scaled and normalised by the worker that decodes them."""

    def __init__(self, clips: DecordClips, mean: Tensor, std: Tensor) -> None:
        self.clips = clips
        self.mean = mean
        self.std = std

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        clip, target = self.clips[position]
        return (clip.float() / 255 - self.mean) / self.std, target


def main(words: Sequence[str]) -> None:
    """Trains, validates and tests."""
    options = load_config(TrainConfig, "train", words)
    manifest = build_manifest(options.data, Path(options.paths.cache).expanduser(), progress_bar)
    clip, device = options.clip, choose_device(options.trainer.accelerator, options.trainer.num_threads)
    torch.manual_seed(options.seed)
    encoder = build_encoder(options.model.encoder, height=clip.height, width=clip.width)
    size = int(torch.tensor(encoder.feature_shape).prod())
    hidden_size = getattr(options.model.head, "hidden_size", _HIDDEN_SIZE)
    model = FrameLoop(encoder, size, hidden_size, len(manifest.class_names)).to(device)
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=options.optimizer.lr)

    def loader(videos: Sequence[Video], *, shuffle: bool) -> DataLoader[tuple[Tensor, int]]:
        clips = NormalisedClips(decord_clips(videos, clip), encoder.mean.cpu(), encoder.std.cpu())
        workers = options.data.workers
        pinned = device.type == "cuda"
        return DataLoader(
            clips, options.data.batch_size, shuffle, num_workers=workers, persistent_workers=workers > 0, pin_memory=pinned
        )

    train, val = loader(manifest.videos["train"], shuffle=True), loader(manifest.videos["val"], shuffle=False)
    started = time.perf_counter()
    for epoch in range(options.training.max_epochs):
        model.train()
        for clips, targets in train:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(clips.to(device)), targets.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        accuracy = _accuracy(model, val, device)
        seconds = time.perf_counter() - started
        print(f"epoch {epoch + 1}/{options.training.max_epochs}  val/accuracy {accuracy:.3f}  {seconds:.0f} s", file=sys.stderr)
    if options.test and manifest.videos["test"]:
        print(f"test accuracy {_accuracy(model, loader(manifest.videos['test'], shuffle=False), device):.3f}", file=sys.stderr)


@torch.no_grad()
def _accuracy(model: FrameLoop, loader: DataLoader[tuple[Tensor, int]], device: torch.device) -> float:
    model.eval()
    right = [model(clips.to(device)).argmax(1).cpu() == targets for clips, targets in loader]
    return float(torch.cat(right).float().mean())


if __name__ == "__main__":
    main(sys.argv[1:])
