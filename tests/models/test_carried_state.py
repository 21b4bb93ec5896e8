"""What lanes carry from chunk to chunk: never into another video, never a gradient."""

import pytest
import torch
from torch import nn

from videoseq.models.carried_state import CarriedState, joined_lanes
from videoseq.models.heads import build_head
from videoseq.models.options import RecurrentHeadOptions

CPU = torch.device("cpu")


def numbers(*values: float) -> torch.Tensor:
    """A state of one layer and size 1, one value a row."""
    return torch.tensor(values).view(1, -1, 1)


def before(carried: CarriedState, lanes: list[int], resets: list[bool]) -> list[float]:
    state = carried.before(torch.tensor(lanes), torch.tensor(resets), CPU)
    assert state is not None
    return state[0].flatten().tolist()


def test_at_first_all_begin_anew():
    assert CarriedState().before(torch.tensor([0, 1]), torch.tensor([True, True]), CPU) is None


def test_rows_go_on_where_their_lanes_have_stopped_and_those_that_reset_begin_with_zeros():
    carried = CarriedState()
    carried.keep((numbers(1, 2, 3),), torch.tensor([0, 1, 2]))
    assert before(carried, [2, 0, 1], [False, False, False]) == [3, 1, 2]
    assert before(carried, [0, 1, 2], [False, True, False]) == [1, 0, 3]
    carried.keep((numbers(7, 8),), torch.tensor([3, 1]))
    assert before(carried, [0, 1, 2, 3, 4], [False] * 5) == [0, 8, 0, 7, 0]


def test_what_is_infinite_does_not_outlive_its_video():
    carried = CarriedState()
    carried.keep((numbers(float("inf"), float("nan")),), torch.tensor([0, 1]))
    assert before(carried, [0, 1], [True, True]) == [0, 0]


def test_everything_is_forgotten_where_it_is_told_to_be():
    carried = CarriedState()
    carried.keep((numbers(1),), torch.tensor([0]))
    carried.forget()
    assert carried.before(torch.tensor([0]), torch.tensor([False]), CPU) is None


def test_a_head_without_a_state_carries_nothing():
    carried = CarriedState()
    carried.keep((), torch.tensor([0, 1]))
    assert carried.before(torch.tensor([0, 1]), torch.tensor([False, False]), CPU) is None


def test_the_lanes_of_several_processes_are_joined():
    first, second = CarriedState(), CarriedState()
    first.keep((numbers(1, 2), numbers(10, 20)), torch.tensor([0, 1]))
    second.keep((numbers(4), numbers(40)), torch.tensor([3]))
    joined = joined_lanes([list(first.tensors), [], list(second.tensors)])
    assert [tensor.flatten().tolist() for tensor in joined] == [[1, 2, 0, 4], [10, 20, 0, 40]]
    assert joined_lanes([[], []]) == []


def test_gradients_stop_at_the_border_of_a_chunk():
    """A unit h' = w x + u h with x = 1, w = 2, u = 3: after two chunks of one frame, h = w + u w = 8.

    The whole derivative by w is 1 + u = 4; with a border between the frames it is that of the second frame alone, 1.
    """
    rnn = nn.RNN(1, 1, nonlinearity="relu", bias=False, batch_first=True)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(2)
        rnn.weight_hh_l0.fill_(3)
    frames = torch.ones(1, 2, 1)
    whole, _ = rnn(frames)
    whole[0, -1, 0].backward()
    assert rnn.weight_ih_l0.grad is not None
    assert (float(whole[0, -1, 0].detach()), float(rnn.weight_ih_l0.grad)) == (8, 4)
    rnn.zero_grad()
    carried, lane = CarriedState(), torch.tensor([0])
    _, state = rnn(frames[:, :1])
    carried.keep((state,), lane)
    given = carried.before(lane, torch.tensor([False]), CPU)
    assert given is not None
    chunked, _ = rnn(frames[:, 1:], given[0])
    chunked[0, -1, 0].backward()
    assert (float(chunked[0, -1, 0].detach()), float(rnn.weight_ih_l0.grad)) == (8, 1)


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_a_video_has_the_same_logits_alone_and_behind_another_in_its_lane(name):
    torch.manual_seed(0)
    head = build_head(RecurrentHeadOptions(name, hidden_size=4), feature_shape=(3,), num_outputs=2, per_frame=True).eval()
    first, second, other = torch.randn(1, 6, 3), torch.randn(1, 6, 3), torch.randn(1, 12, 3)
    carried, lanes = CarriedState(), torch.tensor([0, 1])
    found = []
    row = torch.cat((first, second), 1)  # the first video ends, the second begins in its lane
    for start in range(0, 12, 3):
        resets = torch.tensor([start in (0, 6), start == 0])
        chunk = torch.cat((row, other))[:, start : start + 3]
        logits, state = head(chunk, None, carried.before(lanes, resets, CPU))
        carried.keep(state, lanes)
        found.append(logits)
    chunked = torch.cat(found, 1)
    torch.testing.assert_close(chunked[:1, :6], head(first)[0])
    torch.testing.assert_close(chunked[:1, 6:], head(second)[0])
    torch.testing.assert_close(chunked[1:], head(other)[0])
