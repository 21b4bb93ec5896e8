import pytest
import torch

from tests.models.heads.building import build, noise
from videoseq.models.heads.min_gru import MinGRULayer, scan
from videoseq.models.options import MinGRUHeadOptions


def written_out(layer, x):
    """Runs the equations of the paper frame by frame."""
    hidden, made = torch.zeros(len(x), layer.size), []
    weights, biases = layer.linear.weight.chunk(2), layer.linear.bias.chunk(2)
    for frame in x.unbind(1):
        gate = torch.sigmoid(frame @ weights[0].T + biases[0])
        hidden = (1 - gate) * hidden + gate * (frame @ weights[1].T + biases[1])
        made.append(hidden)
    return torch.stack(made, dim=1)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 8, 37])
def test_layer_equals_the_loop_of_the_paper(num_frames):
    torch.manual_seed(0)
    layer, x = MinGRULayer(5, 4), noise(2, num_frames, 5)
    made, state = layer(x, None, None)
    torch.testing.assert_close(made, written_out(layer, x), atol=1e-5, rtol=0)
    torch.testing.assert_close(state[0][0], made[:, -1])


def test_units_remember_from_a_few_frames_to_many_at_first():
    forgotten = torch.sigmoid(MinGRULayer(5, 8).linear.bias[:8])
    torch.testing.assert_close(1 / forgotten, torch.tensor([2.0, 4, 8, 16, 32, 64, 128, 256]))


def test_scan_of_three_frames():
    keep, added = torch.tensor([[[0.5], [0.5], [0.25]]]), torch.tensor([[[8.0], [2.0], [1.0]]])
    assert scan(keep, added).flatten().tolist() == [8, 6, 2.5]


@pytest.mark.parametrize("kept", [0.0, 1e-6, 0.5, 0.999, 1.0])
def test_thousands_of_frames_stay_exact_whatever_is_forgotten(kept):
    added = noise(1, 5000, 3)
    keep = torch.full_like(added, kept).requires_grad_()
    hidden, factor, expected = torch.zeros(1, 3), keep[0, 0, 0].double(), []
    for frame in added.double().unbind(1):
        hidden = factor * hidden + frame
        expected.append(hidden)
    made = scan(keep, added)
    torch.testing.assert_close(made.double(), torch.stack(expected, dim=1).detach(), atol=1e-5, rtol=1e-5)
    made.mean().backward()
    assert keep.grad.isfinite().all()


def test_long_clips_in_frames_equal_the_clip_at_once():
    head, x = build(MinGRUHeadOptions(hidden_size=4, num_layers=3, residual=True, layer_norm=True)), noise(1, 1000, 12)
    with torch.no_grad():
        whole, _ = head(x)
        state = None
        for frame in x.split(1, dim=1):
            logits, state = head(frame, None, state)
    torch.testing.assert_close(logits, whole, atol=1e-5, rtol=0)
    assert [tensor.shape for tensor in state] == [(3, 1, 4)]
