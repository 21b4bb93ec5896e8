"""What holds for every head with the features of every kind of encoder, for every task."""

from dataclasses import replace
from functools import cache

import pytest
import torch

from tests.models.heads.building import SEQUENCES, SMALL, label
from videoseq.errors import ModelError
from videoseq.models.encoders import build_encoder
from videoseq.models.heads import build_head
from videoseq.models.options import HEADS, SimpleEncoderOptions, TimmEncoderOptions, TorchvisionEncoderOptions
from videoseq.models.video_model import VideoModel
from videoseq.training.task_options import TASKS, RegressionOptions, TaskOptions
from videoseq.training.tasks import build_task
from videoseq.types import IGNORED

ENCODERS = {
    "simple": SimpleEncoderOptions(channels=(4, 6), spatial=(2, 2)),
    "torchvision": TorchvisionEncoderOptions(name="squeezenet1_1", weights=None, freeze="none", spatial=(1, 1)),
    "timm": TimmEncoderOptions(name="timm:mobilenetv3_small_050", weights=None, freeze="none", spatial=(1, 1)),
}
TASK_OPTIONS = [*(options() for options in TASKS.values()), RegressionOptions(per_frame=True)]
LENGTHS = torch.tensor([6, 3, 1])
POOLS = ("mean", "max", "attention")
COMMON = [
    {"centre": "causal", "motion": "difference"},
    {"centre": "clip", "layer_norm": True},
    {"motion": "difference", "layer_norm": True, "projection": 5},
    {"dropout": 0.5},
]
OPTIONS = [
    *(replace(small, **changed) for small in SMALL.values() for changed in ({}, *COMMON)),
    *(replace(small, pool=pool) for small in SEQUENCES.values() for pool in POOLS),
    *(
        replace(SMALL[name], residual=name != "tcn", layer_norm=True, num_layers=2)
        for name in SMALL
        if name not in ("mean", "transformer")
    ),
    *(replace(SMALL[name], bidirectional=True, num_layers=2, residual=True) for name in ("lstm", "gru", "rnn")),
    *(replace(SMALL["lstm"], bidirectional=True, pool=pool) for pool in POOLS),
]
CASES = [
    (options, per_frame)
    for options in OPTIONS
    for per_frame in (False, True)
    if not per_frame or getattr(options, "pool", "last") == "last"
]


@cache
def encoded(encoder: str) -> tuple[tuple[int, ...], torch.Tensor]:
    """Returns the shape of an encoder's features and those of three clips, NaN where they are padded."""
    torch.manual_seed(0)
    video = torch.randint(0, 256, (3, 6, 3, 32, 32), dtype=torch.uint8)
    frames = build_encoder(ENCODERS[encoder], height=32, width=32)
    model = VideoModel(frames, build_head(SMALL["mean"], feature_shape=frames.feature_shape, num_outputs=1))
    with torch.no_grad():
        features = model.eval().encode(video)
    for row, length in enumerate(LENGTHS):
        features[row, length:] = torch.nan
    return frames.feature_shape, features


def targets_of(task: TaskOptions, num_outputs: int) -> torch.Tensor:
    """Returns targets of the three clips."""
    spec = task.spec
    if spec.per_frame:
        is_padding = torch.arange(6) >= LENGTHS.unsqueeze(1)
        values = torch.arange(18.0).view(3, 6) / 18
        return (
            values.masked_fill(is_padding, torch.nan)
            if not spec.has_classes
            else (values > 0.4).long().masked_fill(is_padding, IGNORED)
        )
    if spec.name == "multilabel":
        return torch.eye(3, num_outputs)
    return torch.tensor([0, 1, 2]) if spec.has_classes else torch.tensor([0.1, 0.7, -0.4])


