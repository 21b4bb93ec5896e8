import pytest
import torch
from torch import nn

from tests.models.heads import building
from tests.models.heads.building import K, label, noise
from videoseq.errors import ModelError
from videoseq.models.options import MeanHeadOptions, RecurrentHeadOptions

D = 5
NAMES = ("lstm", "gru", "rnn")
POOLS = ("last", "mean", "max", "attention")
CAUSAL = [MeanHeadOptions(), *(RecurrentHeadOptions(name=n, hidden_size=4, pool=p) for n in NAMES for p in POOLS)] + [
    RecurrentHeadOptions(name=name, hidden_size=4, num_layers=2, pool="attention") for name in NAMES
]
BIDIRECTIONAL = [
    RecurrentHeadOptions(name=name, hidden_size=4, num_layers=2, bidirectional=True, pool=pool)
    for name, pool in (("lstm", "last"), ("gru", "last"), ("rnn", "mean"), ("lstm", "max"), ("gru", "attention"))
]


def build(options):
    return building.build(options, shape=(D,))


@pytest.mark.parametrize("options", CAUSAL, ids=label)
@pytest.mark.parametrize("chunks", [[1] * 9, [4, 1, 3, 1], [8, 1]], ids=str)
def test_whole_pass_equals_pieces_with_state(options, chunks):
    head, x = build(options), noise(2, 9, D)
    whole, whole_state = head(x)
    state = None
    for piece in x.split(chunks, dim=1):
        logits, state = head(piece, None, state)
    assert head.is_causal
    torch.testing.assert_close(logits, whole, atol=1e-5, rtol=0)
    assert len(state) == len(whole_state)
    for carried, at_once in zip(state, whole_state, strict=True):
        torch.testing.assert_close(carried, at_once, atol=1e-4, rtol=1e-5)
        assert carried.shape[1] == 2


