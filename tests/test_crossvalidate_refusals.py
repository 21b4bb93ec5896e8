"""What a cross-validation refuses, before any fold is trained: exit code 2 and one message."""

import shutil

import pytest

from tests.commands import only_run, read_json, run, train_words


def refused(capsys, *words):
    """Runs the command, which must refuse, and returns its message."""
    outcome = run(capsys, "crossvalidate", *words)
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    return outcome.err[outcome.err.index("videoseq.crossvalidate: ") :]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to cross-validate. Name an experiment: python -m videoseq.crossvalidate +experiment=kernel_size"),
        (["data.root=x", "folds=1"], "folds must be at least 2, got 1"),
        (["data.root=x", "repeats=0"], "repeats must be at least 1, got 0"),
        (["data.root=x", "seed=4294967295", "repeats=2"], "seed must lie in [0, 2**32), got 4294967296"),
        (["data.root=x", "resume=auto"], "the same command again continues what was stopped"),
        (["data.root=x", "test=false"], "every fold is tested; leave it out"),
        (["data.root=x", "output=results"], "output must end in .json, got 'results'"),
        (["data.root=x", "data.split.folds=3"], "data.split.folds is set by the cross-validation itself"),
        (["data.root=x", "data.split.strategy=random"], "deals grouped folds. Fix: leave it out; folds=N says how many"),
        (["+experiment=kernel_siz"], "did you mean 'kernel_size'?"),
        (["data.root=x", "fold=3"], "did you mean folds?"),
        (["compare=[moving_shapes]"], "compare needs two entries or more, got ['moving_shapes']"),
        (["compare=[moving_shapes,moving_shape]"], "compare, entry 'moving_shape': unknown experiment 'moving_shape'"),
        (["compare=[moving_shapes,moving_shapes]"], "'moving_shapes' and 'moving_shapes' have the same options"),
        (
            ["compare=['kernel_size','kernel_size model.encoder.kernel_size=3']"],
            "'kernel_size' and 'kernel_size model.encoder.kernel_size=3' have the same options, so there is nothing to compare",
        ),
        (
            ["compare=['kernel_size','kernel_size model.encoder.kernelsize=5']"],
            "compare, entry 'kernel_size model.encoder.kernelsize=5': unknown option model.encoder.kernelsize: did you mean",
        ),
        (
            ["+experiment=kernel_size", "compare=[moving_shapes,'seed=1']"],
            "two experiments for the entry 'moving_shapes'. Fix: name experiments in compare, or one for all",
        ),
        (["compare=['a name=b',c]"], "compare: name in the entry 'a name=b' holds for all. Fix: put it behind the command"),
        (
            ["compare=[moving_shapes,'moving_shapes data.split.fold=1']"],
            "data.split.fold is set by the cross-validation itself",
        ),
        (['compare=[moving_shapes,"a \'b"]'], 'compare: cannot read "a \'b": No closing quotation. Fix: close every quote'),
        (["-m", "folds=2,3", "data.root=x"], "sweeps (-m) are for videoseq.train"),
    ],
)
def test_options(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in refused(capsys, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_class_with_too_few_groups(capsys, tmp_path, make_class_folders):
    data = make_class_folders(tmp_path / "data", {"left": 8, "right": 3})
    message = refused(capsys, *train_words(data, tmp_path), "folds=4")
    assert "'right'" in message
    assert "Fix: " in message
    assert not (tmp_path / "outputs").exists()


def test_experiments_on_different_data(capsys, tmp_path, bars, make_class_folders):
    other = make_class_folders(tmp_path / "other", {"left": 6, "right": 6}, seed=3)
    words = [word for word in train_words(bars, tmp_path) if not word.startswith("data.root")]
    message = refused(capsys, *words, "folds=2", f"compare=['data.root={bars}','data.root={other}']")
    assert f"'data.root={other}' has other videos or folds than 'data.root={bars}': data.root={other}, not {bars}" in message
    listed = tmp_path / "listed.csv"
    listed.write_text(
        "path,label\n" + "".join(f"{one}/{number}.mp4,{one}\n" for one in ("left", "right") for number in range(9))
    )
    message = refused(capsys, *train_words(bars, tmp_path), "folds=2", f"compare=['seed=0','data.annotations={listed}']")
    assert "has other videos or folds than 'seed=0': 6 videos are gone or changed, the first: left/10.mp4" in message
    message = refused(capsys, *train_words(bars, tmp_path), "folds=2", "compare=['seed=0','data.split.seed=1']")
    assert "'data.split.seed=1' has other videos or folds than 'seed=0': the videos of fold 0 of repeat 0 are others" in message
    assert "with the same seed and data.split.seed for all" in message


def test_a_checkpoint_that_has_seen_the_test_videos_is_a_leak(capsys, tmp_path, bars, checkpoint):
    message = refused(capsys, *train_words(bars, tmp_path), "folds=2", f"init_from={checkpoint}")
    assert f"a leak: init_from={checkpoint} was trained on or chosen by 20 of the 24 videos, which the folds test" in message
    assert "Fix: start from a checkpoint of other data" in message


def test_folds_of_other_options_or_videos_are_never_mixed(capfd, tmp_path, bars):
    data = shutil.copytree(bars, tmp_path / "data")
    # The frames are too small for so many stages, which shows when the first fold builds its model.
    words = [*train_words(data, tmp_path), "folds=2", "model.encoder.channels=[4,4,4,4,4]"]
    message = refused(capfd, *words)
    assert "fold 1 of 2 (repeat_0/fold_0) of train failed, its message stands above: videoseq.train" in message
    assert "ended with exit code 2" in message
    folder = tmp_path / "outputs" / "train" / "crossvalidation"
    assert [fold["fold"] for fold in read_json(folder / "folds.json")["folds"]] == [0, 1]
    assert not list(folder.glob("repeat_0/*/*/metrics.json"))

    other = refused(capfd, *words, "optimizer.lr=0.5", "training.max_epochs=3")
    assert (
        f"{str(folder)!r} holds folds of another cross-validation: optimizer.lr was 0.001, is 0.5; training.max_epochs was 2, "
        "is 3. Fix: name=… for a folder of its own, or delete that folder"
    ) in other
    assert "data.split.folds was 2, is 3" in refused(capfd, *words, "folds=3")
    assert "seed was 0, is 1" in refused(capfd, *words, "seed=1")

    (data / "left" / "3.mp4").unlink()
    assert "1 videos are gone or changed, the first: left/3.mp4" in refused(capfd, *words)
    (folder / "folds.json").write_text("no JSON")
    assert "folds.json' cannot be read" in refused(capfd, *words)


def test_a_finished_run_of_other_videos_is_not_taken_for_a_fold(capsys, tmp_path, bars, trained):
    place = tmp_path / "outputs" / "train" / "crossvalidation" / "repeat_0" / "fold_0"
    shutil.copytree(trained, place / "2026-01-01")
    message = refused(capsys, *train_words(bars, tmp_path), "folds=2")
    assert f"'{place / '2026-01-01'}' was trained on other videos than those of its fold: the data changed" in message
    assert f"Fix: delete '{place}'" in message
    assert only_run(tmp_path).name == "crossvalidation"
