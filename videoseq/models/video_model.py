"""The whole model: uint8 frames in, logits and state out."""

import torch
from torch import Tensor, nn

from videoseq.errors import ModelError
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.heads import Head
from videoseq.models.pooling import State, valid_frames


class VideoModel(nn.Module):
    """An encoder of frames and a head over their features.

    Args:
        encoder: Frames to features.
        head: Features to logits; made for features of size `prod(encoder.feature_shape)`.
        channels_last: Keep the encoder's weights and input in channels_last memory format, which is faster on many
            machines; the results are the same up to rounding.
    """

    def __init__(self, encoder: FrameEncoder, head: Head, *, channels_last: bool = False) -> None:
        super().__init__()
        self.channels_last = channels_last
        self.encoder = encoder.to(memory_format=torch.channels_last) if channels_last else encoder
        self.head = head

    def forward(self, video: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips, or the next frames of streams.

        Args:
            video: (B, T, 3, H, W) uint8 RGB in [0, 255].
            lengths: (B,) int64, valid frames of each clip, in [1, T]; None: all T are valid.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            Logits (B, K), not softmaxed, and the state after the last valid frame of each clip.

        Raises:
            ModelError: A video of another dtype or shape; a state or lengths that do not fit.
        """
        # Clips of one length need neither mask nor packing. Looked at on the CPU only, where it costs no wait for a device.
        if lengths is not None and lengths.device.type == "cpu" and bool((lengths == video.shape[1]).all()):
            lengths = None
        logits, new_state = self.head(self.encode(video, lengths), lengths, state)
        return logits, new_state

    def encode(self, video: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Encodes the valid frames; the others are never seen by the encoder, so BatchNorm counts real frames only.

        Args:
            video: (B, T, 3, H, W) uint8 RGB in [0, 255].
            lengths: (B,) int64, valid frames of each clip; None: all T are valid.

        Returns:
            Features, (B, T, D), zero for invalid frames.

        Raises:
            ModelError: A video of another dtype or shape.
        """
        _check_video(video)
        mask = valid_frames(video, lengths)
        frames = video.flatten(0, 1) if mask is None else video[mask]  # (B, T, C, H, W) -> (N, C, H, W)
        encoded = self.encoder(self.normalise(frames)).flatten(1)  # (N, C, H, W) -> (N, D)
        if mask is None:
            features: Tensor = encoded.unflatten(0, video.shape[:2])  # (N, D) -> (B, T, D)
            return features
        features = encoded.new_zeros(*video.shape[:2], encoded.shape[1])
        features[mask] = encoded  # (N, D) -> (B, T, D)
        return features

    def normalise(self, frames: Tensor) -> Tensor:
        """Returns (N, C, H, W) uint8 frames scaled to [0, 1] and normalised with the encoder's mean and std."""
        encoder = self.encoder
        scaled = (frames.to(encoder.mean.dtype) / 255 - encoder.mean) / encoder.std
        # Decoded frames are (H, W, 3) in memory: without this their strides would decide, not the flag.
        return scaled.contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)


def _check_video(video: Tensor) -> None:
    if video.dtype != torch.uint8:
        raise ModelError(
            f"got a video of {video.dtype}, expected uint8 RGB in [0, 255]: pass the decoded frames as they are, the "
            "model scales and normalises them itself"
        )
    if video.ndim != 5 or video.shape[2] != 3:
        raise ModelError(
            f"got a video of shape {tuple(video.shape)}, expected (B, T, 3, H, W): decoded frames (T, H, W, 3) need "
            "permute(0, 3, 1, 2) and unsqueeze(0)"
        )