@pytest.mark.parametrize("options", CAUSAL, ids=label)
def test_pieces_of_different_lengths_equal_each_row_alone(options):
    head, x = build(options), noise(3, 8, D)
    first, second = torch.tensor([5, 1, 3]), torch.tensor([1, 3, 2])
    _, state = head(x[:, :5], first)
    logits, state = head(x[:, 5:], second, state)
    for row in range(3):
        alone = torch.cat((x[row, : first[row]], x[row, 5 : 5 + second[row]])).unsqueeze(0)
        expected, expected_state = head(alone)
        torch.testing.assert_close(logits[row : row + 1], expected, atol=1e-5, rtol=0)
        for carried, at_once in zip(state, expected_state, strict=True):
            torch.testing.assert_close(carried[:, row : row + 1], at_once, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("options", [*CAUSAL, *BIDIRECTIONAL], ids=label)
def test_padding_never_changes_logits(options):
    head, x, lengths = build(options), noise(3, 7, D), torch.tensor([7, 2, 4])
    expected = torch.cat([head(x[row : row + 1, :length])[0] for row, length in enumerate(lengths)])
    for garbage in (0.0, 1e6, torch.nan, torch.inf):
        padded = x.clone()
        for row, length in enumerate(lengths):
            padded[row, length:] = garbage
        logits, _ = head(padded, lengths)
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", [*CAUSAL, *BIDIRECTIONAL], ids=label)
def test_every_parameter_gets_a_finite_gradient(options):
    head = build(options).train()
    logits, _ = head(noise(3, 7, D), torch.tensor([7, 2, 4]))
    assert logits.shape == (3, K)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert name.endswith(("bias_hh_l0", "score.0.bias")) or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("options", CAUSAL, ids=label)
def test_gradients_flow_through_the_state(options):
    head, x = build(options), noise(1, 4, D).requires_grad_()
    _, state = head(x[:, :2])
    logits, _ = head(x[:, 2:], None, state)
    (pieces,) = torch.autograd.grad(logits[0, 0], x)
    (whole,) = torch.autograd.grad(head(x)[0][0, 0], x)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_bidirectional_last_takes_both_final_states(name):
    options = RecurrentHeadOptions(name=name, hidden_size=4, bidirectional=True)
    head, x = build(options), noise(1, 6, D)
    outputs, _ = head.sequence.layers[0].rnn(x)
    summary = torch.cat((outputs[:, -1, :4], outputs[:, 0, 4:]), dim=1)
    torch.testing.assert_close(head(x)[0], head.classifier(summary))


def test_bidirectional_head_refuses_a_state_and_gives_none():
    head = build(BIDIRECTIONAL[0])
    _, state = head(noise(1, 4, D))
    assert state == ()
    assert not head.is_causal
    with pytest.raises(ModelError, match=r"cannot carry one.*Train with model\.head\.bidirectional=false"):
        head(noise(1, 4, D), None, state)


@pytest.mark.parametrize("options", [*CAUSAL, BIDIRECTIONAL[0]], ids=label)
@pytest.mark.parametrize("lengths", [[4, 0], [5, 2]])
def test_impossible_lengths_are_refused(options, lengths):
    message = rf"lengths must lie in \[1, 4\], the frames given, got \[{lengths[0]}, {lengths[1]}\]"
    with pytest.raises(ModelError, match=message):
        build(options)(noise(2, 4, D), torch.tensor(lengths))


def test_state_of_another_head_or_batch_is_refused():
    lstm, gru, x = build(CAUSAL[1]), build(CAUSAL[5]), noise(2, 4, D)
    with pytest.raises(ModelError, match=r"the state has 2 tensors for batches of \[2, 2\], expected 1 for a batch of 2"):
        gru(x, None, lstm(x)[1])
    with pytest.raises(ModelError, match=r"2 tensors for batches of \[2, 2\], expected 2 for a batch of 1: pass on what"):
        lstm(x[:1], None, lstm(x)[1])
    mean = build(MeanHeadOptions())
    with pytest.raises(ModelError, match=r"expected 2 for a batch of 1"):
        mean(x[:1], None, mean(x)[1])


def test_mean_head_is_blind_to_order_and_others_are_not():
    x = noise(1, 6, D)
    flipped = x.flip(1)
    for options in CAUSAL:
        head = build(options)
        same = torch.allclose(head(x)[0], head(flipped)[0], atol=1e-5)
        assert same == (options.name == "mean"), options


def test_attention_weights_survive_large_scores_and_long_streams():
    head = build(RecurrentHeadOptions(hidden_size=4, pool="attention"))
    with torch.no_grad():
        head.pool.score[2].weight.mul_(1e4)
    x, state = noise(1, 300, D), None
    for frame in x.split(1, dim=1):
        logits, state = head(frame, None, state)
    assert logits.isfinite().all()
    torch.testing.assert_close(logits, head(x)[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        (RecurrentHeadOptions(hidden_size=7), {"sequence.layers.0.rnn.weight_hh_l0": (28, 7), "classifier.weight": (3, 7)}),
        (RecurrentHeadOptions(name="gru", hidden_size=4, num_layers=2), {"sequence.layers.1.rnn.weight_ih_l0": (12, 4)}),
        (RecurrentHeadOptions(name="rnn", hidden_size=4), {"sequence.layers.0.rnn.weight_hh_l0": (4, 4)}),
        (
            RecurrentHeadOptions(hidden_size=4, bidirectional=True),
            {"sequence.layers.0.rnn.weight_ih_l0_reverse": (16, 5), "classifier.weight": (3, 8)},
        ),
        (RecurrentHeadOptions(hidden_size=4, pool="attention"), {"pool.score.0.weight": (4, 4)}),
        (MeanHeadOptions(), {"classifier.weight": (3, 5)}),
    ],
    ids=label,
)
def test_options_shape_the_parameters(options, shapes):
    parameters = dict(build(options).named_parameters())
    assert {name: tuple(parameters[name].shape) for name in shapes} == shapes


def test_pools_give_different_logits_from_the_same_network():
    x, logits = noise(1, 6, D), {}
    state = build(RecurrentHeadOptions(hidden_size=4, pool="attention")).state_dict()
    for pool in POOLS:
        head = build(RecurrentHeadOptions(hidden_size=4, pool=pool))
        head.load_state_dict({name: tensor for name, tensor in state.items() if name in head.state_dict()})
        logits[pool] = head(x)[0].detach()
    assert all(not torch.allclose(logits[a], logits[b], atol=1e-4) for a in POOLS for b in POOLS if a < b)


@pytest.mark.parametrize(
    "options",
    [MeanHeadOptions(dropout=0.5), RecurrentHeadOptions(dropout=0.5), RecurrentHeadOptions(num_layers=2, dropout=0.5)],
    ids=label,
)
def test_dropout_acts_in_training_only(options):
    head, x = build(options), noise(8, 6, D)
    assert torch.equal(head(x)[0], head(x)[0])
    head.train()
    assert not torch.equal(head(x)[0], head(x)[0])
    hidden = [head.sequence(x, None, None)[0] for _ in range(2)]
    between_layers = not torch.equal(*hidden)
    assert between_layers == (getattr(options, "num_layers", 1) > 1)


def test_bfloat16_sums_are_kept_in_float32():
    head = build(RecurrentHeadOptions(hidden_size=4, pool="mean")).to(torch.bfloat16)
    logits, state = head(noise(1, 6, D).to(torch.bfloat16))
    assert logits.dtype == torch.bfloat16
    assert [tensor.dtype for tensor in state] == [torch.bfloat16, torch.bfloat16, torch.float32, torch.float32]


@pytest.mark.parametrize("name", NAMES)
def test_layers_equal_those_of_torch_on_top_of_each_other(name):
    head, x, lengths = (
        build(RecurrentHeadOptions(name=name, hidden_size=4, num_layers=2)),
        noise(3, 6, D),
        torch.tensor([6, 2, 4]),
    )
    whole = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[name](D, 4, num_layers=2, batch_first=True)
    layers = [layer.rnn.state_dict() for layer in head.sequence.layers]
    whole.load_state_dict({key.replace("_l0", f"_l{level}"): value for level in (0, 1) for key, value in layers[level].items()})
    for row, length in enumerate(lengths):
        _, last = whole(x[row : row + 1, :length])
        _, state = head(x, lengths)
        for found, expected in zip(state, last if name == "lstm" else (last,), strict=True):
            torch.testing.assert_close(found[:, row : row + 1], expected, atol=1e-6, rtol=1e-5)


def test_residual_adds_what_a_layer_gets_normalised_on_the_way_in():
    head, x = build(RecurrentHeadOptions(hidden_size=4, num_layers=2, residual=True, layer_norm=True)), noise(2, 6, D)
    first, second = head.sequence.layers
    prepared = nn.functional.layer_norm(x, (D,), head.front.norm.weight, head.front.norm.bias)
    lower = first.rnn(prepared)[0] + prepared @ head.sequence.shortcuts[0].weight.T
    norm = head.sequence.norms[1]
    upper = second.rnn(nn.functional.layer_norm(lower, (4,), norm.weight, norm.bias))[0] + lower
    torch.testing.assert_close(head.sequence(prepared, None, None)[0], upper)
    torch.testing.assert_close(head(x)[0], head.classifier(upper[:, -1]))


def test_every_frame_is_answered_from_both_directions():
    head, x = (
        building.build(RecurrentHeadOptions(hidden_size=4, bidirectional=True), shape=(D,), per_frame=True),
        noise(2, 6, D),
    )
    logits, state = head(x)
    assert (logits.shape, state) == ((2, 6, K), ())
    changed = x.clone()
    changed[:, -1] += 1
    assert not torch.allclose(head(changed)[0][:, 0], logits[:, 0], atol=1e-4)
