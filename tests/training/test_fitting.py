"""A fit: every option changes its course as it says, and every end has its words."""

import os
import shutil
import warnings
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch

from tests.training.runs import DATA, ENCODER, Run, differs, load, scan, weights_of
from videoseq.errors import ConfigError, DataError
from videoseq.training.metrics import selection_score
from videoseq.training.options import (
    OptimizerOptions,
    SchedulerOptions,
    TrainerOptions,
    TrainingOptions,
)
from videoseq.training.trainer import build_trainer

FROZEN = replace(ENCODER, freeze="all")  # no BatchNorm in training mode
ONE = TrainingOptions(max_epochs=1)
SGD = OptimizerOptions(name="sgd", lr=0.1, weight_decay=0.0, scheduler=SchedulerOptions("constant", 0.0))
STILL = OptimizerOptions(lr=1e-30)


class Figures(pl.Callback):
    """Keeps the validation figures of every epoch."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        self.epochs.append({name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")})


@pytest.fixture
def torn_bars(bars, tmp_path):
    """A copy of the bars, to be damaged after its scan."""
    shutil.copytree(bars, tmp_path / "bars")
    return tmp_path / "bars"


def tear(videos):
    for video in videos:
        video.record.path.write_bytes(video.record.path.read_bytes()[:300])


def test_a_fit_reports_and_leaves_its_files(run):
    report, module = run.fit()
    assert report.epochs == 2
    assert module.trainer.global_step == 8
    assert set(report.train_metrics) == {"loss", "accuracy", "top5_accuracy", "f1_macro", "ece"}
    assert 0 <= report.data_wait_fraction <= 1
    assert report.clips_per_second > 0
    assert report.num_bad_videos == 0
    assert sorted(path.name for path in run.best.parent.iterdir()) == ["best.ckpt", "last.ckpt"]
    assert sorted(path.name for path in run.folder.iterdir()) == ["checkpoints", "tensorboard"]


def test_a_fit_is_silent_on_the_terminal(run, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        run.fit()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize(
    "optimizer",
    [
        OptimizerOptions(lr=0.02),
        OptimizerOptions(lr=0.01, weight_decay=0.5),
        OptimizerOptions(lr=0.01, encoder_lr_scale=0.1),
        OptimizerOptions(name="sgd", lr=0.01),
        OptimizerOptions(lr=0.01, scheduler=SchedulerOptions("constant")),
        OptimizerOptions(lr=0.01, scheduler=SchedulerOptions(warmup_fraction=0.5)),
    ],
)
def test_each_option_of_the_optimizer_changes_the_weights(usual, run, tmp_path, optimizer):
    _, module = replace(run, folder=tmp_path / "changed", optimizer=optimizer).fit()
    assert differs(usual, weights_of(module))


@pytest.fixture(scope="module")
def usual(manifest, tmp_path_factory):
    """The weights after a run with nothing changed."""
    return weights_of(Run(manifest, tmp_path_factory.mktemp("usual")).fit()[1])


def test_two_batches_accumulated_equal_one_of_twice_the_size(run, tmp_path):
    still = replace(run, encoder=FROZEN, optimizer=SGD)
    _, two = replace(still, folder=tmp_path / "a", training=TrainingOptions(max_epochs=2, accumulate=2)).fit()
    _, one = replace(still, folder=tmp_path / "b", data=replace(DATA, batch_size=8)).fit()
    _, none = replace(still, folder=tmp_path / "c").fit()
    assert two.trainer.global_step == one.trainer.global_step == 4
    assert none.trainer.global_step == 8
    for name, value in weights_of(one).items():
        assert torch.allclose(value, weights_of(two)[name], atol=1e-6), name
    assert differs(weights_of(none), weights_of(two))


def test_clip_norm_bounds_every_step(run, tmp_path):
    def moved(clip_norm):
        changed = replace(
            run, folder=tmp_path / str(clip_norm), optimizer=SGD, training=TrainingOptions(max_epochs=1, clip_norm=clip_norm)
        )
        module = changed.module()
        before = [parameter.detach().clone() for parameter in module.parameters()]
        changed.fit(module=module)
        distances = [(one - two.detach()).square().sum() for one, two in zip(before, module.parameters(), strict=True)]
        return float(sum(distances).sqrt())

    # 4 steps of Nesterov momentum 0.9, each gradient at most 1e-4 long, at a rate of 0.1
    assert 0 < moved(1e-4) < 4 * 0.1 * 1e-4 * (1 + 0.9 * 10)
    assert moved(None) > 1e-2


def test_early_stopping_ends_a_run_that_gets_no_better(run):
    still = replace(run, encoder=FROZEN, optimizer=STILL, training=TrainingOptions(max_epochs=7, early_stopping=2))
    report, _ = still.fit()
    assert report.epochs == 3


def test_without_early_stopping_all_epochs_run(run):
    still = replace(run, encoder=FROZEN, optimizer=STILL, training=TrainingOptions(max_epochs=4))
    report, _ = still.fit()
    assert report.epochs == 4


@pytest.mark.parametrize("monitor", ["accuracy", "f1_macro", "loss"])
def test_monitor_is_the_figure_that_ranks_checkpoints(run, monitor):
    module = replace(run, training=TrainingOptions(monitor=monitor)).module()
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        (figures,) = trainer.validate(module, datamodule=run.datamodule(), verbose=False)
    expected = selection_score(monitor, {name.removeprefix("val/"): value for name, value in figures.items()})
    assert figures["val/selection_score"] == pytest.approx(expected)


@pytest.mark.parametrize("seed", [1, 3])
def test_the_best_checkpoint_is_that_of_the_highest_score_and_the_last_the_last(run, seed):
    figures = Figures()
    replace(run, optimizer=OptimizerOptions(lr=0.05), training=TrainingOptions(max_epochs=4), seed=seed).fit([figures])
    scores = [epoch["val/selection_score"] for epoch in figures.epochs]
    assert scores.index(max(scores)) < 3  # else this run could not tell best and last apart
    assert load(run.best)["epoch"] == scores.index(max(scores))
    assert load(run.last)["epoch"] == 3


def test_channels_last_gives_the_same_result(run, tmp_path):
    lay = [replace(run, folder=tmp_path / str(flag), training=replace(ONE, channels_last=flag)) for flag in (True, False)]
    (_, last), (_, first) = (one.fit() for one in lay)
    weight = last.model.encoder.trunk[0][0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not first.model.encoder.trunk[0][0].weight.is_contiguous(memory_format=torch.channels_last)
    for name, value in weights_of(first).items():
        assert torch.allclose(value, weights_of(last)[name], atol=1e-3), name


class Watch(pl.Callback):
    """Looks at the state of torch and the dtype of the logits during training."""

    def on_train_start(self, trainer, pl_module) -> None:
        self.deterministic = torch.are_deterministic_algorithms_enabled()
        pl_module.model.head.register_forward_hook(self._look)

    def _look(self, module, inputs, output) -> None:
        self.dtype = output[0].dtype


@pytest.mark.parametrize("flag", [False, True])
def test_deterministic_allows_deterministic_algorithms_only(run, flag):
    watch = Watch()
    try:
        replace(run, training=replace(ONE, deterministic=flag)).fit([watch])
        assert watch.deterministic is flag
    finally:
        torch.use_deterministic_algorithms(False)
        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


@pytest.mark.parametrize(("precision", "dtype"), [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)])
def test_precision_is_that_of_the_computation_not_of_the_weights(run, precision, dtype):
    watch = Watch()
    _, module = replace(run, training=ONE, trainer=TrainerOptions(accelerator="cpu", precision=precision)).fit([watch])
    assert watch.dtype == dtype
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_machine_without_a_gpu_says_so(run):
    with pytest.raises(ConfigError, match=r"^trainer: .*; to run on the CPU: trainer=cpu$"):
        replace(run, trainer=TrainerOptions(accelerator="gpu")).fit()


def test_videos_that_fail_in_training_are_reported_once_and_left_out(torn_bars, run, tmp_path):
    damaged = replace(run, manifest=scan(torn_bars, tmp_path / "cache"))
    tear(damaged.manifest.videos["train"][:5])
    tear(damaged.manifest.videos["val"][:1])
    report, _ = damaged.fit()
    assert report.epochs == 2
    assert report.num_bad_videos == 6
    assert sorted(place[:2] for place in damaged.bad) == [*(("train", position) for position in range(5)), ("val", 0)]
    assert all("changed since it was scanned" in reason for _, _, reason in damaged.bad)


def test_batches_of_bad_videos_only_change_nothing(torn_bars, run, tmp_path):
    damaged = replace(run, manifest=scan(torn_bars, tmp_path / "cache"))
    tear(damaged.manifest.videos["train"])
    module = damaged.module()
    before = weights_of(module)
    report, _ = damaged.fit(module=module)
    assert (report.epochs, report.num_bad_videos, report.train_metrics) == (2, 16, {})
    assert not differs(before, weights_of(module))


def test_too_many_bad_videos_stop_the_run(torn_bars, run, tmp_path):
    damaged = replace(run, manifest=scan(torn_bars, tmp_path / "cache"), max_bad_fraction=0.1)
    tear(damaged.manifest.videos["train"])
    with pytest.raises(DataError, match=r"^3 of 24 videos cannot be read, more than data\.max_bad_fraction=0\.1; the last: "):
        damaged.fit()
    assert len(damaged.bad) == 3


def test_one_bad_video_stops_the_run_where_bad_videos_are_errors(torn_bars, run, tmp_path):
    options = replace(DATA, bad_videos="error", num_workers=1)
    damaged = replace(run, manifest=scan(torn_bars, tmp_path / "cache"), data=options)
    tear(damaged.manifest.videos["train"][:1])
    with pytest.raises(DataError, match=r"^cannot read .*to leave such videos out: data\.bad_videos=skip$"):
        damaged.fit()


@pytest.mark.parametrize("early_stopping", [None, 1])
def test_a_run_that_cannot_validate_says_so(torn_bars, run, tmp_path, early_stopping):
    changed = replace(run, manifest=scan(torn_bars, tmp_path / "cache"), training=replace(ONE, early_stopping=early_stopping))
    tear(changed.manifest.videos["val"])
    with pytest.raises(DataError, match=r"^none of the validation videos with a label could be read, .*bad_videos\.csv"):
        changed.fit()


def test_more_epochs_continue_a_finished_run(run):
    run.fit()
    report, module = replace(run, training=TrainingOptions(max_epochs=3)).fit(resume=run.last)
    assert (report.epochs, module.trainer.global_step) == (3, 12)


def test_the_number_of_threads_is_that_of_the_run(tmp_path, restored_threads):
    build_trainer(tmp_path, ONE, TrainerOptions(accelerator="cpu", num_threads=2), [])
    assert torch.get_num_threads() == 2
