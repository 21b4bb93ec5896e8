"""The whole model: uint8 frames in, logits and state out."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from videoseq.errors import ModelError
from videoseq.models.devices import on_device
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.heads import Head
from videoseq.models.pooling import State


class VideoModel(nn.Module):
    """An encoder of frames and a head over their features.

    Args:
        encoder: Frames to features.
        head: Features to logits; made for features of size `prod(encoder.feature_shape)`.
        channels_last: Keep the encoder's weights and input in channels_last memory format, which is faster on many
            machines; the results are the same up to rounding.
        encoder_chunk: Frames that the encoder gets at once; None: all of a batch. The results are the same up to rounding and
            to what the encoder draws. It makes memory less where the encoder keeps nothing for gradients, or is told by
            `activation_checkpointing` to keep little.
        activation_checkpointing: Keep of each chunk the frames alone for the backward pass, which encodes them once more;
            the results are the same. Where a batch is one chunk nothing is gained: all of it is encoded once more.

    Raises:
        ModelError: The one or the other, where BatchNorm is trained in some epoch.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        head: Head,
        *,
        channels_last: bool = False,
        encoder_chunk: int | None = None,
        activation_checkpointing: bool = False,
    ) -> None:
        super().__init__()
        check_chunks(encoder, encoder_chunk=encoder_chunk, activation_checkpointing=activation_checkpointing)
        self.channels_last = channels_last
        self.encoder_chunk = encoder_chunk
        self.activation_checkpointing = activation_checkpointing
        self.encoder = encoder.to(memory_format=torch.channels_last) if channels_last else encoder
        self.head = head

    def forward(self, video: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips, or the next frames of streams.

        Args:
            video: (B, T, 3, H, W) uint8 RGB in [0, 255].
            lengths: (B,) int64, valid frames of each clip, in [1, T]; None: all T are valid.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            Logits (B, K), or (B, T, K) where the head answers for each frame, not softmaxed, and the state after the last valid
            frame of each clip.

        Raises:
            ModelError: A video of another dtype or shape; a state or lengths that do not fit.
        """
        return self.classify(self.encode(video, lengths), lengths, state)

    def classify(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips, or the next frames of streams, by their features.

        Args:
            features: (B, T, D), what `encode` returns.
            lengths: As for `forward`.
            state: Likewise.

        Returns:
            Logits (B, K), or (B, T, K) where the head answers for each frame, not softmaxed, and the state after the last valid
            frame of each clip.

        Raises:
            ModelError: A state or lengths that do not fit.
        """
        logits, new_state = self.head(features, _unless_all_valid(lengths, features.shape[1]), state)
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
        lengths = _unless_all_valid(lengths, video.shape[1])
        frames = video.flatten(0, 1)  # (B, T, C, H, W) -> (B * T, C, H, W)
        valid = None if lengths is None else _valid_positions(lengths, video)
        encoded = self._encode_chunks(frames if valid is None else frames.index_select(0, valid))  # (N, C, H, W) -> (N, D)
        if valid is not None:
            encoded = encoded.new_zeros(len(frames), encoded.shape[1]).index_copy(0, valid, encoded)  # (N, D) -> (B * T, D)
        return encoded.reshape(*video.shape[:2], encoded.shape[1])  # (B * T, D) -> (B, T, D)

    def _encode_chunks(self, frames: Tensor) -> Tensor:
        """Returns the features of uint8 frames, (N, C, H, W) -> (N, D), of as many at once as `encoder_chunk` says."""
        encode = self._encode_frames
        if self.activation_checkpointing and torch.is_grad_enabled() and not self.encoder.is_frozen:
            encode = partial(checkpoint, self._encode_frames, use_reentrant=False)
        if self.encoder_chunk is None or len(frames) <= self.encoder_chunk:
            return encode(frames)
        return torch.cat([encode(chunk) for chunk in torch.split(frames, self.encoder_chunk)])

    def _encode_frames(self, frames: Tensor) -> Tensor:
        features: Tensor = self.encoder(self.normalise(frames)).flatten(1)  # (N, C, H, W) -> (N, D)
        return features

    def normalise(self, frames: Tensor) -> Tensor:
        """Returns (N, C, H, W) uint8 frames scaled to [0, 1] and normalised with the encoder's mean and std."""
        mean, std = self.encoder.mean, self.encoder.std
        # (frames / 255 - mean) / std, in one pass over the frames.
        normalised = torch.addcmul(-mean / std, frames.to(mean.dtype), 1 / (255 * std))
        # Decoded frames are (H, W, 3) in memory: without this their strides would decide, not the flag.
        return normalised.contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)


def _unless_all_valid(lengths: Tensor | None, num_frames: int) -> Tensor | None:
    """Returns the lengths, None where all frames are valid: clips of one length need neither mask nor packing.

    Looked at on the CPU only, where it costs no wait for a device.
    """
    if lengths is not None and lengths.device.type == "cpu" and bool((lengths == num_frames).all()):
        return None
    return lengths


def _valid_positions(lengths: Tensor, video: Tensor) -> Tensor:
    """Returns which of the B * T frames are valid, (N,) int64 ascending, on the video's device.

    Lengths on the CPU are counted there: a mask on a GPU would make the host wait for it, to learn how many frames there are.
    """
    valid = torch.arange(video.shape[1], device=lengths.device) < lengths.unsqueeze(1)  # (T,) < (B, 1) -> (B, T)
    return on_device(valid.flatten().nonzero().squeeze(1), video.device)


def check_chunks(encoder: FrameEncoder, *, encoder_chunk: int | None, activation_checkpointing: bool) -> None:
    """Refuses what an encoder cannot do without another result; see `VideoModel`.

    Raises:
        ModelError: BatchNorm is trained in some epoch.
    """
    asked = {
        f"training.encoder_chunk={encoder_chunk}": encoder_chunk is not None,
        "training.activation_checkpointing=true": activation_checkpointing,
    }
    given = [word for word, is_given in asked.items() if is_given]
    if given and encoder.trains_batchnorm:
        raise ModelError(
            f"{' and '.join(given)}: the encoder's BatchNorm is trained, and would take its figures from a chunk instead of "
            "the batch, or twice; set model.encoder.freeze_batchnorm=true, or leave it out"
        )


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
