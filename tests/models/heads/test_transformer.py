import math

import pytest
import torch
from torch.nn.functional import layer_norm

from tests.models.heads.building import build, noise
from videoseq.models.options import TransformerHeadOptions

SMALL = TransformerHeadOptions(hidden_size=8, num_heads=2, num_layers=1, context=4)


def written_out(head, x):
    """Runs one layer by loops over queries and heads."""
    sequence = head.sequence
    block = sequence.blocks[0]
    x = sequence.embedding(x)
    query, key, value = block.inputs(block.attention_norm(x)).chunk(3, dim=-1)
    attended, distance_scores = torch.zeros_like(query), block.scores.view(2, 4)
    for t in range(x.shape[1]):
        past = range(max(0, t - 3), t + 1)
        for number in range(2):
            part = slice(4 * number, 4 * number + 4)
            scores = torch.stack(
                [(query[:, t, part] * key[:, s, part]).sum(1) / math.sqrt(4) + distance_scores[number, t - s] for s in past],
                dim=1,
            )
            weights = scores.softmax(1)
            attended[:, t, part] = sum(weights[:, [i]] * value[:, s, part] for i, s in enumerate(past))
    x = x + block.output(attended)
    x = x + block.perceptron(block.norm(x))
    return layer_norm(x, (8,), sequence.norm.weight, sequence.norm.bias)


@pytest.mark.parametrize("num_frames", [1, 2, 4, 5, 8, 11])
def test_layer_equals_loops_over_queries_and_heads(num_frames):
    head, x = build(SMALL), noise(2, num_frames, 12)
    torch.testing.assert_close(head.sequence(x, None, None)[0], written_out(head, x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("context", "num_layers", "reach"), [(2, 2, 3), (4, 1, 4), (4, 2, 7), (3, 3, 7)])
def test_a_frame_does_not_depend_on_those_before_its_context(context, num_layers, reach):
    head = build(TransformerHeadOptions(hidden_size=8, num_heads=2, num_layers=num_layers, context=context))
    x = noise(1, 17, 12).requires_grad_()
    head(x)[0].sum().backward()
    seen = x.grad[0].abs().sum(1) > 0
    assert seen.tolist() == [False] * (17 - reach) + [True] * reach


def test_state_does_not_grow_and_is_that_of_the_latest_frames():
    head, x = build(SMALL), noise(1, 50, 12)
    state, sizes = None, set()
    with torch.no_grad():
        for frame in x.split(1, dim=1):
            logits, state = head(frame, None, state)
            sizes.add(tuple(tensor.shape for tensor in state))
        assert sizes == {((1, 1, 3, 8), (1, 1, 3, 8), (1, 1, 1))}
        assert state[2].item() == 3
        # One layer: what came more than three frames earlier is forgotten.
        torch.testing.assert_close(logits, head(x[:, -4:])[0], atol=1e-5, rtol=1e-5)


def test_order_in_the_context_is_seen():
    head, x = build(SMALL), noise(1, 4, 12)
    flipped = torch.cat((x[:, :3].flip(1), x[:, 3:]), dim=1)
    assert not torch.allclose(head(x)[0], head(flipped)[0], atol=1e-3)
    torch.nn.init.zeros_(head.sequence.blocks[0].scores)
    torch.testing.assert_close(head(x)[0], head(flipped)[0])
