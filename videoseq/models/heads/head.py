"""A head: features of frames in, logits and state out."""

from torch import Tensor, nn

from videoseq.errors import ModelError
from videoseq.models.heads.front import FeatureFront
from videoseq.models.heads.sequence import SequencePart
from videoseq.models.heads.valid import ValidFrames, valid_frames, without_padding
from videoseq.models.pooling import AttentionPool, State, TimePool


class Head(nn.Module):
    """Turns the features of a clip into logits, and can be fed a clip in pieces.

    A front that prepares the features of each frame, a sequence part, a pool over time where there is one answer for the
    clip, dropout and a linear classifier. For a causal head, T frames at once and the same frames in pieces, each piece with
    the state that the one before returned, give the same last logits.

    Args:
        front: Prepares the features of each frame.
        sequence: Informs each frame of others.
        pool: Over time; None: every frame has logits of its own.
        num_outputs: K.
        dropout: Share that is zeroed before the classifier in training.
        grid_shape: (D, h, w) where front and sequence part work on a grid, (B, T, h, w, D); None: on (B, T, D).
        stream_fixes: What would have to be set so that the head can consume a stream; empty where it can.

    Attributes:
        is_causal: Whether no frame's contribution depends on a later one, so that a state can be carried.
    """

    def __init__(
        self,
        front: FeatureFront,
        sequence: SequencePart,
        pool: TimePool | None,
        num_outputs: int,
        *,
        dropout: float = 0.0,
        grid_shape: tuple[int, ...] | None = None,
        stream_fixes: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.front, self.sequence, self.pool = front, sequence, pool
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(sequence.size, num_outputs)
        self.grid_shape = grid_shape
        self.stream_fixes = stream_fixes
        self.is_causal = not stream_fixes

    def forward(self, features: Tensor, lengths: Tensor | None = None, state: State | None = None) -> tuple[Tensor, State]:
        """Classifies clips.

        Args:
            features: (B, T, D) float, or (B, T, D * h * w).
            lengths: (B,) int64, valid frames of each clip, in [1, T]; None: all T are valid.
            state: What the call on the preceding frames returned; None at the start of a video.

        Returns:
            Logits (B, K), not softmaxed, after the last valid frame of each clip, or of every frame, (B, T, K), where the head
            pools nothing (of no meaning for invalid ones); and the state there: tensors (·, B, …), those of the front, of the
            sequence part and of the pool; none for a head that is not causal. A state of zeros is that of the start of a video.

        Raises:
            ModelError: A state that does not fit; lengths outside [1, T].
        """
        fronts, hidden, pooled = self._split(state, len(features))
        valid = valid_frames(features, lengths)
        x, front_state, hidden_state = self._run(features, valid, fronts, hidden)
        pool_state: State = ()
        if self.pool is not None:
            x, pool_state = self.pool(x, None if valid is None else valid.mask, pooled)  # (B, T, S) -> (B, S)
        logits = self.classifier(self.dropout(x))  # (…, S) -> (…, K)
        return logits, (*front_state, *hidden_state, *pool_state) if self.is_causal else ()

    def check_attention(self) -> None:
        """Refuses a head that has no attention weights.

        Raises:
            ModelError: It does not pool by attention.
        """
        if not isinstance(self.pool, AttentionPool):
            raise ModelError(
                "this head has no attention weights: they are of model.head.pool=attention, for a task with one answer for "
                "each video; train with it"
            )

    def attention(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Returns how much each frame counts for the answer.

        Args:
            features: As for `forward`.
            lengths: Likewise.

        Returns:
            Weights (B, T), at least float32, that sum to 1 over the valid frames of each clip; 0 for the others.

        Raises:
            ModelError: The head does not pool by attention; lengths outside [1, T].
        """
        self.check_attention()
        assert isinstance(self.pool, AttentionPool)
        valid = valid_frames(features, lengths)
        x, _, _ = self._run(features, valid, None, None)
        return self.pool.weights(x, None if valid is None else valid.mask)

    def _run(
        self, features: Tensor, valid: ValidFrames | None, fronts: State | None, hidden: State | None
    ) -> tuple[Tensor, State, State]:
        """Returns what the sequence part gives, (B, T, S), and the states of front and sequence part."""
        x = without_padding(features, None if valid is None else valid.mask)
        if self.grid_shape is not None:
            x = x.reshape(*x.shape[:2], *self.grid_shape).movedim(2, -1)  # (B, T, D * h * w) -> (B, T, h, w, D)
        x, front_state = self.front(x, valid, fronts)
        x, hidden_state = self.sequence(x, valid, hidden)
        if self.grid_shape is not None:
            x = x.mean((2, 3))  # (B, T, h, w, S) -> (B, T, S)
        return x, front_state, hidden_state

    def _split(self, state: State | None, batch_size: int) -> tuple[State | None, State | None, State | None]:
        """Returns the states of front, sequence part and pool."""
        if state is None:
            return None, None, None
        if not self.is_causal:
            raise ModelError(
                "this head got a state, but cannot carry one: it needs the whole clip at once. Train with "
                f"{' and '.join(self.stream_fixes)} for streams"
            )
        num_front, num_hidden = self.front.num_tensors, self.front.num_tensors + self.sequence.num_tensors
        num_tensors = num_hidden + (0 if self.pool is None else self.pool.num_tensors)
        batches = [tensor.shape[1] for tensor in state]
        if batches != [batch_size] * num_tensors:
            raise ModelError(
                f"the state has {len(state)} tensors for batches of {batches}, expected {num_tensors} for a batch of "
                f"{batch_size}: pass on what the same head returned for the same clips, or null at the start of a video"
            )
        return state[:num_front], state[num_front:num_hidden], state[num_hidden:]
