"""Variations in time: literal tables, and what each does to the clips that are sampled."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videoseq.data.augment_options import TemporalOptions
from videoseq.data.sampling import sample_clip
from videoseq.data.temporal import TemporalAugment, covered, held, jittered, played, reversed_targets, shown_counts
from videoseq.errors import ConfigError
from videoseq.types import ClipSpec

NAMES = ("open", "close", "wave")


@pytest.mark.parametrize(
    ("n", "percent", "expected"),
    [
        (6, 100, [0, 1, 2, 3, 4, 5]),
        (6, 200, [0, 2, 4]),
        (7, 200, [0, 2, 4, 6]),
        (6, 150, [0, 1, 3, 4]),
        (7, 150, [0, 1, 3, 4, 6]),
        (3, 50, [0, 0, 1, 1, 2, 2]),
        (4, 75, [0, 0, 1, 2, 3, 3]),
        (2, 10, [0] * 10 + [1] * 10),
        (5, 1000, [0]),
        (11, 1000, [0, 10]),
        (1, 133, [0]),
    ],
)
def test_played(n: int, percent: int, expected: list[int]) -> None:
    positions = played(n, percent)
    assert positions.tolist() == expected
    assert positions.dtype == np.int64


@pytest.mark.parametrize(
    ("n", "percent", "num_frames", "expected"),
    [
        (12, 100, 4, 12),
        (12, 75, 4, 9),
        (12, 50, 4, 6),
        (12, 20, 4, 4),
        (12, 150, 4, 12),
        (3, 50, 4, 3),
        (7, 50, 2, 3),
        (1, 10, 1, 1),
    ],
)
def test_covered(n: int, percent: int, num_frames: int, expected: int) -> None:
    assert covered(n, percent, num_frames) == expected


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([0, 0, 0, 0, 0], [0, 1, 2, 3, 4]),
        ([-2, 2, -1, 0, 2], [0, 1, 3, 3, 4]),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 4]),
        ([-9, -9, -9, -9, -9], [0, 0, 0, 0, 0]),
        ([2, -1, 0, 0, -1], [0, 2, 2, 3, 3]),
        ([2, 0, -2, 0, 0], [0, 1, 2, 3, 4]),
    ],
)
def test_jittered(moves: list[int], expected: list[int]) -> None:
    assert jittered(np.arange(5), np.array(moves)).tolist() == expected


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40))
def test_jitter_moves_no_frame_further_than_it_may_and_keeps_the_order(moves: list[int]) -> None:
    places = np.arange(len(moves))
    moved = jittered(places, np.array(moves))
    assert (np.diff(moved) >= 0).all()
    assert np.abs(moved - places).max() <= max(map(abs, moves))


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("......", [0, 1, 2, 3, 4, 5]),
        (".x.xx.", [0, 0, 2, 2, 2, 5]),
        ("xx....", [0, 0, 2, 3, 4, 5]),
        ("xxxxxx", [0, 0, 0, 0, 0, 0]),
        (".....x", [0, 1, 2, 3, 4, 4]),
        ("x", [0]),
    ],
)
def test_held(lost: str, expected: list[int]) -> None:
    assert held(np.array([mark == "x" for mark in lost])).tolist() == expected


# --- clips -----------------------------------------------------------------------------------------------------------


def clips(options: TemporalOptions, spec: ClipSpec, n: int = 60, target: int = 2) -> list[tuple[list[int], int]]:
    """300 clips of a video of n frames, as a training data set samples them, each with its class."""
    temporal, drawn = TemporalAugment(options, spec, NAMES), []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        frames, shown = temporal.vary(np.arange(n), target, rng)
        clip = temporal.lose(frames[sample_clip(len(frames), spec, rng=rng)], rng)
        drawn.append((clip.tolist(), shown))
    return drawn


def frames_of(options: TemporalOptions, spec: ClipSpec, n: int = 60) -> list[list[int]]:
    return [frames for frames, _ in clips(options, spec, n)]


def test_nothing_changes_and_nothing_is_drawn_when_all_is_off() -> None:
    spec = ClipSpec(num_frames=5, sampling="segments")
    expected = [sample_clip(60, spec, rng=np.random.default_rng(seed)).tolist() for seed in range(300)]
    assert clips(TemporalOptions(), spec) == [(frames, 2) for frames in expected]


def test_speed_scales_the_steps_of_a_random_clip() -> None:
    spec = ClipSpec(num_frames=5, frame_stride=4, sampling="random_clip")
    drawn = frames_of(TemporalOptions(speed=2), spec)
    steps = [(frames[-1] - frames[0]) / 4 for frames in drawn]
    assert min(steps) == pytest.approx(2, abs=0.3)
    assert max(steps) == pytest.approx(8, abs=0.3)
    assert 110 < sum(step < 4 for step in steps) < 190  # log-uniform: as often slower as faster
    for frames, step in zip(drawn, steps, strict=True):
        assert all(abs(gap - step) <= 1 for gap in np.diff(frames))
        assert set(frames) <= set(range(60))


def test_a_clip_that_plays_too_fast_for_its_video_is_padded() -> None:
    padded = {}
    for padding in ("loop", "repeat_last", "mask"):
        spec = ClipSpec(num_frames=5, sampling="random_clip", padding=padding)
        drawn = frames_of(TemporalOptions(speed=4), spec, n=5)
        padded[padding] = min(drawn, key=lambda frames: len(set(frames)) if frames[1] > 1 else 9)
    assert padded == {"loop": [0, 3, 0, 3, 0], "repeat_last": [0, 3, 3, 3, 3], "mask": [0, 3]}


def test_speed_changes_how_many_frames_all_gives() -> None:
    spec = ClipSpec(sampling="all", max_frames=200)
    lengths = {len(frames) for frames in frames_of(TemporalOptions(speed=2), spec)}
    assert min(lengths) in (30, 31)
    assert max(lengths) in (118, 119, 120)


@pytest.mark.parametrize("sampling", ["uniform", "segments"])
def test_speed_covers_a_part_of_the_video_where_clips_spread(sampling: str) -> None:
    spec = ClipSpec(num_frames=6, sampling=sampling)
    drawn = frames_of(TemporalOptions(speed=3), spec)
    whole = sum(frames == [5, 15, 25, 35, 45, 55] for frames in drawn)
    assert whole > 120 or sampling == "segments"
    spans = [frames[-1] - frames[0] for frames in drawn]
    assert 12 <= min(spans) <= 18  # a third of 60 frames, the middles of whose segments lie 3.3 apart
    assert {frames[0] < 10 for frames in drawn if frames[-1] - frames[0] < 25} == {True, False}
    assert all(len(set(frames)) == 6 for frames in drawn)


def test_uniform_never_covers_fewer_frames_than_it_shows() -> None:
    spec = ClipSpec(num_frames=6, sampling="uniform")
    assert all(np.diff(frames).tolist() == [1] * 5 for frames in frames_of(TemporalOptions(speed=10), spec, n=6))
    assert {tuple(frames) for frames in frames_of(TemporalOptions(speed=10), spec, n=3)} == {(0, 1, 2, 2, 2, 2)}


def test_jitter_moves_frames_and_keeps_their_order() -> None:
    spec = ClipSpec(num_frames=6, sampling="uniform")
    drawn = np.array(frames_of(TemporalOptions(jitter=3), spec))  # (300, T)
    moves = drawn - np.array([5, 15, 25, 35, 45, 55])
    assert set(moves.ravel().tolist()) == {-3, -2, -1, 0, 1, 2, 3}
    assert (np.diff(drawn) >= 0).all()


def test_jitter_counts_the_frames_of_the_timeline_not_those_of_the_file() -> None:
    """At 5 of 30 frames a second, the place next to a frame is 6 source frames away."""
    temporal = TemporalAugment(TemporalOptions(jitter=1), ClipSpec(), NAMES)
    timeline = 6 * np.arange(20)
    drawn = [temporal.vary(timeline, 0, np.random.default_rng(seed))[0] - timeline for seed in range(50)]
    assert set(np.concatenate(drawn).tolist()) == {-6, 0, 6}


@pytest.mark.parametrize("padding", ["loop", "repeat_last"])
def test_jitter_leaves_padding_what_it_is(padding: str) -> None:
    spec = ClipSpec(num_frames=6, sampling="random_clip", padding=padding)
    for frames in frames_of(TemporalOptions(jitter=1), spec, n=3):
        assert frames[3:] == (frames[:3] if padding == "loop" else frames[2:3] * 3)
        assert 0 <= frames[0] <= frames[1] <= frames[2] <= 2


def test_a_lost_frame_gives_way_to_the_one_before_it() -> None:
    spec = ClipSpec(num_frames=8, sampling="uniform")
    plain = sample_clip(60, spec, rng=None).tolist()
    drawn = frames_of(TemporalOptions(drop=0.3), spec)
    lost = 0
    for frames in drawn:
        for t in range(1, 8):
            assert frames[t] in (plain[t], frames[t - 1])
            lost += frames[t] == frames[t - 1]
        assert frames[0] == plain[0]
    assert lost / (7 * len(drawn)) == pytest.approx(0.3, abs=0.03)


# --- backwards -------------------------------------------------------------------------------------------------------

BACKWARDS = TemporalOptions(reverse_classes=("wave",), reverse_pairs=(("open", "close"),))


def test_nothing_is_reversed_that_is_not_named() -> None:
    spec = ClipSpec(num_frames=4, sampling="uniform")
    for options, target in ((TemporalOptions(), 0), (TemporalOptions(reverse_classes=("wave",)), 1)):
        assert Counter(map(str, clips(options, spec, n=8, target=target))) == {f"([1, 3, 5, 7], {target})": 300}


@pytest.mark.parametrize(("target", "backwards"), [(0, 1), (1, 0), (2, 2)])
def test_half_of_the_clips_of_a_named_class_play_backwards_and_show_what_that_means(target: int, backwards: int) -> None:
    spec = ClipSpec(num_frames=4, sampling="uniform")
    found = Counter(map(str, clips(BACKWARDS, spec, n=8, target=target)))
    assert set(found) == {f"([1, 3, 5, 7], {target})", f"([6, 4, 2, 0], {backwards})"}
    assert min(found.values()) > 110


def test_a_short_video_is_reversed_before_it_is_padded() -> None:
    for padding, expected in (("loop", [2, 1, 0, 2, 1]), ("repeat_last", [2, 1, 0, 0, 0]), ("mask", [2, 1, 0])):
        spec = ClipSpec(num_frames=5, sampling="uniform", padding=padding)
        assert expected in frames_of(BACKWARDS, spec, n=3)


def test_shown_counts() -> None:
    counts = {"close": 3, "open": 12, "wave": 4, "fold": 0, "unfold": 1}
    assert shown_counts(counts, TemporalOptions(reverse_classes=("wave",))) == counts
    pairs = TemporalOptions(reverse_pairs=(("open", "close"), ("fold", "unfold")))
    shown = {"close": 7.5, "open": 7.5, "wave": 4, "fold": 0.5, "unfold": 0.5}
    assert list(shown_counts(counts, pairs).items()) == list(shown.items())


def test_reversed_targets() -> None:
    assert reversed_targets(BACKWARDS, NAMES) == {0: 1, 1: 0, 2: 2}
    assert reversed_targets(TemporalOptions(), NAMES) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            TemporalOptions(reverse_classes=("wavve",)),
            r"^augment\.temporal\.reverse_classes names 'wavve', which is no class of the data: did you mean 'wave'\? "
            r"Known: close, open, wave$",
        ),
        (
            TemporalOptions(reverse_classes=("wave",), reverse_pairs=(("open", "closed"),)),
            r"^augment\.temporal\.reverse_pairs names 'closed', which is no class of the data: did you mean 'close'\?",
        ),
    ],
)
def test_an_unknown_class_is_refused_with_the_nearest_name(options: TemporalOptions, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TemporalAugment(options, ClipSpec(), NAMES)


ALL = TemporalOptions(speed=3, drop=0.3, jitter=4, reverse_classes=("wave",))


@given(
    n=st.integers(1, 40),
    num_frames=st.integers(1, 9),
    sampling=st.sampled_from(["uniform", "segments", "random_clip", "all"]),
    padding=st.sampled_from(["loop", "repeat_last", "mask"]),
    seed=st.integers(0, 2**32),
)
def test_every_clip_lies_on_the_timeline(n: int, num_frames: int, sampling: str, padding: str, seed: int) -> None:
    spec = ClipSpec(num_frames=num_frames, sampling=sampling, padding=padding)
    timeline = 100 + 2 * np.arange(n)  # a labelled part, every other source frame
    drawn = []
    for _ in range(2):
        rng = np.random.default_rng(seed)
        temporal = TemporalAugment(ALL, spec, NAMES)
        frames, _ = temporal.vary(timeline, 2, rng)
        drawn.append(temporal.lose(frames[sample_clip(len(frames), spec, rng=rng)], rng))
    clip = drawn[0]
    assert np.array_equal(clip, drawn[1])
    assert set(clip.tolist()) <= set(timeline.tolist())
    assert clip.dtype == np.int64
    assert 1 <= len(clip) <= (spec.max_frames if sampling == "all" else num_frames)
    assert len(clip) == num_frames or sampling == "all" or padding == "mask"
