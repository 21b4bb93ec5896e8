"""A small causal transformer that attends to a window of the latest frames."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames, last_frames
from videoseq.models.options import TransformerHeadOptions
from videoseq.models.pooling import State


class Transformer(SequencePart):
    """Attention (Vaswani et al. 2017) with normalisation in front of each part (Xiong et al. 2020).

    A frame attends to itself and the `context - 1` frames before it. Where a frame stands is known only by its distance,
    for each of which a score is learned (Raffel et al. 2020, section 2.1), so that a stream may go on for hours. The state:
    keys and values of the latest P = context - 1 frames of each layer, (L, B, P, S) each, and how many of these there are,
    (1, B, 1).

    Args:
        options: What to build.
        size: D.
    """

    num_tensors = 3

    def __init__(self, options: TransformerHeadOptions, size: int) -> None:
        super().__init__()
        self.size = options.hidden_size
        self.num_past = options.context - 1
        self.embedding = nn.Linear(size, options.hidden_size)
        self.blocks = nn.ModuleList(_Block(options) for _ in range(options.num_layers))
        self.norm = nn.LayerNorm(options.hidden_size)

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames; see `SequencePart.forward`."""
        if state is None:
            none = x.new_zeros(len(self.blocks), len(x), self.num_past, self.size)
            state = (none, none, x.new_zeros(1, len(x), 1, dtype=torch.float32))
        keys, values, count = state
        x = self.embedding(x)  # (B, T, D) -> (B, T, S)
        windows = _Windows(x.shape[1], self.num_past)
        is_hidden = windows.is_hidden(count.view(-1, 1))
        new_keys, new_values = [], []
        for position, block in enumerate(self.blocks):
            x, (new_key, new_value) = block(x, valid, (keys[position], values[position]), windows, is_hidden)
            new_keys.append(new_key)
            new_values.append(new_value)
        seen = x.shape[1] if valid is None else valid.lengths.view(1, -1, 1)
        return self.norm(x), (torch.stack(new_keys), torch.stack(new_values), (count + seen).clamp(max=self.num_past))


class _Windows:
    """Cuts T frames, with P before them, into windows of Q frames that look, with P before them as well.

    So that memory grows with T and not with its square:

        past   frames         Q = 3, P = 2
        pp     aaa bbb c--
        kk     qqq                         window 0: queries q, keys k and q
                kk qqq                     window 1

    """

    def __init__(self, num_frames: int, num_past: int) -> None:
        self.num_frames, self.num_past = num_frames, num_past
        self.num_queries = min(num_frames, num_past + 1)
        self.num_windows = -(-num_frames // self.num_queries)

    def queries(self, x: Tensor) -> Tensor:
        """Cuts frames: (B, T, ·) -> (B, n, Q, ·)."""
        return self._filled(x).reshape(len(x), self.num_windows, self.num_queries, -1)

    def keys(self, past: Tensor, x: Tensor) -> Tensor:
        """Cuts frames with those before them: (B, P, ·), (B, T, ·) -> (B, n, P + Q, ·)."""
        frames = torch.cat((past, self._filled(x)), dim=1)
        return frames.unfold(1, self.num_past + self.num_queries, self.num_queries).transpose(-1, -2)

    def joined(self, x: Tensor) -> Tensor:
        """Undoes `queries`: (B, n, Q, ·) -> (B, T, ·)."""
        return x.flatten(1, 2)[:, : self.num_frames]

    def distances(self, device: torch.device) -> Tensor:
        """Returns how many frames each key lies before each query, (Q, P + Q) int64; negative: behind it."""
        queries = torch.arange(self.num_queries, device=device).unsqueeze(1)
        return self.num_past + queries - torch.arange(self.num_past + self.num_queries, device=device)

    def is_hidden(self, count: Tensor) -> Tensor:
        """Returns which keys each query must not see, by the number of past frames that there are.

        Args:
            count: (B, 1), in [0, P].

        Returns:
            (B, n, Q, P + Q) bool.
        """
        distances = self.distances(count.device)
        size = self.num_past + self.num_queries
        positions = torch.arange(self.num_past + self.num_windows * self.num_queries, device=count.device)
        is_absent = positions < self.num_past - count  # (B, P + n * Q): before the start of the video
        is_absent = is_absent.unfold(1, size, self.num_queries)  # -> (B, n, P + Q)
        return is_absent.unsqueeze(2) | (distances < 0) | (distances > self.num_past)

    def _filled(self, x: Tensor) -> Tensor:
        return functional.pad(x, (0, 0, 0, self.num_windows * self.num_queries - self.num_frames))


class _Block(nn.Module):
    def __init__(self, options: TransformerHeadOptions) -> None:
        super().__init__()
        size = options.hidden_size
        self.num_heads = options.num_heads
        self.attention_norm, self.norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.inputs, self.output = nn.Linear(size, 3 * size), nn.Linear(size, size)
        # By head and distance; a vector, for it is a bias and gets no weight decay.
        self.scores = nn.Parameter(torch.zeros(options.num_heads * options.context))
        self.perceptron = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
        self.dropout = nn.Dropout(options.dropout)

    def forward(
        self, x: Tensor, valid: ValidFrames | None, past: tuple[Tensor, Tensor], windows: _Windows, is_hidden: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        query, key, value = self.inputs(self.attention_norm(x)).chunk(3, dim=-1)  # (B, T, S) each
        past_key, past_value = (tensor.to(key.dtype) for tensor in past)
        attended = functional.scaled_dot_product_attention(
            self._split(windows.queries(query)),
            self._split(windows.keys(past_key, key)),
            self._split(windows.keys(past_value, value)),
            attn_mask=self._mask(windows, is_hidden).to(query.dtype),
        )  # (B * n, heads, Q, S / heads)
        attended = attended.transpose(1, 2).reshape(len(x), windows.num_windows, windows.num_queries, -1)  # -> (B, n, Q, S)
        x = x + self.dropout(self.output(windows.joined(attended)))
        x = x + self.dropout(self.perceptron(self.norm(x)))
        return x, (last_frames(past_key, key, valid), last_frames(past_value, value, valid))

    def _split(self, x: Tensor) -> Tensor:
        """Returns (B, n, ·, S) as (B * n, heads, ·, S / heads)."""
        return x.reshape(-1, x.shape[2], self.num_heads, x.shape[3] // self.num_heads).transpose(1, 2)

    def _mask(self, windows: _Windows, is_hidden: Tensor) -> Tensor:
        """Returns what is added to the scores, (B * n, heads, Q, P + Q): that of the distance, or -inf."""
        distances = windows.distances(self.scores.device).clamp(0, windows.num_past)
        scores = self.scores.view(self.num_heads, -1)  # (heads * context,) -> (heads, context)
        return scores[:, distances].masked_fill(is_hidden.unsqueeze(2), -torch.inf).flatten(0, 1)
