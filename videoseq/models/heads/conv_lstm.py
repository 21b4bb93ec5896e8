"""The convolutional LSTM."""

import torch
from torch import Tensor, nn

from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames
from videoseq.models.pooling import State


class ConvLSTMLayer(SequencePart):
    """One layer of the convolutional LSTM (Shi et al. 2015, eq. 3), without its peepholes.

    `i, f, o = sigmoid(W * [x_t, h_(t-1)] + b)`, `g = tanh(…)` likewise, `c_t = f c_(t-1) + i g`, `h_t = o tanh(c_t)`, where
    `*` is a convolution that keeps the size of the grid. The state is (h, c), each (1, B, S, h, w).

    Args:
        size: D.
        hidden_size: S.
        kernel_size: Side of the convolutions, odd.
    """

    num_tensors = 2

    def __init__(self, size: int, hidden_size: int, kernel_size: int) -> None:
        super().__init__()
        self.of_input = nn.Conv2d(size, 4 * hidden_size, kernel_size, padding="same")
        self.of_hidden = nn.Conv2d(hidden_size, 4 * hidden_size, kernel_size, padding="same", bias=False)
        self.size = hidden_size

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames (B, T, h, w, D); see `SequencePart.forward`."""
        of_input = self.of_input(x.flatten(0, 1).movedim(-1, 1)).unflatten(0, x.shape[:2])  # -> (B, T, 4 * S, h, w)
        if state is None:
            hidden = cell = x.new_zeros(len(x), self.size, *x.shape[2:4])
        else:
            hidden, cell = (tensor.squeeze(0) for tensor in state)
        made = []
        for frame, gates in enumerate(of_input.unbind(1)):
            i, f, o, g = (gates + self.of_hidden(hidden)).chunk(4, dim=1)  # (B, S, h, w) each
            new_cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            new_hidden = torch.sigmoid(o) * torch.tanh(new_cell)
            if valid is not None:
                is_valid = valid.mask[:, frame].view(-1, 1, 1, 1)
                new_cell, new_hidden = torch.where(is_valid, new_cell, cell), torch.where(is_valid, new_hidden, hidden)
            hidden, cell = new_hidden, new_cell
            made.append(hidden)
        frames = torch.stack(made, dim=1).movedim(2, -1)  # (B, T, S, h, w) -> (B, T, h, w, S)
        return frames, (hidden.unsqueeze(0), cell.unsqueeze(0))
