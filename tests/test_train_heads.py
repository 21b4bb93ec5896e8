"""Every kind of head from the command line: trained, stored, and built anew."""

import pytest

from tests.commands import only_run, read_json, run, train_words
from videoseq.models.checkpoint import load_checkpoint

WORDS = {
    "mingru": ["model.head.residual=true"],
    "conv_lstm": ["model.head.kernel_size=3"],
    "tcn": ["model.head.num_layers=2"],
    "transformer": ["model.head.context=3", "model.head.num_heads=2"],
}


@pytest.mark.parametrize("name", WORDS)
def test_a_head_is_trained_and_evaluated_from_its_checkpoint(capsys, tmp_path, bars, name):
    common = [
        "model.head.centre=causal",
        "model.head.motion=difference",
        "model.head.layer_norm=true",
        "model.head.projection=16",
    ]
    words = train_words(bars, tmp_path, f"model/head={name}", "model.head.hidden_size=8", *common, *WORDS[name])
    assert run(capsys, "train", *words, "training.max_epochs=1").code == 0
    folder = only_run(tmp_path)
    checkpoint = folder / "checkpoints" / "best.ckpt"
    head = load_checkpoint(checkpoint).config.head
    assert (head.name, head.centre, head.motion, head.layer_norm, head.projection) == (name, "causal", "difference", True, 16)
    evaluated = run(
        capsys, "evaluate", f"checkpoint={checkpoint}", "num_clips=1", "trainer=cpu", f"output={tmp_path / 'again'}"
    )
    assert evaluated.code == 0, evaluated.err
    trained = read_json(folder / "metrics.json")["test"]
    assert read_json(tmp_path / "again" / "metrics.json")["test"]["loss"] == pytest.approx(trained["loss"], abs=1e-5)
