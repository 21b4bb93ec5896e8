"""Building an encoder from its options."""

from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.options import EncoderOptions, SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions
from videoseq.models.simple_encoder import SimpleEncoder
from videoseq.models.timm_encoder import TimmEncoder
from videoseq.models.torchvision_encoder import TorchvisionEncoder

__all__ = ["FrameEncoder", "build_encoder"]


def build_encoder(options: EncoderOptions, *, height: int, width: int, load_weights: bool = True) -> FrameEncoder:
    """Builds an encoder, frozen as its options say.

    Args:
        options: `SimpleEncoderOptions`, `TorchvisionEncoderOptions` or `TimmEncoderOptions`.
        height: H of the frames, pixels.
        width: W of the frames, pixels.
        load_weights: Whether to read `options.weights`; False where a checkpoint supplies the weights, so that nothing
            is downloaded.

    Raises:
        ModelError: An unknown name, or one of a package that is not installed; a size or `spatial` that the network cannot
            take; an unknown layer to freeze or unfreeze.
        CheckpointError: The weights cannot be had, cannot be read or do not fit.
        TypeError: Options of no encoder.
    """
    match options:
        case SimpleEncoderOptions():
            return SimpleEncoder(options, height=height, width=width, load_weights=load_weights)
        case TorchvisionEncoderOptions():
            return TorchvisionEncoder(options, height=height, width=width, load_weights=load_weights)
        case TimmEncoderOptions():
            return TimmEncoder(options, height=height, width=width, load_weights=load_weights)
    raise TypeError(f"expected the options of an encoder, such as SimpleEncoderOptions, got {type(options).__name__}")
