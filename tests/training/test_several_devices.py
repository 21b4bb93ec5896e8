"""Two processes train as one: the same clips, the same steps, the same figures, and one voice."""

import shutil
import time
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.pairs import run_pair
from tests.training.runs import DATA, ENCODER, Run
from videoseq.data.dataset import TrainClips
from videoseq.data.manifest import Manifest
from videoseq.data.samplers import epoch_order
from videoseq.data.videos import Video, Videos, join_videos
from videoseq.errors import DataError
from videoseq.training.callbacks.throughput import Throughput
from videoseq.training.options import TrainerOptions, TrainingOptions
from videoseq.training.task_options import ClassificationOptions, CrossEntropyOptions

NO_BATCHNORM = replace(ENCODER, freeze_batchnorm=True)
"""BatchNorm that takes no figures from a batch: each device would take those of its own clips."""


class Watch(pl.Callback):
    """Keeps which videos came, and what was logged."""

    def __init__(self) -> None:
        self.batches = {"train": [], "val": []}
        self.losses = []
        self.epochs = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.batches["train"].append((trainer.current_epoch, batch_idx, batch.videos))
        self.losses.append(float(outputs["loss"]))

    def on_validation_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.batches["val"].append((trainer.current_epoch, batch_idx, batch.videos))

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        self._keep(trainer)

    def on_train_end(self, trainer, pl_module) -> None:
        self._keep(trainer)

    def _keep(self, trainer) -> None:
        kept = ("loss", "accuracy", "f1_macro", "top5_accuracy", "ece", "selection_score")
        metrics = trainer.callback_metrics.items()
        self.epochs.append({name: float(value) for name, value in metrics if name.partition("/")[2] in kept})


def fit(rank, run):
    """Trains and returns all that must agree."""
    module = run.module()
    watch, throughput = Watch(), Throughput(module.clock)
    report, _ = run.fit([watch, throughput], module=module)
    return {
        "weights": {name: tensor.clone() for name, tensor in module.model.state_dict().items()},
        "logged": [*watch.epochs, report.train_metrics],
        "losses": watch.losses,
        "batches": watch.batches,
        "bad": (run.bad, report.num_bad_videos),
        "clips": throughput.speed.clips,
        "epochs": report.epochs,
    }


@pytest.fixture(scope="module")
def uneven(manifest) -> Manifest:
    """Nine videos train, five validate: for two devices of two clips the last batch of both holds one clip."""
    train, val, test = manifest.videos.values()
    return replace(manifest, videos={"train": train[:9], "val": join_videos([val, test[:1]]), "test": test[:0]})


@pytest.fixture
def one(uneven, tmp_path) -> Run:
    """A run of one device with batches of four."""
    return Run(uneven, tmp_path / "one", encoder=NO_BATCHNORM)


