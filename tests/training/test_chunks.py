"""Training on whole videos in chunks: the state goes on where it should, and a stopped run ends as one that was not stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from tests.training.flicker import write_data
from tests.training.pairs import run_pair
from tests.training.runs import DATA, ENCODER, HEAD, Repeated, Run, StopAfter, assert_same, differs, load, weights_of
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.batch import ClipSample, collate
from videoseq.data.chunks import evaluation_chunks
from videoseq.data.dataset import Reading
from videoseq.data.manifest import Manifest, build_manifest
from videoseq.errors import CheckpointError, Interrupted
from videoseq.reporting.progress import progress_bar
from videoseq.training.options import OptimizerOptions, TrainingOptions
from videoseq.training.task_options import FramesOptions
from videoseq.types import IGNORED, ClipSpec

CLIP = ClipSpec(height=16, width=16, sampling="all")
NUM_FRAMES = {"train": (21, 9, 14, 5, 11), "val": (13, 8)}
CHUNKED = TrainingOptions(max_epochs=3, tbptt_frames=4)


@pytest.fixture(scope="session")
def flicker(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Videos of different lengths with a class for every frame: 5 train, 2 validate."""
    root = write_data(tmp_path_factory.mktemp("flicker"), NUM_FRAMES)
    options = replace(DATA, root=str(root), batch_size=2)
    return build_manifest(options, tmp_path_factory.mktemp("cache"), progress_bar, task=FramesOptions().spec)


def chunked(flicker: Manifest, folder: Path) -> Run:
    """A run of three epochs of nine batches of two lanes, in chunks of four frames."""
    data = replace(DATA, batch_size=2)
    return Run(flicker, folder, CLIP, head=replace(HEAD, dropout=0.4), data=data, task=FramesOptions(), training=CHUNKED)


@pytest.fixture
def run(flicker: Manifest, tmp_path: Path) -> Run:
    """Such a run in a folder of its own."""
    return chunked(flicker, tmp_path / "run")


class Carried(pl.Callback):
    """Keeps what is carried behind every batch of training."""

    def __init__(self) -> None:
        self.states: list[list[torch.Tensor]] = []
        self.rows: list[tuple[list[int], list[bool]]] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.states.append([tensor.clone() for tensor in pl_module.carried["train"].tensors])
        self.rows.append((batch.lanes.tolist(), batch.resets.tolist()))


@pytest.fixture(scope="module")
def finished(flicker: Manifest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Carried]:
    """Such a run that was never stopped, and what it carried."""
    run, carried = chunked(flicker, tmp_path_factory.mktemp("finished")), Carried()
    run.fit([carried])
    return run, carried


def test_the_state_goes_on_in_training_and_is_in_the_checkpoint(finished):
    run, carried = finished
    assert len(carried.states) == 3 * 9
    assert [False, False] in [resets for _, resets in carried.rows]
    for state in carried.states:
        assert all(tensor.abs().sum() > 0 and not tensor.requires_grad for tensor in state)
    assert_same(load(run.last)["carried_state"], carried.states[-1])


@pytest.mark.parametrize(("place", "num_workers"), [((0, 0), 0), ((1, 1), 2), ((1, 7), 0)])
def test_resuming_in_the_middle_of_a_video_equals_never_stopping(finished, run, place, num_workers):
    stopped = replace(run, data=replace(run.data, num_workers=num_workers))
    with pytest.raises(Interrupted, match="stopped by the test"):
        stopped.fit([StopAfter(stopped.last, *place)])
    stopped.fit(resume=stopped.last)
    first, second = load(finished[0].last), load(stopped.last)
    for key in ("state_dict", "optimizer_states", "lr_schedulers", "epoch", "global_step", "carried_state"):
        assert_same(first[key], second[key], key)


def test_without_the_carried_state_the_end_is_another(finished, run):
    with pytest.raises(Interrupted, match="stopped by the test"):
        run.fit([StopAfter(run.last, 1, 1)])
    content = load(run.last)
    content["carried_state"] = []
    torch.save(content, run.last)
    run.fit(resume=run.last)
    first, second = (load(each.last)["state_dict"] for each in (finished[0], run))
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_a_checkpoint_of_other_chunks_is_refused(finished, run):
    other = replace(run, training=replace(CHUNKED, tbptt_frames=5))
    with pytest.raises(CheckpointError, match=r"training\.tbptt_frames was 4, is 5, so the batches of an epoch are others"):
        other.fit(resume=finished[0].last)


