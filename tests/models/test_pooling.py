import pytest
import torch

from videoseq.models.pooling import AttentionPool, LastPool, build_pool

# Two clips of three frames with two features; the second one ends after one frame.
X = torch.tensor([[[1.0, -6.0], [2.0, -8.0], [6.0, -1.0]], [[3.0, -5.0], [0.0, 0.0], [0.0, 0.0]]])
MASK = torch.tensor([[True, True, True], [True, False, False]])


@pytest.mark.parametrize(
    ("name", "expected"), [("last", [[6, -1], [3, -5]]), ("mean", [[3, -5], [3, -5]]), ("max", [[6, -1], [3, -5]])]
)
def test_three_frames_and_one(name, expected):
    pooled, state = build_pool(name, 2)(X, MASK)
    assert pooled.tolist() == expected
    assert len(state) == build_pool(name, 2).num_tensors


def test_the_second_direction_has_read_the_first_frame_last():
    assert LastPool(2)(X, MASK)[0].tolist() == [[6, -6], [3, -5]]
    assert build_pool("last", 2, num_directions=2)(X)[0].tolist() == [[6, -6], [0, -5]]


def steep(score):
    """Returns a pool whose scores are about the given number."""
    pool = AttentionPool(2)
    with torch.no_grad():
        pool.score[0].weight.copy_(torch.eye(2) * 0.01)
        pool.score[0].bias.fill_(5.0)
        pool.score[2].weight.fill_(score / 2)
    return pool


POOLS = {"mean": build_pool("mean", 2), "max": build_pool("max", 2)} | {
    f"attention at {score}": steep(score) for score in (-1e4, -300, 0, 300, 1e4)
}


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_zeros_are_the_state_at_the_start(pool):
    """Negative maxima, and scores so low that their exponential vanishes beside that of 0, show what is not."""
    x = X[:1] - 7
    expected, state = pool(x)
    pooled, begun = pool(x, None, tuple(torch.zeros_like(tensor) for tensor in state))
    assert pooled.isfinite().all()
    assert torch.equal(pooled, expected)
    for found, whole in zip(begun, state, strict=True):
        assert torch.equal(found, whole)


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_rows_that_begin_stand_beside_rows_that_go_on(pool):
    _, state = pool(X[:, :1])
    mixed = tuple(tensor * torch.tensor([1.0, 0.0]).view(1, 2, 1) for tensor in state)
    pooled, _ = pool(X[:, 1:], None, mixed)
    torch.testing.assert_close(pooled[:1], pool(X[:1])[0])
    torch.testing.assert_close(pooled[1:], pool(X[1:, 1:])[0])


@pytest.mark.parametrize("name", ["mean", "attention"])
def test_a_feature_that_stays_is_its_own_mean_after_many_frames(name):
    torch.manual_seed(0)
    pool, x, state = build_pool(name, 16), torch.rand(1, 1, 16) * 3, None
    with torch.no_grad():
        for _ in range(5000):
            pooled, state = pool(x, None, state)
    torch.testing.assert_close(pooled, x[:, 0], atol=0, rtol=1e-6)


def test_weights_of_attention_sum_to_one_and_make_the_mean():
    torch.manual_seed(0)
    pool = AttentionPool(2)
    weights = pool.weights(X, MASK)
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    assert weights[1].tolist() == [1, 0, 0]
    assert weights[0].unique().numel() == 3
    torch.testing.assert_close((weights.unsqueeze(-1) * X).sum(1), pool(X, MASK)[0])


def test_gradients_pass_a_state_of_zeros():
    pool, x = AttentionPool(2), X[:1].clone().requires_grad_()
    state = tuple(torch.zeros(1, 1, size, requires_grad=True) for size in (1, 1, 2))
    pool(x, None, state)[0].sum().backward()
    assert x.grad.isfinite().all()
    assert all(tensor.grad is None or tensor.grad.isfinite().all() for tensor in state)
