"""What each target of the command measures, prints and writes; the figures themselves are of no interest here."""

import pytest

from tests.benchmarks.measuring import measure, names
from tests.commands import run

PEERS = {
    "decord at size", "decord + resize", "PyAV sequential", "PyAV seek", "OpenCV + resize", "torchcodec at size",
    "torchcodec + resize",
}  # fmt: skip
SMALL = ("clip.num_frames=4", "clip.height=28", "clip.width=28", "data.num_workers=0", "repeats=1")


def test_decoding_is_compared_with_every_peer_and_those_that_are_missing_are_named(capsys, bars, tmp_path):
    content = measure(capsys, tmp_path, "target=decode", f"input={bars}/left", "long_seconds=2", *SMALL)
    assert len(content["tables"]) == 3
    for table in content["tables"]:
        ours, lossy, *peers = names(table)
        missing = {note.partition(":")[0] for note in table["notes"] if "pip install 'videoseq[benchmark]'" in note}
        assert (ours, lossy) == ("videoseq, auto", "videoseq, skip_loop_filter")
        assert set(peers) | missing == PEERS
        assert set(peers).isdisjoint(missing)
    clips, *long = [
        {ratio["peer"]: ratio["aim"] for ratio in table["ratios"] if ratio["ours"] == "videoseq, auto"}
        for table in content["tables"]
    ]
    assert (clips["decord at size"], clips["decord + resize"], clips["PyAV seek"]) == (1.15, 1.3, None)
    assert all(set(aims.values()) == {0.95} for aims in long)
    assert "12 clips" in content["tables"][0]["title"]
    assert "a video of 2 s, 32x32: 4 frames from all over" in content["tables"][1]["title"]
    assert "in a row" in content["tables"][2]["title"]


def test_prepared_videos_are_compared_with_their_originals(capsys, bars, make_class_folders, tmp_path):
    prepared = make_class_folders(tmp_path / "prepared", {"left": 3})
    (table,) = measure(capsys, tmp_path, "target=decode", f"input={prepared}", f"against={bars}", *SMALL)["tables"]
    assert names(table) == ["videoseq, auto, prepared", "videoseq, auto, original"]
    assert table["title"].startswith("3 prepared clips")
    assert [ratio["aim"] for ratio in table["ratios"]] == [8]


def test_the_loader_is_measured_beside_bare_decord(capsys, bars, tmp_path):
    content = measure(capsys, tmp_path, "target=loader", f"data.root={bars}", *SMALL, "repeats=2")
    (table,) = content["tables"]
    assert names(table) == ["videoseq, auto", "videoseq, decord", "videoseq, pyav", "DataLoader of bare decord"]
    assert table["unit"] == "clips per CPU second"
    assert [(ratio["ours"], ratio["aim"]) for ratio in table["ratios"]] == [
        ("videoseq, auto", 0.95),
        ("videoseq, decord", None),
        ("videoseq, pyav", None),
    ]


def test_steps_are_measured_beside_a_loop_by_hand(capsys, tmp_path):
    words = ("model/encoder=simple", "model.encoder.channels=[4]", "trainer=cpu", "data.batch_size=2", "steps=2")
    (table,) = measure(capsys, tmp_path, "target=step", *words, *SMALL)["tables"]
    assert names(table) == ["videoseq", "plain PyTorch loop"]
    assert "task.loss and training.ema are for videoseq alone" in table["notes"][0]
    assert table["title"] == "simple + lstm, 2 clips of 4 frames at 28x28, 32-true, cpu"


def test_the_help_is_measured_beside_a_bare_hydra_program_and_its_table_is_put_into_the_readme(capsys, tmp_path):
    (table,) = measure(capsys, tmp_path, "target=startup", "repeats=1")["tables"]
    assert names(table) == ["videoseq.train --help", "bare Hydra program --help"]
    readme = tmp_path / "README.md"
    readme.write_text("<!-- tables of figures.json -->\n<!-- end -->\n", encoding="utf-8")
    done = run(capsys, "benchmark", "target=tables", f"input={tmp_path}")
    assert done.code == 0, done.err
    assert "bare Hydra program --help" in done.out
    assert "| bare Hydra program --help | " in readme.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["target=loader"], "target=loader needs videos to read: input=DIR"),
        (["target=length", "long_seconds=20"], "long_seconds too: it must be at least 60, such as 3600, got 20"),
        (["target=train"], "target=train needs a data set: data.root=DIR or +experiment=NAME"),
        (["target=cache", "data.root=x", "training.max_epochs=1"], "training.max_epochs must be at least 2, got 1"),
        (["target=cache", "data.root=x", "model.encoder.freeze=none"], "data.cache=features keeps what a frozen encoder makes"),
        (["target=tables"], "target=tables needs a folder with the JSON files of benchmarks: input=experiments/speed"),
        (["target=loader", "input=x", "against=y"], "target=decode input=PREPARED against=ORIGINAL"),
        (["target=startup", "repeats=0"], "repeats must be at least 1, got 0"),
        (["target=decode", "input=x", "long_seconds=-1"], "long_seconds must be 0 (off) or positive, got -1"),
        (["target=startup", "output=figures.csv"], "output must end in .json, got 'figures.csv'"),
        (["target=startup", "resume=auto"], "resume is not for benchmark"),
        (["target=step", "training.accumulate=2"], "leave training.accumulate and training.compile out"),
        (["target=step", "training.compile=true"], "leave training.accumulate and training.compile out"),
        (["target=growth", "task.name=frames"], "are for task.name=classification, got task.name=frames: leave it out"),
        (["target=startup", "task.name=regression"], "target=startup times the help, which knows no task.name=regression"),
        (["target=length", "task.name=regression"], "are for task.name=frames, got task.name=regression: leave it out"),
        (["target=lader"], "did you mean 'loader'?"),
    ],
)
def test_what_cannot_be_measured_is_refused(capsys, words, message):
    refused = run(capsys, "benchmark", *words)
    assert refused.code == 2
    assert message in refused.err


def test_videos_that_do_not_match_are_named(capsys, bars, make_class_folders, tmp_path):
    other = make_class_folders(tmp_path / "other", {"up": 1})
    unmatched = run(capsys, "benchmark", "target=decode", f"input={other}", f"against={bars}")
    assert "no video of input=" in unmatched.err
    assert "videoseq.prepare" in unmatched.err
