"""LSTM, GRU and RNN as torch has them, run over the valid frames only."""

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from videoseq.models.devices import on_device
from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames
from videoseq.models.pooling import State

_NETWORKS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class RecurrentLayer(SequencePart):
    """One layer of an LSTM (Hochreiter and Schmidhuber 1997), a GRU (Cho et al. 2014) or a tanh RNN (Elman 1990).

    The state is (h, c) of an LSTM or (h,), each (1, B, S); there is none where the layer reads in both directions.

    Args:
        name: `lstm`, `gru` or `rnn`.
        size: D.
        hidden_size: S of one direction.
        bidirectional: Whether the clip is read in both directions, whose results stand side by side.
    """

    def __init__(self, name: str, size: int, hidden_size: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.rnn = _NETWORKS[name](size, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.size = hidden_size * (2 if bidirectional else 1)
        self.num_tensors = 0 if bidirectional else 2 if name == "lstm" else 1

    def forward(self, x: Tensor, valid: ValidFrames | None, state: State | None) -> tuple[Tensor, State]:
        """Runs over frames; see `SequencePart.forward`. What it gives for invalid frames is zero."""
        given = None if state is None else state if self.num_tensors == 2 else state[0]
        if valid is None:
            made, last = self.rnn(x, given)
        else:
            packed, last = self.rnn(_packed(x, valid.counts), given)
            made = _padded(packed, x.shape[1])
        return made, (last if isinstance(last, tuple) else (last,))[: self.num_tensors]


def _packed(features: Tensor, counts: Tensor) -> PackedSequence:
    """Packs clips (B, T, D) of lengths (B,) on the CPU, as `pack_padded_sequence` does, for which the host waits."""
    order = counts.argsort(descending=True, stable=True)
    there, back = (on_device(indices, features.device) for indices in (order, order.argsort()))
    packed = pack_padded_sequence(features.index_select(0, there), counts[order], batch_first=True)
    return PackedSequence(packed.data, packed.batch_sizes, there, back)


def _padded(packed: PackedSequence, num_frames: int) -> Tensor:
    """Returns packed clips as (B, T, S), as `pad_packed_sequence` does, which reads their order back from the device."""
    padded, _ = pad_packed_sequence(PackedSequence(packed.data, packed.batch_sizes), batch_first=True, total_length=num_frames)
    return padded if packed.unsorted_indices is None else padded.index_select(0, packed.unsorted_indices)
