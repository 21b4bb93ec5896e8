"""The minimal GRU, whose frames are computed all at once."""

import torch
from torch import Tensor, nn

from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames, last_frame
from videoseq.models.pooling import State, wide


class MinGRULayer(SequencePart):
    """One layer of the minimal GRU of Feng et al. 2024, "Were RNNs All We Needed?", section 3.1.

    `z_t = sigmoid(W_z x_t + b_z)`, `h_t = (1 - z_t) * h_(t-1) + z_t * (W_h x_t + b_h)`: the gates see the present frame
    alone, so that all frames of a clip are computed by a scan. The state is h, (1, B, S), at least float32. At first the units
    remember about 1 / z = 2 to 256 frames, evenly spread by their logarithm (after Tallec and Ollivier 2018): were all of them
    to forget half with each frame, nothing would be learned from the beginning of a long clip.

    Args:
        size: D.
        hidden_size: S.
    """

    num_tensors = 1

    def __init__(self, size: int, hidden_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, 2 * hidden_size)
        with torch.no_grad():
            self.linear.bias[:hidden_size] = -torch.log(torch.logspace(1, 8, hidden_size, base=2) - 1)  # sigmoid: 1 / frames
        self.size = hidden_size

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames; see `SequencePart.forward`."""
        gates, candidates = wide(self.linear(x)).chunk(2, dim=-1)  # (B, T, D) -> (B, T, S) twice
        keep, added = torch.sigmoid(-gates), torch.sigmoid(gates) * candidates  # 1 - z, z * h~
        if state is not None:
            first = added[:, :1] + keep[:, :1] * state[0].squeeze(0).unsqueeze(1)
            added = torch.cat((first, added[:, 1:]), dim=1)
        hidden = scan(keep, added)
        return hidden.to(x.dtype), (last_frame(hidden, valid).unsqueeze(0),)


def scan(keep: Tensor, added: Tensor) -> Tensor:
    """Returns h_t = keep_t * h_(t-1) + added_t for all t, h before the first frame being 0.

    In log2(T) steps, each of which doubles the number of frames that h_t sums up (Hillis and Steele 1986). Factors are
    only ever multiplied with each other, never divided, so that they may vanish over any number of frames.

    Args:
        keep: (B, T, S) in [0, 1].
        added: (B, T, S).
    """
    distance = 1
    while distance < added.shape[1]:
        further = added[:, distance:] + keep[:, distance:] * added[:, :-distance]
        added = torch.cat((added[:, :distance], further), dim=1)
        keep = torch.cat((keep[:, :distance], keep[:, distance:] * keep[:, :-distance]), dim=1)
        distance *= 2
    return added
