"""What a run that waited for its data is told."""

from dataclasses import replace

import pytest

from tests.commands import only_run, read_json, run, train_words
from videoseq.data.options import DataOptions
from videoseq.running.data_wait import Loading, advise

LARGE = Loading(2, 8, "none", "frames", 1080.0, 128.0)
SMALL = replace(LARGE, short_side=128.0)
BUSY = replace(SMALL, num_workers=8)
COPY = "a smaller copy of the videos (short side 1080, needed 128): python -m videoseq.prepare"
FEATURES, FRAMES = (f"data.cache={kept}, which decodes every video once" for kept in ("features", "frames"))
WORKERS = "data.num_workers=8 (it was 2)"


@pytest.mark.parametrize(
    ("fraction", "loading", "remedies"),
    [
        (0.21, LARGE, [WORKERS, FRAMES, COPY]),
        (0.21, SMALL, [WORKERS, FRAMES]),
        (0.21, BUSY, [FRAMES]),
        (0.21, replace(LARGE, num_workers=8, best_cache="features"), [FEATURES, COPY]),
        (0.21, replace(LARGE, num_workers=0, best_workers=1), ["data.num_workers=1 (it was 0)", FRAMES, COPY]),
        (0.21, replace(LARGE, cache="frames"), [WORKERS]),
        (0.21, replace(BUSY, cache="frames"), ["fewer augmentations or more cores: the workers have all that there are"]),
        (0.21, replace(LARGE, cache="features"), None),
        (0.2, LARGE, None),
        (0.0, LARGE, None),
    ],
)
def test_remedies_are_these(fraction, loading, remedies):
    message = advise(fraction, loading)
    if remedies is None:
        assert message is None
    else:
        assert message == f"training waited for data 21% of its time. What helps: {'; or '.join(remedies)}"


def test_a_run_that_waits_is_told_once_at_its_end(capsys, bars, tmp_path):
    """Tiny models on files of 32 pixels, decoded by the process that trains."""
    outcome = run(capsys, "train", *train_words(bars, tmp_path, "clip.crop_fraction=1", "training.max_epochs=1"))
    assert outcome.code == 0, outcome.err
    waited = read_json(only_run(tmp_path) / "metrics.json")["data_wait_fraction"]
    told = [line for line in outcome.err.splitlines() if "waited for data" in line]
    expected = f"training waited for data {waited:.0%} of its time. What helps: {told_remedies()}"
    assert [line.endswith(expected) for line in told] == [True] * (waited > 0.2)


def told_remedies():
    cores = DataOptions(num_workers=None).workers
    return f"data.num_workers={cores} (it was 0); or {FRAMES}; or a smaller copy of the videos (short side 32, needed 16): " + (
        "python -m videoseq.prepare"
    )
