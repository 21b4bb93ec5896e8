"""What heads of every kind do alike."""

from dataclasses import replace

import pytest
import torch

from tests.models.heads.building import SEQUENCES, SMALL, K, build, label, noise
from videoseq.errors import ModelError

CARRIED = [
    *(replace(options, centre="causal", motion="difference") for options in SMALL.values()),
    *(replace(options, pool="attention") for options in SEQUENCES.values()),
]


@pytest.mark.parametrize("options", CARRIED, ids=label)
def test_gradients_flow_through_the_state_and_stop_where_it_is_detached(options):
    head, x = build(options), noise(1, 5, 12).requires_grad_()
    (whole,) = torch.autograd.grad(head(x)[0][0, 0], x)
    _, state = head(x[:, :3])
    (pieces,) = torch.autograd.grad(head(x[:, 3:], None, state)[0][0, 0], x, retain_graph=True)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=1e-3)
    assert pieces[0, :3].abs().sum() > 0
    cut = tuple(tensor.detach() for tensor in state)
    (last,) = torch.autograd.grad(head(x[:, 3:], None, cut)[0][0, 0], x)
    assert last[0, :3].abs().sum() == 0
    assert last[0, 3:].abs().sum() > 0


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_streams_may_join_and_begin_anew_row_by_row(options):
    head, x = build(replace(options, centre="causal", motion="difference")), noise(3, 6, 12)
    _, state = head(x[:, :4])
    # Row 0 goes on with the video of row 2, row 1 with its own, row 2 begins.
    carried = tuple(tensor[:, [2, 1, 0]].clone() for tensor in state)
    for tensor in carried:
        tensor[:, 2] = 0
    logits, _ = head(x[:, 4:], None, carried)
    expected = [head(torch.cat((x[[2]][:, :4], x[[0]][:, 4:]), dim=1)), head(x[[1]]), head(x[[2]][:, 4:])]
    torch.testing.assert_close(logits, torch.cat([alone for alone, _ in expected]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_every_frame_is_answered_from_those_before_it(options):
    head, x = build(options, per_frame=True), noise(2, 6, 12)
    logits, _ = head(x)
    assert logits.shape == (2, 6, K)
    for frame in range(6):
        torch.testing.assert_close(head(x[:, : frame + 1])[0], logits[:, : frame + 1], atol=1e-5, rtol=1e-4)
    changed = x.clone()
    changed[:, 2] += 1
    is_other = (head(changed)[0] - logits).abs().amax((0, 2)) > 1e-6
    expected = [False, False, True, *[options.name != "mean"] * 3]
    assert is_other.tolist() == expected


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_training_in_bfloat16_gives_about_the_same(options):
    head = build(replace(options, centre="causal", motion="difference", projection=8))
    x, lengths = noise(3, 6, 12), torch.tensor([6, 2, 5])
    expected, _ = head(x, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        logits, state = head(x, lengths)
        again, _ = head(x, lengths, state)
    torch.testing.assert_close(logits.float(), expected, atol=0.1, rtol=0.1)
    again.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())


@pytest.mark.parametrize("options", SEQUENCES.values(), ids=label)
def test_attention_gives_the_weight_of_every_frame(options):
    head, x, lengths = build(replace(options, pool="attention")), noise(3, 6, 12), torch.tensor([6, 2, 5])
    for row, length in enumerate(lengths):
        x[row, length:] = torch.nan
    weights = head.attention(x, lengths)
    assert weights.shape == (3, 6)
    torch.testing.assert_close(weights.sum(1), torch.ones(3))
    for row, length in enumerate(lengths.tolist()):
        assert (weights[row, :length] > 0).all()
        assert weights[row, length:].sum() == 0
        torch.testing.assert_close(weights[row, :length], head.attention(x[row : row + 1, :length])[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
@pytest.mark.parametrize("per_frame", [False, True])
def test_other_heads_have_no_attention(options, per_frame):
    with pytest.raises(ModelError, match=r"no attention weights: they are of model\.head\.pool=attention, .*; train with it"):
        build(options, per_frame=per_frame).attention(noise(1, 3, 12))


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_clips_that_are_centred_as_a_whole_cannot_come_in_pieces(options):
    head = build(replace(options, centre="clip", layer_norm=True))
    assert head(noise(1, 4, 12))[1] == ()
    with pytest.raises(ModelError, match=r"cannot carry one: .*Train with model\.head\.centre=causal for streams"):
        head(noise(1, 4, 12), None, (noise(1, 1, 12),))


@pytest.mark.parametrize("options", SMALL.values(), ids=label)
def test_a_state_of_another_batch_is_refused(options):
    head, x = build(options), noise(2, 4, 12)
    _, state = head(x)
    with pytest.raises(ModelError, match=rf"state has {len(state)} tensors .*expected {len(state)} for a batch of 1: pass on"):
        head(x[:1], None, state)
    with pytest.raises(ModelError, match=rf"the state has {len(state) - 1} tensors .*expected {len(state)} for a batch of 2"):
        head(x, None, state[1:])
