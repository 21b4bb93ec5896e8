"""Encoding a few frames at a time, and encoding them once more in the backward pass: the same results in less memory."""

from math import prod

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from videoseq.errors import ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.heads import build_head
from videoseq.models.options import EncoderOptions, RecurrentHeadOptions, SimpleEncoderOptions, TorchvisionEncoderOptions
from videoseq.models.video_model import VideoModel

STILL = SimpleEncoderOptions(channels=(4, 6), spatial=(2, 2), freeze_batchnorm=True)
LENGTHS = torch.tensor([6, 2, 5])


def build(options: EncoderOptions = STILL, **values) -> VideoModel:
    """Builds a model for frames of 32 x 32, the same each time."""
    torch.manual_seed(0)
    encoder = build_encoder(options, height=32, width=32)
    head = build_head(RecurrentHeadOptions(hidden_size=8), feature_shape=encoder.feature_shape, num_outputs=3)
    return VideoModel(encoder, head, **values).train()


@pytest.fixture(scope="module")
def video() -> torch.Tensor:
    return torch.randint(0, 256, (3, 6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def learned(model: VideoModel, video: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Returns logits and the gradient of every parameter."""
    torch.manual_seed(3)
    logits, _ = model(video, LENGTHS)
    logits.logsumexp(1).sum().backward()
    return logits.detach(), {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


def bytes_kept(model: VideoModel, video: torch.Tensor) -> int:
    """Returns how much a forward pass keeps for the backward pass, parameters aside."""
    kept: dict[int, int] = {}
    owned = {value.untyped_storage().data_ptr() for value in model.state_dict().values()}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        logits, _ = model(video, LENGTHS)
    assert logits.requires_grad
    return sum(kept.values())


@pytest.mark.parametrize("chunk", [1, 4, 5, 13, 100])
def test_chunks_change_neither_logits_nor_gradients(video, chunk):
    logits, gradients = learned(build(), video)
    chunked, others = learned(build(encoder_chunk=chunk), video)
    torch.testing.assert_close(chunked, logits, atol=1e-6, rtol=0)
    assert gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(others[name], gradient, atol=1e-5, rtol=1e-4)


def test_the_encoder_gets_as_many_frames_as_a_chunk_holds(video):
    model, sizes = build(encoder_chunk=5), []
    model.encoder.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    model(video)
    model(video, LENGTHS)
    assert sizes == [5, 5, 5, 3, 5, 5, 3]


@pytest.mark.parametrize("chunk", [None, 5])
def test_checkpointing_gives_the_same_gradients_also_with_dropout_in_the_encoder(video, chunk):
    options = SimpleEncoderOptions(channels=(4, 6), spatial=(2, 2), freeze_batchnorm=True, dropout=0.5)
    logits, gradients = learned(build(options, encoder_chunk=chunk), video)
    again, others = learned(build(options, encoder_chunk=chunk, activation_checkpointing=True), video)
    assert torch.equal(again, logits)
    assert any(name.startswith("encoder.trunk") for name in gradients)
    assert gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        assert torch.equal(others[name], gradient), name


def test_checkpointing_encodes_every_chunk_once_more(video):
    model, sizes = build(encoder_chunk=8, activation_checkpointing=True), []
    model.encoder.trunk.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    logits, _ = model(video)
    assert sizes == [8, 8, 2]
    logits.sum().backward()
    assert sorted(sizes) == sorted([8, 8, 2] * 2)


def test_chunks_of_a_trained_encoder_keep_all_without_checkpointing(video):
    assert bytes_kept(build(encoder_chunk=4), video) >= bytes_kept(build(), video)


def test_checkpointing_keeps_the_frames_alone(video):
    whole, less = bytes_kept(build(), video), bytes_kept(build(encoder_chunk=4, activation_checkpointing=True), video)
    frames = int(LENGTHS.sum()) * prod(video.shape[2:])  # a byte each
    assert frames < less < 2 * frames
    assert whole > 20 * less


def test_a_frozen_encoder_keeps_nothing(video):
    frozen = build(SimpleEncoderOptions(channels=(4, 6), spatial=(2, 2), freeze="all"))
    assert bytes_kept(frozen, video) < prod(video.shape) / 4
    assert not frozen.encode(video, LENGTHS).requires_grad


def test_bfloat16_is_that_of_the_first_pass_in_the_second_too(video):
    results = []
    for again in (False, True):
        with torch.autocast("cpu", torch.bfloat16):
            results.append(learned(build(activation_checkpointing=again), video))
    (logits, gradients), (other, others) = results
    assert logits.dtype == torch.bfloat16
    assert torch.equal(logits, other)
    assert all(torch.equal(others[name], gradient) for name, gradient in gradients.items())


REFUSED = (
    ({"encoder_chunk": 4}, r"^training\.encoder_chunk=4: the encoder's BatchNorm is trained"),
    ({"activation_checkpointing": True}, r"^training\.activation_checkpointing=true: .*freeze_batchnorm=true"),
    ({"encoder_chunk": 4, "activation_checkpointing": True}, r"^training\.encoder_chunk=4 and training\.activation_check"),
)


@pytest.mark.parametrize(("values", "message"), REFUSED)
@pytest.mark.parametrize(
    "options",
    [
        SimpleEncoderOptions(channels=(4, 6)),
        SimpleEncoderOptions(channels=(4, 6), freeze_until="0"),
        SimpleEncoderOptions(channels=(4, 6), freeze="all", unfreeze_at_epoch=3),
        SimpleEncoderOptions(channels=(4, 6), freeze="all", unfreeze_at_epoch={3: "1"}),
    ],
)
def test_batchnorm_that_is_trained_in_some_epoch_is_refused(options, values, message):
    with pytest.raises(ModelError, match=message):
        build(options, **values)


@pytest.mark.parametrize(
    "options",
    [
        STILL,
        SimpleEncoderOptions(channels=(4, 6), freeze="all"),
        SimpleEncoderOptions(channels=(4, 6), freeze="all", unfreeze_at_epoch={3: "1.2"}),  # ReLU and pooling
        TorchvisionEncoderOptions(name="squeezenet1_1", weights=None, freeze="none"),
    ],
)
def test_where_batchnorm_stays_as_it_is_both_are_taken(options):
    model = build(options, encoder_chunk=4, activation_checkpointing=True)
    assert (model.encoder_chunk, model.activation_checkpointing) == (4, True)
