"""A model at work encodes a few frames at a time on a CPU, and is afterwards as it was."""

import pytest
import torch

from videoseq.models.checkpoint import ModelConfig, build_model
from videoseq.models.options import RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.models.video_model import VideoModel
from videoseq.serving.encoding import FRAMES_AT_ONCE, FRAMES_AT_ONCE_ON_CPU, fast_encoding
from videoseq.types import ClipSpec

CPU = torch.device("cpu")
NUM_FRAMES = 2 * FRAMES_AT_ONCE_ON_CPU + 5


def build(**options) -> VideoModel:
    torch.manual_seed(0)
    encoder = SimpleEncoderOptions(channels=(4, 8), spatial=(2, 2), freeze_batchnorm=True)
    config = ModelConfig(encoder, RecurrentHeadOptions(hidden_size=8), ("a", "b"), ClipSpec(height=8, width=8))
    return build_model(config, **options).eval()


def is_channels_last(model: VideoModel) -> bool:
    return model.encoder.trunk[0][0].weight.is_contiguous(memory_format=torch.channels_last)


def seen_by(model: VideoModel, device: torch.device) -> tuple[list[int], torch.Tensor]:
    """Returns how many frames the encoder gets at once, and what it makes of them."""
    generator = torch.Generator().manual_seed(0)
    video = torch.randint(0, 256, (1, NUM_FRAMES, 3, 8, 8), dtype=torch.uint8, generator=generator)
    sizes: list[int] = []
    hook = model.encoder.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    with fast_encoding(model, device), torch.no_grad():
        assert is_channels_last(model) == (device.type == "cpu" or model.channels_last)
        features = model.encode(video)
    hook.remove()
    return sizes, features


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(("own", "expected"), [(None, [32, 32, 5]), (500, [32, 32, 5]), (30, [30, 30, 9])])
def test_a_few_frames_at_a_time_give_the_same_features_and_the_model_stays_as_it_was(own, expected, channels_last):
    model = build(encoder_chunk=own, channels_last=channels_last)
    assert is_channels_last(model) == channels_last
    sizes, features = seen_by(model, CPU)
    assert sizes == expected
    assert (model.encoder_chunk, model.channels_last, is_channels_last(model)) == (own, channels_last, channels_last)
    whole, expected_features = seen_by(model, torch.device("meta"))
    assert whole == ([NUM_FRAMES] if own != 30 else [30, 30, 9])
    torch.testing.assert_close(features, expected_features, atol=1e-6, rtol=1e-5)


def test_on_another_device_long_clips_are_encoded_in_parts_that_fit_into_memory():
    model = build()
    with fast_encoding(model, torch.device("cuda")):
        assert (model.encoder_chunk, model.channels_last) == (FRAMES_AT_ONCE, False)
    assert model.encoder_chunk is None


def test_a_model_that_fails_is_as_it_was_and_can_learn():
    model = build()
    with pytest.raises(ValueError, match="torn"), fast_encoding(model, CPU):
        raise ValueError("torn")
    assert (model.encoder_chunk, model.channels_last, is_channels_last(model)) == (None, False, False)
    model(torch.zeros(1, 2, 3, 8, 8, dtype=torch.uint8))[0].sum().backward()
    assert model.encoder.trunk[0][0].weight.grad is not None
