"""Options that make long clips fit into memory: the same run with them, and refusals before a video is opened."""

import pytest
import torch

from tests.commands import only_run, read_json, run, train_words

STILL = ("model.encoder.freeze_batchnorm=true", "test=false")
CHUNKS = ("training.encoder_chunk=5", "training.activation_checkpointing=true")


def test_a_run_in_chunks_is_the_same_run(bars, capsys, tmp_path):
    found = []
    for name, words in (("whole", ()), ("chunks", CHUNKS)):
        outcome = run(capsys, "train", *train_words(bars, tmp_path / name, *STILL, *words))
        assert outcome.code == 0, outcome.err
        folder = only_run(tmp_path / name)
        state = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        found.append((read_json(folder / "metrics.json")["val"], state))
    (val, state), (other_val, other_state) = found
    assert val == pytest.approx(other_val, abs=1e-3)
    assert state.keys() == other_state.keys()
    for tensor, other in zip(state.values(), other_state.values(), strict=True):
        torch.testing.assert_close(other, tensor, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (CHUNKS[:1], "training.encoder_chunk=5: the encoder's BatchNorm is trained"),
        (CHUNKS, "training.encoder_chunk=5 and training.activation_checkpointing=true: the encoder's BatchNorm is trained"),
        (
            (*STILL, *CHUNKS[1:]),
            "training.activation_checkpointing=true spares nothing without chunks: all frames of a batch are one; set "
            "training.encoder_chunk=N, such as 64, or leave it out",
        ),
        (
            ("model.encoder.freeze=all", *CHUNKS[1:]),
            "training.activation_checkpointing=true changes nothing: the encoder is not",
        ),
        (("training.encoder_chunk=0",), "encoder_chunk must be positive or null, got 0"),
    ],
)
def test_what_would_change_the_result_or_nothing_is_refused_before_a_video_is_opened(bars, capsys, tmp_path, words, message):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, *words))
    assert outcome.code == 2
    assert message in outcome.err
    assert list(tmp_path.iterdir()) == []
