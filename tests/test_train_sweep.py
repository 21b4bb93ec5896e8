"""`python -m videoseq.train -m`: real runs side by side, one of which fails or is interrupted."""

import re

import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams.backend_context import Context

from tests.commands import only_run, read_csv, read_json, run, train_words
from tests.training.runs import assert_same, load
from videoseq.config import TrainConfig, main
from videoseq.train import train

RUN_FILES = {"config.yaml", "metrics.json", "train.log", "bad_videos.csv", "checkpoints", "tensorboard"}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory, bars):
    """The folder of a finished sweep over two heads."""
    folder = tmp_path_factory.mktemp("sweep")
    words = [word for word in train_words(bars, folder) if "hidden_size" not in word]
    with pytest.MonkeyPatch.context() as patch:
        (folder / "empty").mkdir()
        patch.chdir(folder / "empty")
        with pytest.raises(SystemExit) as stopped:
            main(TrainConfig, "train", train, "", [*words, "-m", "model/head=mean,lstm"], sweep=train)
    assert stopped.value.code == 0
    assert list((folder / "empty").iterdir()) == []
    return only_run(folder)


def test_a_sweep_leaves_a_table_and_a_run_folder_of_ours_for_each_number(sweep):
    assert re.fullmatch(r"sweep_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{3}", sweep.name)
    assert {path.name for path in sweep.iterdir()} == {"sweep.csv", "0", "1"}
    for number in "01":
        assert {path.name for path in (sweep / number).iterdir()} == RUN_FILES
        assert (sweep / number / "checkpoints" / "best.ckpt").is_file()
        assert f"run {sweep / number}: 2 classes" in (sweep / number / "train.log").read_text()


def test_the_table_holds_what_the_runs_measured_on_validation_and_nothing_of_the_test_split(sweep):
    rows = read_csv(sweep / "sweep.csv")
    assert [(row["number"], row["status"], row["model/head"], row["epochs"]) for row in rows] == [
        ("0", "done", "mean", "2"),
        ("1", "done", "lstm", "2"),
    ]
    for row in rows:
        assert row["folder"] == str(sweep / row["number"])
        metrics = read_json(sweep / row["number"] / "metrics.json")
        assert metrics["test"] is None
        assert {name: float(row[f"val_{name}"]) for name in metrics["val"]} == metrics["val"]
        assert float(row["seconds"]) > 0
        assert row["message"] == ""
    assert not any("test" in column for column in rows[0])


def test_tensorboard_compares_the_options_and_figures_of_all_runs(sweep):
    runs = EventMultiplexer().AddRunsFromDirectory(str(sweep))
    runs.Reload()
    context, request = Context(TBContext(data_provider=MultiplexerDataProvider(runs, str(sweep)))), RequestContext()
    options = context.hparams_metadata(request, "")
    assert options.keys() == {"0/tensorboard", "1/tensorboard"}
    compared = context.experiment_from_metadata(
        request, "", True, options, context.hparams_from_data_provider(request, "", limit=0)
    )
    # Options that only the second run has are there too.
    assert {"model.head.name", "model.head.hidden_size", "optimizer.lr"} <= {info.name for info in compared.hparam_infos}
    assert "final/val/accuracy" in {info.name.tag for info in compared.metric_infos}
    assert not any("test" in info.name.tag for info in compared.metric_infos)


def test_a_run_of_a_sweep_is_the_one_that_it_would_be_alone(capsys, tmp_path, sweep, bars):
    words = [word for word in train_words(bars, tmp_path, "model/head=lstm", "test=false") if "hidden_size" not in word]
    assert run(capsys, "train", *words).code == 0
    alone, swept = (load(folder / "checkpoints" / "best.ckpt") for folder in (only_run(tmp_path), sweep / "1"))
    assert_same(alone["state_dict"], swept["state_dict"])
    assert alone["global_step"] == swept["global_step"] > 0