@pytest.mark.parametrize(("carries_state", "lengths"), [(True, [13]), (False, [4, 4, 4, 1])])
def test_validation_figures_are_those_of_whole_videos_whatever_the_chunks(run, carries_state, lengths):
    short = replace(run, training=replace(CHUNKED, max_epochs=1), clip=replace(CLIP, max_frames=4))
    loaders = short.datamodule()
    loaders.carries_state = carries_state
    _, module = short.fit(datamodule=loaders)
    assert [batch.video.shape[1] for batch in loaders.val_dataloader()] == lengths
    found = float(module.trainer.callback_metrics["val/accuracy"])
    module.eval()
    right = count = 0
    for batch in evaluation_chunks(run.manifest.videos["val"], CLIP, Reading(), chunk_frames=100, num_lanes=1, num_workers=0):
        with torch.no_grad():
            logits, _ = module.model(batch.video, batch.lengths)
        assert batch.lengths.tolist() == [logits.shape[1]]
        right += int((logits.argmax(-1) == batch.targets).sum())
        count += batch.targets.numel()
    assert count == sum(NUM_FRAMES["val"])
    assert found == pytest.approx(right / count)


def test_order_by_length_is_no_part_of_chunks(run):
    assert run.datamodule().state_dict()["data.bucketing"] == "none"
    assert replace(run, training=TrainingOptions()).datamodule().state_dict()["data.bucketing"] == "length"


def test_a_head_that_needs_the_whole_video_is_validated_chunk_by_chunk(run):
    clips = replace(
        run, training=TrainingOptions(max_epochs=1), clip=replace(CLIP, max_frames=8), head=replace(HEAD, bidirectional=True)
    )
    report, module = clips.fit()
    assert report.epochs == 1
    assert module.carried["val"].tensors == ()
    assert [batch.video.shape[1] for batch in clips.datamodule().val_dataloader()] == [8, 5]


def stop(rank, run, place):
    """Trains, as one of two processes, until a batch is done; returns which lanes came."""
    carried = Carried()
    with pytest.raises(Interrupted, match="stopped by the test"):
        run.fit([carried, StopAfter(run.last, *place)])
    return [lanes for lanes, _ in carried.rows]


def test_two_processes_share_the_lanes_and_one_goes_on_with_what_both_have_carried(run, tmp_path):
    steady = replace(run, head=HEAD, encoder=replace(ENCODER, freeze_batchnorm=True), augment=AugmentOptions("none"))
    _, module = steady.fit()
    two = replace(steady, folder=tmp_path / "two", data=replace(run.data, batch_size=1))
    lanes = run_pair(stop, tmp_path / "results", two, (1, 3))
    assert [{number for batch in those for number in batch} for those in lanes] == [{0}, {1}]
    assert load(two.last)["carried_state"][0].shape == (1, 2, 8)
    _, continued = replace(two, data=run.data).fit(resume=two.last)
    expected = weights_of(module)
    for name, tensor in weights_of(continued).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-4, atol=1e-5, msg=name)


def test_a_batch_of_which_nothing_could_be_read_lets_all_lanes_begin_anew(finished):
    module = finished[0].module()
    nothing = collate([ClipSample(None, torch.zeros(0), 0, "torn")])
    module.carried["val"].keep((torch.ones(1, 2, 8),), torch.tensor([0, 1]))
    assert module.validation_step(nothing, 0) is None
    assert module.carried["val"].tensors == ()


@pytest.mark.parametrize("is_labelled", [True, False])
def test_a_batch_in_which_no_frame_has_a_label_moves_nothing(flicker, run, is_labelled):
    batch, *_ = evaluation_chunks(flicker.videos["train"], CLIP, Reading(), chunk_frames=4, num_lanes=2, num_workers=0)
    given = batch if is_labelled else replace(batch, targets=torch.full_like(batch.targets, IGNORED))
    decaying = replace(run, optimizer=OptimizerOptions(lr=0.1, weight_decay=0.5), training=replace(CHUNKED, max_epochs=1))
    module = decaying.module()
    before = {name: tensor.clone() for name, tensor in module.named_parameters()}
    decaying.fit(module=module, datamodule=Repeated(given, 3, val=batch))
    after = {name: tensor.detach() for name, tensor in module.named_parameters()}
    assert differs(before, after) == is_labelled
    assert (module.optimizers().optimizer.state != {}) == is_labelled
    assert module.trainer.global_step == 3
