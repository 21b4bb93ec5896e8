"""Starting from the weights of a model whose outputs are others."""

from dataclasses import replace

import pytest
import torch

from videoseq.errors import CheckpointError
from videoseq.models.checkpoint import ModelConfig, build_model, checkpoint_payload
from videoseq.models.initialising import initialise_from
from videoseq.models.options import RecurrentHeadOptions, SimpleEncoderOptions
from videoseq.types import ClipSpec, TaskSpec

ATTENTION = RecurrentHeadOptions(name="gru", hidden_size=4, pool="attention")
VIDEOS = ModelConfig(SimpleEncoderOptions(channels=(4,)), ATTENTION, ("left", "right"), ClipSpec(height=16, width=16))
FRAMES = replace(VIDEOS, head=replace(ATTENTION, pool="last"), task=TaskSpec("frames", per_frame=True))


def initialised(path, source, config):
    """Returns the states of a model before and after it is filled from a checkpoint of another, and that of this one."""
    torch.manual_seed(0)
    given = build_model(source).state_dict()
    state = {f"model.{name}": tensor for name, tensor in given.items()}
    torch.save({"state_dict": state, "videoseq": checkpoint_payload(source)}, path)
    model = build_model(config)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    initialise_from(model, path, config)
    return before, model.state_dict(), given


@pytest.mark.parametrize(
    ("source", "config", "said"),
    [
        (VIDEOS, FRAMES, "the checkpoint has an answer for each video; the pooling over frames is left out"),
        (FRAMES, VIDEOS, "the checkpoint has an answer for each frame; the pooling over frames starts anew"),
    ],
    ids=["to frames", "to videos"],
)
def test_the_pooling_over_frames_is_not_asked_for_where_one_side_has_none(tmp_path, caplog, source, config, said):
    caplog.set_level("INFO")
    before, after, given = initialised(tmp_path / "x.ckpt", source, config)
    assert any(name.startswith("head.pool.") for name in {*given, *after})
    for name, tensor in after.items():
        torch.testing.assert_close(tensor, before[name] if name.startswith("head.pool.") else given[name])
    assert [record.getMessage() for record in caplog.records] == [f"init_from: {said}"]


def test_other_classes_of_frames_start_anew_too(tmp_path, caplog):
    caplog.set_level("INFO")
    before, after, given = initialised(tmp_path / "x.ckpt", VIDEOS, replace(FRAMES, class_names=("a", "b", "c")))
    for name, tensor in after.items():
        torch.testing.assert_close(tensor, before[name] if name.startswith("head.classifier.") else given[name])
    assert "knows the classes ['left', 'right']; the classifier starts anew" in caplog.text
    assert "the pooling over frames is left out" in caplog.text


def test_the_pooling_of_the_same_answers_must_be_the_same(tmp_path):
    with pytest.raises(
        CheckpointError, match=r"unexpected: head\.pool\.\S+.*init_from needs the model\.encoder and model\.head"
    ):
        initialised(tmp_path / "x.ckpt", VIDEOS, replace(VIDEOS, head=FRAMES.head))


def test_options_of_the_head_that_differ_though_the_weights_fit_are_named(tmp_path, caplog):
    changed = replace(ATTENTION, pool="mean", centre="clip", dropout=0.5)
    source = replace(VIDEOS, head=replace(ATTENTION, pool="last"))
    initialised(tmp_path / "x.ckpt", source, replace(VIDEOS, head=changed))
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "init_from: the checkpoint was trained with model.head.centre=none model.head.pool=last, which is another head than "
        "model.head.centre=clip model.head.pool=mean: its weights fit in shape alone"
    )


def test_the_same_head_with_another_dropout_is_taken_without_a_word(tmp_path, caplog):
    initialised(tmp_path / "x.ckpt", VIDEOS, replace(VIDEOS, head=replace(ATTENTION, dropout=0.5)))
    assert not caplog.records
