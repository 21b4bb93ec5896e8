from copy import deepcopy
from functools import cache

import av
import pytest
import torch
from torch import nn

from videoseq.data.writing import write_video
from videoseq.errors import ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.heads import build_head
from videoseq.models.options import (
    MeanHeadOptions,
    RecurrentHeadOptions,
    SimpleEncoderOptions,
    TorchvisionEncoderOptions,
)
from videoseq.models.video_model import VideoModel

ENCODERS = {
    "simple": SimpleEncoderOptions(channels=(4, 6), spatial=(2, 2)),
    "simple_pooled": SimpleEncoderOptions(channels=(4, 6), spatial=None, depth=2),
    "part_frozen": SimpleEncoderOptions(channels=(4, 6), spatial=None, freeze_until="0"),
    "torchvision": TorchvisionEncoderOptions(name="shufflenet_v2_x0_5", weights=None, freeze="none"),
    "torchvision_frozen": TorchvisionEncoderOptions(name="mobilenet_v3_small", weights=None),
    "torchvision_spatial": TorchvisionEncoderOptions(name="squeezenet1_1", weights=None, freeze="none", spatial=(1, 1)),
}
HEADS = {
    "mean": MeanHeadOptions(),
    "lstm-last": RecurrentHeadOptions(hidden_size=8),
    "gru-attention": RecurrentHeadOptions(name="gru", hidden_size=8, pool="attention"),
    "rnn-max-both": RecurrentHeadOptions(name="rnn", hidden_size=8, pool="max", bidirectional=True),
}
"""Of each kind of pool one; see test_contract.py for all heads."""


@cache
def built_encoder(encoder):
    torch.manual_seed(0)
    return build_encoder(ENCODERS[encoder], height=32, width=32)


def build(encoder="simple", head="lstm-last", **values):
    """Builds a model, the same each time."""
    frames = deepcopy(built_encoder(encoder))
    torch.manual_seed(0)
    sequence = build_head(HEADS[head], feature_shape=frames.feature_shape, num_outputs=3)
    return VideoModel(frames, sequence, **values)


def noise(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Frames of a real encoded video, (1, 6, 3, 32, 32) uint8."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, noise(6, 32, 32, 3).numpy())
    with av.open(str(path)) as container:
        frames = [torch.from_numpy(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return torch.stack(frames).permute(0, 3, 1, 2).unsqueeze(0)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("head", HEADS)
def test_contract_of_every_encoder_with_every_head(encoder, head):
    model = build(encoder, head).train()
    video, lengths = noise(2, 4, 3, 32, 32), torch.tensor([4, 2])
    logits, state = model(video, lengths)
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()
    assert bool(state) == model.head.is_causal
    nn.functional.cross_entropy(logits, torch.tensor([0, 2])).backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
    model.eval()
    with torch.no_grad():
        padded, _ = model(video, lengths)
        alone, _ = model(video[1:, :2])
        torch.testing.assert_close(padded[1:], alone, atol=1e-4, rtol=1e-4)
        if model.head.is_causal:
            _, state = model(video[:, :1])
            streamed, _ = model(video[:, 1:], lengths - 1, state)
            torch.testing.assert_close(streamed, padded, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("encoder", ["simple", "torchvision"])
def test_padding_changes_neither_logits_nor_batch_norm(encoder):
    video, lengths = noise(3, 5, 3, 32, 32), torch.tensor([5, 1, 3])
    other = video.clone()
    other[1, 1:], other[2, 3:] = 255, 0
    results = []
    for clips in (video, other):
        model = build(encoder).train()
        results.append((model(clips, lengths)[0], model.encoder.state_dict()))
    assert torch.equal(results[0][0], results[1][0])
    for name, tensor in results[0][1].items():
        assert torch.equal(tensor, results[1][1][name]), name
    assert any("running_mean" in name and tensor.abs().sum() > 0 for name, tensor in results[0][1].items())


def test_whole_video_equals_frame_by_frame(clip):
    model = build().eval()
    with torch.no_grad():
        whole, _ = model(clip)
        state = None
        for frame in clip.split(1, dim=1):
            logits, state = model(frame, None, state)
    torch.testing.assert_close(logits, whole, atol=1e-5, rtol=0)


def test_one_frame_makes_a_classifier_of_images(clip):
    logits, _ = build(head="mean").eval()(clip[:, :1])
    assert logits.shape == (1, 3)


def test_encode_gives_features_and_zeros_for_padding(clip):
    model = build().eval()
    video, lengths = clip.repeat(2, 1, 1, 1, 1), torch.tensor([6, 2])
    features = model.encode(video, lengths)
    assert features.shape == (2, 6, 6 * 2 * 2)
    assert features[1, 2:].abs().sum() == 0
    torch.testing.assert_close(features[1, :2], features[0, :2])
    torch.testing.assert_close(model.encode(clip), features[:1])
    torch.testing.assert_close(model.head(features, lengths)[0], model(video, lengths)[0])


def test_frames_are_normalised_with_the_figures_of_the_encoder():
    frames = torch.tensor([0, 255, 51], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 2, 2)
    simple = build().normalise(frames)
    assert simple[:, 0, 0, 0].tolist() == pytest.approx([-1, 1, -0.6])
    imagenet = build("torchvision").normalise(frames)
    assert imagenet[:, 0, 0, 0].tolist() == pytest.approx([-0.485 / 0.229, 0.515 / 0.229, (0.2 - 0.485) / 0.229])
    assert imagenet[1, :, 0, 0].tolist() == pytest.approx([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225])


@pytest.mark.parametrize(
    ("video", "message"),
    [
        (torch.zeros(1, 2, 3, 32, 32), r"got a video of torch\.float32, expected uint8 RGB in \[0, 255\]: pass the decoded"),
        (noise(2, 3, 32, 32), r"got a video of shape \(2, 3, 32, 32\), expected \(B, T, 3, H, W\)"),
        (noise(1, 2, 32, 32, 3), r"got a video of shape \(1, 2, 32, 32, 3\), expected \(B, T, 3, H, W\).* permute"),
    ],
)
def test_other_videos_are_refused(video, message):
    with pytest.raises(ModelError, match=message):
        build()(video)


def test_frozen_encoder_leaves_only_the_head_to_train(clip):
    model = build("torchvision_frozen").train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model(clip)[0].sum().backward()
    torch.optim.SGD(trained, lr=0.1).step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert {name.split(".")[0] for name in changed} == {"head"}


@pytest.mark.parametrize("encoder", ["simple", "torchvision"])
def test_channels_last_changes_the_memory_format_and_not_the_logits(clip, encoder):
    model, fast = build(encoder).eval(), build(encoder, channels_last=True).eval()
    weight = next(module.weight for module in fast.encoder.modules() if isinstance(module, nn.Conv2d))
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    assert fast.normalise(clip[0]).is_contiguous(memory_format=torch.channels_last)
    assert model.normalise(clip[0]).is_contiguous()
    torch.testing.assert_close(fast(clip)[0], model(clip)[0], atol=1e-5, rtol=1e-4)


def test_a_model_in_bfloat16_takes_the_same_frames(clip):
    logits, _ = build().to(torch.bfloat16).eval()(clip)
    assert logits.dtype == torch.bfloat16
    assert logits.isfinite().all()
