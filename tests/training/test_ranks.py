"""What processes tell each other."""

import pytest
import torch

from tests.training.pairs import run_pair
from videoseq.training import ranks
from videoseq.types import derive_seed

SHARES = ([1.0, 2.0, 6.0], [4.0])
WEIGHTS = ([1.0, 0.5, 2.0], [0.5])


def tell(rank):
    start = torch.tensor(float(rank), requires_grad=True)
    values, weights = torch.tensor(SHARES[rank]) * (1 + start - rank), torch.tensor(WEIGHTS[rank])
    mean = ranks.mean(values, weights)
    mean.backward()
    nothing = torch.zeros(0)
    return {
        "place": (ranks.rank(), ranks.world_size()),
        "sum": ranks.summed(torch.tensor([rank, 10 * rank + 1])).tolist(),
        "total": ranks.total(rank + 5),
        "any": [ranks.any_of(flag) for flag in (False, rank == 1, True)],
        "gathered": ranks.gathered([f"{rank}a", f"{rank}b"] if rank else []),
        "mean": (mean.item(), start.grad.item()),
        "one has nothing": (ranks.mean(nothing, nothing) if rank else ranks.mean(values, weights)).item(),
        "none has anything": ranks.mean(nothing, nothing).item(),
    }


def test_two_processes_tell_each_other(tmp_path):
    first, second = run_pair(tell, tmp_path / "pair")
    assert (first.pop("place"), second.pop("place")) == ((0, 2), (1, 2))
    gradients = [told["mean"][1] for told in (first, second)]
    assert gradients == [pytest.approx(2 * 9 / 4), pytest.approx(2 * 4 / 4)]  # their average is the gradient of 13 / 4
    for told in (first, second):
        assert told["sum"] == [1, 12]
        assert told["total"] == 11
        assert told["any"] == [False, True, True]
        assert told["gathered"] == ["1a", "1b"]
        assert told["mean"][0] == 13 / 4
        assert told["one has nothing"] == pytest.approx(9 / 3.5)
        assert told["none has anything"] == 0


def test_one_process_is_told_its_own_words():
    values = torch.tensor([3.0, 5.0], requires_grad=True)
    mean = ranks.mean(values, torch.tensor([1.0, 3.0]))
    mean.backward()
    assert (mean.item(), values.grad.tolist()) == (2.0, [0.25, 0.25])
    assert (ranks.rank(), ranks.world_size(), ranks.total(7), ranks.gathered([1, 2])) == (0, 1, 7, [1, 2])
    assert (ranks.any_of(True), ranks.any_of(False)) == (True, False)


def test_an_infinite_loss_stays_one():
    assert ranks.mean(torch.tensor([1.0, torch.inf]), torch.ones(2)).item() == torch.inf


def test_the_first_process_draws_what_one_alone_draws():
    assert derive_seed(2**32 - 1, 5, 7, 0) == derive_seed(2**32 - 1, 5, 7) != derive_seed(2**32 - 1, 5, 7, 1)
