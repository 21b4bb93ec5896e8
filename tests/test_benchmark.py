import json

from tests.commands import run


def test_the_loader_is_measured_beside_bare_decord(capsys, bars, tmp_path):
    output = tmp_path / "metrics.json"
    done = run(
        capsys, "benchmark", "what=loader", f"input={bars}", f"output={output}", "repeats=1",
        "clip.num_frames=4", "clip.height=28", "clip.width=28",
    )  # fmt: skip
    assert done.code == 0
    figures = json.loads(output.read_text())
    assert figures["num_videos"] == 24
    assert set(figures["clips_per_cpu_second"]) == {"bare_decord", "loader_decord", "loader_pyav"}
    assert all(rate > 0 for rate in figures["clips_per_cpu_second"].values())
    assert set(figures["ratio_to_bare_decord"]) == {"loader_decord", "loader_pyav"}


def test_memory_is_measured_in_every_epoch(capsys, bars, tmp_path):
    output = tmp_path / "metrics.json"
    overrides = ",".join(
        f"'{word}'"
        for word in [
            f"data.root={bars}", f"paths.outputs={tmp_path}/outputs", f"paths.cache={tmp_path}/cache", "data.num_workers=0",
            "model/encoder=simple", "model.encoder.spatial=null", "clip.height=16", "clip.width=16", "clip.num_frames=2",
            "training.max_epochs=3", "trainer=cpu",
        ]
    )  # fmt: skip
    done = run(capsys, "benchmark", "what=memory", f"overrides=[{overrides}]", f"output={output}")
    assert done.code == 0, done.err
    peaks = json.loads(output.read_text())["peak_mb_by_epoch"]
    assert len(peaks) == 3
    assert all(100 < peak < 4000 for peak in peaks)


def test_a_loader_without_videos_and_a_training_that_fails_are_named(capsys, tmp_path):
    assert "what=loader needs videos to read: input=DIR" in run(capsys, "benchmark", "what=loader").err
    failed = run(capsys, "benchmark", "what=memory", "overrides=['+experiment=nothing']")
    assert failed.code == 2
    assert "the training ended with exit code 2" in failed.err