def check_gradients(head, features, task, targets):
    """Every parameter of a head in training gets a gradient, finite whatever stands in the padding."""
    head.train()
    logits, state = head(features, LENGTHS)
    assert logits.shape == ((3, 6, task.num_outputs) if task.spec.per_frame else (3, task.num_outputs))
    assert logits.isfinite().all()
    assert all(tensor.shape[1] == 3 for tensor in state)
    losses, weights = task.loss_terms(logits, targets)
    (losses.sum() / weights.sum()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def check_padding(head, features):
    """A clip among longer ones gets what it gets alone."""
    logits, state = head(features, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, state_alone = head(features[row : row + 1, :length])
        found = logits[row : row + 1, :length] if logits.ndim == 3 else logits[row : row + 1]
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-4)
        for together, expected in zip(state, state_alone, strict=True):
            torch.testing.assert_close(together[:, row : row + 1], expected, atol=1e-5, rtol=1e-4)


def check_pieces(head, features):
    """Clips in pieces, of a different length in each row, get what they get at once; or a head says that it cannot."""
    whole, end = head(features[:2], LENGTHS[:2])
    if not head.is_causal:
        assert end == ()
        with pytest.raises(ModelError, match=r"cannot carry one: it needs the whole clip at once. Train with model\.head\."):
            head(features[:2], None, (features,))
        return
    state = tuple(torch.zeros_like(tensor) for tensor in end)
    found: list[list[torch.Tensor]] = [[], []]
    for starts, lengths in (((0, 0), (3, 1)), ((3, 1), (1, 1)), ((4, 2), (2, 1))):
        piece = torch.full((2, 3, features.shape[2]), torch.nan)
        for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            piece[row, :length] = features[row, start : start + length]
        logits, state = head(piece, torch.tensor(lengths), state)
        for row, length in enumerate(lengths):
            found[row].append(logits[row, :length] if logits.ndim == 3 else logits[row])
    for row, length in enumerate((6, 3)):
        if whole.ndim == 3:
            torch.testing.assert_close(torch.cat(found[row]), whole[row, :length], atol=1e-5, rtol=1e-4)
        else:
            torch.testing.assert_close(found[row][-1], whole[row], atol=1e-5, rtol=1e-4)
    for carried, expected in zip(state, end, strict=True):
        torch.testing.assert_close(carried, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("options", "per_frame"), CASES, ids=label)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_head_on_every_encoder_for_every_task(encoder, options, per_frame):
    shape, features = encoded(encoder)
    for task in (task for task in TASK_OPTIONS if task.spec.per_frame == per_frame):
        outputs = ("a", "b", "c") if task.spec.has_classes else ("value",)
        torch.manual_seed(0)
        head = build_head(options, feature_shape=shape, num_outputs=len(outputs), per_frame=per_frame)
        counts = dict.fromkeys(outputs, 1.0)
        check_gradients(head, features, build_task(task, task.spec, counts, 3.0), targets_of(task, len(outputs)))
    head.eval()
    with torch.no_grad():
        check_padding(head, features)
        check_pieces(head, features)


@pytest.mark.parametrize("name", ["lstm", "conv_lstm", "transformer"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("per_frame", [False, True])
def test_frames_of_a_video_train_the_whole_model(encoder, name, per_frame):
    torch.manual_seed(0)
    frames = build_encoder(ENCODERS[encoder], height=32, width=32)
    model = VideoModel(frames, build_head(SMALL[name], feature_shape=frames.feature_shape, num_outputs=3, per_frame=per_frame))
    video = torch.randint(0, 256, (3, 6, 3, 32, 32), dtype=torch.uint8)
    logits, _ = model(video, LENGTHS)
    logits.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())
    model.eval()
    with torch.no_grad():
        whole, _ = model(video)
        _, state = model(video[:, :4])
        rest, _ = model(video[:, 4:], None, state)
    torch.testing.assert_close(rest, whole[:, 4:] if per_frame else whole, atol=1e-4, rtol=1e-4)


def test_every_name_of_a_head_is_among_them():
    assert SMALL.keys() == HEADS.keys()