def test_lines_carry_their_run_and_the_best_is_marked(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "training.max_epochs=1", "-m", "seed=0,1"))
    assert outcome.code == 0, outcome.err
    lines = outcome.err.splitlines()
    assert re.fullmatch(r"sweep .*/train/sweep_[\d_-]+: 2 runs", lines[0])
    assert re.fullmatch(r"sweep: .*sweep\.csv", lines[-1])
    assert {line[:4] for line in lines[1:-1]} == {"[0] ", "[1] "}
    assert "[1] epoch 1/1  train/loss" in outcome.err
    rows = read_csv(only_run(tmp_path) / "sweep.csv")
    best = max(rows, key=lambda row: (float(row["val_accuracy"]), -float(row["val_loss"])))
    (marked,) = [line for line in outcome.out.splitlines() if "best" in line and "done" in line]
    assert [cell.strip() for cell in marked.strip("│").split("│")][:4] == ["best", best["number"], "done", best["seed"]]


def test_runs_that_fail_are_recorded_and_the_others_are_done(capsys, tmp_path, bars):
    targets = "callbacks.own._target_=pytorch_lightning.Callback,tests.signals.RaiseAtStart"
    channels = "model.encoder.channels=[4],[4,4,4,4,4,4]"
    words = train_words(bars, tmp_path, "training.max_epochs=1", "model.encoder.spatial=[1,1]", "-m", targets, channels)
    outcome = run(capsys, "train", *words)
    assert outcome.code == 0, outcome.err
    folder = only_run(tmp_path)
    rows = read_csv(folder / "sweep.csv")
    assert [row["status"] for row in rows] == ["done", "failed", "failed", "failed"]
    bug, mistake, _ = rows[1:]
    assert bug["message"] == f"RuntimeError: a bug; the traceback stands in {folder / '1' / 'train.log'}"
    log = (folder / "1" / "train.log").read_text()
    assert "Traceback (most recent call last):" in log
    assert log.endswith("RuntimeError: a bug\n")
    assert "expected at least 64x64" in mistake["message"]
    log = (folder / "2" / "train.log").read_text()
    assert log.endswith(f"ERROR videoseq: {mistake['message']}\n")
    assert "Traceback" not in log
    assert "WARNING: 3 of 4 runs failed; the first: " in outcome.err
    assert "Traceback" not in outcome.err


def test_a_sweep_of_which_no_run_is_done_is_exit_code_2(capsys, tmp_path, bars):
    outcome = run(capsys, "train", *train_words(tmp_path / "nothing", tmp_path, "-m", "seed=0,1"))
    assert outcome.code == 2
    assert re.search(r"^videoseq\.train: none of 2 runs is done; the first: .*nothing", outcome.err, re.MULTILINE)
    assert [row["status"] for row in read_csv(only_run(tmp_path) / "sweep.csv")] == ["failed", "failed"]


def test_an_interrupted_run_saves_and_the_sweep_stops(capsys, tmp_path, bars):
    stop = "callbacks.stop={_target_: tests.signals.SignalAt, batches: 2}"  # an epoch is a batch
    outcome = run(capsys, "train", *train_words(bars, tmp_path, stop, "-m", "training.max_epochs=1,3,4"))
    assert outcome.code == 3
    folder = only_run(tmp_path)
    rows = read_csv(folder / "sweep.csv")
    assert [(row["training.max_epochs"], row["status"]) for row in rows] == [
        *(("1", "done"), ("3", "interrupted"), ("4", "not_run")),
    ]
    assert "the sweep was stopped (1 done, 1 interrupted, 1 not run)" in outcome.err
    assert not (folder / "2").exists()
    checkpoint = rows[1]["message"].rpartition("resume=")[2]
    assert checkpoint == str(folder / "1" / "checkpoints" / "last.ckpt")
    continued = run(
        capsys, "train", *train_words(bars, tmp_path, "training.max_epochs=3", f"resume={checkpoint}", "test=false")
    )
    assert continued.code == 0, continued.err
    assert read_json(folder / "1" / "metrics.json")["epochs"] == 3