def pair_of(run, tmp_path):
    """Trains the same with two devices of half the batch each."""
    two = replace(run, folder=tmp_path / "two", data=replace(run.data, batch_size=run.data.batch_size // 2))
    return run_pair(fit, tmp_path / "results", two)


def confusion_matrices(run):
    """Returns the pictures of the matrix as TensorBoard shows them, one for each epoch."""
    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    return [picture.encoded_image_string for picture in events.Images("val/confusion_matrix")]


def assert_equal_course(alone, first, second):
    assert first["clips"] == second["clips"] == alone["clips"]
    assert first["losses"] == second["losses"] == pytest.approx(alone["losses"], rel=1e-4)
    assert first["logged"] == second["logged"]
    assert [set(epoch) for epoch in first["logged"]] == [set(epoch) for epoch in alone["logged"]]
    for epoch, expected in zip(first["logged"], alone["logged"], strict=True):
        assert epoch == pytest.approx(expected, rel=1e-4)
    for name, tensor in alone["weights"].items():
        assert torch.equal(first["weights"][name], second["weights"][name]), name
        torch.testing.assert_close(first["weights"][name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def seen(*results, split, epoch):
    """Returns the videos of each batch of an epoch, those of all processes."""
    batches = [[videos for number, _, videos in result["batches"][split] if number == epoch] for result in results]
    assert len({len(those) for those in batches}) == 1, "every process must have as many batches"
    return [sum(those, ()) for those in zip(*batches, strict=True)]


CASES = {
    "class weights": {"task": ClassificationOptions(loss=CrossEntropyOptions(class_weights="auto"))},
    "balanced, accumulated, averaged": {
        "data": replace(DATA, sampler="balanced"),
        "training": TrainingOptions(max_epochs=2, accumulate=2, ema=0.9),
        "trainer": TrainerOptions(accelerator="cpu", strategy="ddp_find_unused"),
    },
    "unfrozen later": {"encoder": replace(NO_BATCHNORM, freeze="all", unfreeze_at_epoch=1)},
}


@pytest.mark.parametrize("case", CASES)
def test_two_devices_take_the_course_of_one(one, tmp_path, case):
    run = replace(one, **CASES[case])
    alone = fit(0, run)
    first, second = pair_of(run, tmp_path)
    assert_equal_course(alone, first, second)
    assert confusion_matrices(replace(run, folder=tmp_path / "two")) == confusion_matrices(run)
    for split in ("train", "val"):
        for epoch in range(2):
            batches = seen(first, second, split=split, epoch=epoch)
            assert batches == seen(alone, split=split, epoch=epoch)
            if run.data.sampler == "shuffled":
                assert sorted(sum(batches, ())) == list(range({"train": 9, "val": 5}[split]))


@pytest.fixture
def torn(bars, tmp_path, uneven) -> Manifest:
    """Nine and five videos of which five cannot be read: in epoch 0 the second device's part of a batch, and a whole batch."""
    order = epoch_order(9, seed=0, epoch=0)
    lost = {"train": {*order[6:8], order[8]}, "val": {1, 4}}
    root = tmp_path / "torn"
    videos = {"train": [], "val": [], "test": ()}
    for split, positions in lost.items():
        for position, video in enumerate(uneven.videos[split]):
            path = root / split / f"{position}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(video.record.path, path)
            videos[split].append(
                Video(
                    replace(video.record, path=path),
                    replace(video.info, path=path, fingerprint=path.stat().st_mtime_ns),
                    video.target,
                )
            )
            if position in positions:
                path.write_bytes(path.read_bytes()[:300])
    return replace(uneven, videos={split: Videos.of(listed) for split, listed in videos.items()})


def test_a_device_without_a_readable_video_keeps_step(one, torn, tmp_path):
    run = replace(one, manifest=torn)
    alone = fit(0, run)
    first, second = pair_of(replace(run, bad=[]), tmp_path)
    assert_equal_course(alone, first, second)
    assert sorted(video for videos in seen(first, second, split="val", epoch=1) for video in videos) == [0, 2, 3]
    assert len(alone["bad"][0]) == 5
    assert first["bad"] == alone["bad"]
    assert second["bad"] == ([], 5)  # it counts them all and leaves the telling to the first


def fit_too_bad(rank, run):
    with pytest.raises(DataError) as told:
        run.fit()
    return str(told.value)


def test_the_limit_of_bad_videos_counts_those_of_all_devices(one, torn, tmp_path):
    two = replace(one, manifest=torn, data=replace(DATA, batch_size=2), max_bad_fraction=2.5 / 14)
    first, second = run_pair(fit_too_bad, tmp_path / "results", two)
    assert first == second
    assert first.startswith("3 of 14 videos cannot be read, more than data.max_bad_fraction=")


def fit_synchronised(rank, run):
    with pytest.raises(ValueError, match="SyncBatchNorm layers only work with GPU modules"):
        run.fit()
    return True


def test_batchnorm_is_synchronised_on_request(one, tmp_path):
    """torch does it on GPUs alone: here the switch shows by torch's refusal, from which the command spares its users."""
    two = replace(one, trainer=TrainerOptions(accelerator="cpu", sync_batchnorm=True))
    assert run_pair(fit_synchronised, tmp_path / "results", two) == [True, True]


class SlowClips(TrainClips):
    """Clips that take long to come."""

    def __getitem__(self, item):
        time.sleep(0.1)
        return super().__getitem__(item)


def wait_for_the_slow_one(rank, run):
    module, loaders = run.module(), run.datamodule()
    if rank == 1:
        manifest = run.manifest
        slow = SlowClips(manifest.videos["train"], run.clip, run.augment, loaders.reading, run.seed, manifest.class_names)
        loaders.train_clips = slow
    throughput = Throughput(module.clock)
    run.fit([throughput], module=module, datamodule=loaders)
    return throughput.speed


def test_waiting_for_the_clips_of_another_device_is_waiting(run, tmp_path):
    """Four steps, before each of which the second process waits 0.2 seconds for two clips."""
    once = replace(run, data=replace(DATA, batch_size=2), training=TrainingOptions(max_epochs=1))
    for speed in run_pair(wait_for_the_slow_one, tmp_path / "results", once):
        assert speed.steps == 4
        assert speed.wait_seconds > 0.6
