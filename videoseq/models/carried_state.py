"""The state of streams between their chunks: what the lanes of the batches carry on."""

import torch
from torch import Tensor

from videoseq.models.devices import on_device
from videoseq.models.pooling import State


class CarriedState:
    """The state that each lane of a sequence of batches has reached.

    A lane that is missing in a batch has ended, or its chunk could not be read: it begins anew. A state of zeros is that of the
    start of a video, see `Head`.

    Attributes:
        tensors: (·, lanes, …) each, detached, zero for lanes that begin anew; empty where nothing is carried.
    """

    def __init__(self) -> None:
        self.tensors: State = ()

    def before(self, lanes: Tensor, resets: Tensor, device: torch.device) -> State | None:
        """Returns the state in which the rows of a batch begin, (·, B, …) each; None: all begin anew.

        Args:
            lanes: (B,) int64 on the CPU, the lane of every row.
            resets: (B,) bool on the CPU, True where a row begins a video.
            device: Where the state is needed.
        """
        if not self.tensors:
            return None
        begins = resets | (lanes >= self.tensors[0].shape[1])  # (B,)
        rows, new = on_device(lanes.masked_fill(begins, 0), device), on_device(begins, device)
        states = (tensor.to(device).index_select(1, rows) for tensor in self.tensors)  # (·, lanes, …) -> (·, B, …)
        # Not times 0: what a video has left may be infinite.
        return tuple(state.masked_fill(new.view(1, -1, *[1] * (state.ndim - 2)), 0) for state in states)

    def keep(self, state: State, lanes: Tensor) -> None:
        """Takes the state in which the rows of a batch end; no gradient goes through it.

        Args:
            state: (·, B, …) each.
            lanes: (B,) int64 on the CPU, the lane of every row.
        """
        num_lanes = int(lanes.max()) + 1
        kept = []
        for tensor in state:
            empty = tensor.new_zeros(tensor.shape[0], num_lanes, *tensor.shape[2:])
            kept.append(empty.index_copy(1, on_device(lanes, tensor.device), tensor.detach()))  # (·, B, …) -> (·, lanes, …)
        self.tensors = tuple(kept)

    def forget(self) -> None:
        """Lets all lanes begin anew."""
        self.tensors = ()


def joined_lanes(states: list[list[Tensor]]) -> list[Tensor]:
    """Returns the state of all lanes from those of several processes, each of which has lanes of its own.

    Args:
        states: The `CarriedState.tensors` of every process, empty where it has none.
    """
    num_lanes = max((state[0].shape[1] for state in states if state), default=0)
    joined: list[Tensor] = []
    for parts in zip(*(state for state in states if state), strict=True):
        whole = parts[0].new_zeros(parts[0].shape[0], num_lanes, *parts[0].shape[2:])
        for part in parts:
            whole[:, : part.shape[1]] += part  # a lane is zero but in one process
        joined.append(whole)
    return joined
