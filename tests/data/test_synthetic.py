"""Moving shapes: files, balance, determinism, and the proof that a single frame says nothing about the class."""

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from videoseq.data.synthetic import MARKER_NAME, MOTIONS, Track, draw_clip, draw_track, write_moving_shapes
from videoseq.errors import ConfigError, DataError

SMALL = {"num_train": 16, "num_val": 8, "num_test": 8, "size": 32, "num_frames": 6, "seed": 0}
REVERSES = {"left": "right", "up": "down", "clockwise": "counter_clockwise", "growing": "shrinking"}


def decode(path: Path) -> NDArray[np.uint8]:
    """All frames, (T, H, W, 3)."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_shapes(tmp_path_factory.mktemp("cache") / "shapes", **SMALL, num_workers=1)


# --- files -----------------------------------------------------------------------------------------------------------


def test_layout_and_balance(data_set: Path) -> None:
    for split, each in {"train": 2, "val": 1, "test": 1}.items():
        assert sorted(path.name for path in (data_set / split).iterdir()) == list(MOTIONS)
        for motion in MOTIONS:
            names = sorted(path.name for path in (data_set / split / motion).iterdir())
            assert names == [f"{index:04d}.mp4" for index in range(each)]
    assert {path.name for path in data_set.iterdir()} == {"train", "val", "test", MARKER_NAME}
    assert [path.name for path in data_set.parent.iterdir()] == ["shapes"]


def test_files_are_h264_that_decodes_to_what_was_drawn(data_set: Path) -> None:
    with av.open(str(data_set / "val/left/0000.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 16
    index = MOTIONS.index("left")
    drawn = draw_clip("left", 32, 6, np.random.default_rng([0, 1, index]))
    decoded = decode(data_set / "val/left/0000.mp4")
    assert decoded.shape == drawn.shape == (6, 32, 32, 3)
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs(decoded @ luma - drawn @ luma).mean() < 4


def test_every_frame_is_a_keyframe(data_set: Path) -> None:
    for path in sorted(data_set.rglob("*.mp4")):
        with av.open(str(path)) as container:
            assert [packet.is_keyframe for packet in container.demux(video=0) if packet.size] == [True] * 6


def test_no_video_is_there_twice(data_set: Path) -> None:
    videos = [content for name, content in contents(data_set).items() if name.endswith(".mp4")]
    assert len(set(videos)) == 32


def test_the_same_parameters_give_the_same_bytes_with_any_number_of_workers(data_set: Path, tmp_path: Path) -> None:
    again = write_moving_shapes(tmp_path / "deep" / "again", **SMALL, num_workers=2)
    assert contents(again) == contents(data_set)


@pytest.mark.parametrize("num_workers", [1, 2])
def test_every_video_written_is_told(tmp_path: Path, num_workers: int) -> None:
    calls: list[None] = []
    values = {**SMALL, "num_train": 56, "num_frames": 2, "num_workers": num_workers}  # 72 videos: more than a chunk
    write_moving_shapes(tmp_path / "shapes", **values, on_done=lambda: calls.append(None))
    assert len(calls) == 72


def test_a_second_call_does_nothing_and_other_parameters_rebuild(tmp_path: Path) -> None:
    root = write_moving_shapes(tmp_path / "shapes", **SMALL, num_workers=1)
    before = root.stat().st_ino, contents(root)
    calls: list[None] = []

    def write(**values: float) -> None:
        write_moving_shapes(root, **{**SMALL, **values}, num_workers=1, on_done=lambda: calls.append(None))

    write()
    assert (root.stat().st_ino, contents(root)) == before
    assert calls == []
    write(seed=1)
    assert contents(root).keys() == before[1].keys()
    assert contents(root)["train/up/0000.mp4"] != before[1]["train/up/0000.mp4"]
    write(num_frames=4, size=48, fps=8, num_val=16)
    assert decode(root / "train/up/0000.mp4").shape == (4, 48, 48, 3)
    assert len(list((root / "val").rglob("*.mp4"))) == 16
    assert json.loads((root / MARKER_NAME).read_text())["fps"] == 8
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_files_of_the_user_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match=r"mine' holds files but no moving_shapes\.json.*Fix: name another folder"):
        write_moving_shapes(tmp_path / "mine", **SMALL)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(DataError, match=r"thesis\.txt' is a file, expected a folder"):
        write_moving_shapes(tmp_path / "mine" / "thesis.txt", **SMALL)


def test_an_interrupted_call_leaves_nothing(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_moving_shapes(tmp_path / "shapes", **SMALL, num_workers=1, on_done=interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("older", [False, True])
def test_the_slower_of_two_calls_at_once_throws_its_copy_away(tmp_path: Path, older: bool) -> None:
    root = tmp_path / "shapes"
    if older:
        write_moving_shapes(root, **{**SMALL, "seed": 1}, num_workers=1)
    in_place: list[int] = []

    def overtake() -> None:
        if not in_place:
            write_moving_shapes(root, **SMALL, num_workers=1)
            in_place.append((root / "train/up/0000.mp4").stat().st_ino)

    assert write_moving_shapes(root, **SMALL, num_workers=1, on_done=overtake) == root
    assert [(root / "train/up/0000.mp4").stat().st_ino] == in_place
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_the_numbers_of_the_data_set_have_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"missing 6 required keyword-only arguments: 'num_train', .* and 'seed'"):
        write_moving_shapes(tmp_path / "shapes")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_train": 100}, r"num_train must be a positive multiple of 8.*got 100\. Fix: num_train=96"),
        ({"num_val": 0}, r"num_val must be a positive multiple of 8.*got 0\. Fix: num_val=8"),
        ({"size": 33}, r"size must be an even number of at least 16 pixels, got 33"),
        ({"num_frames": 1}, r"num_frames must be at least 2, for a motion, got 1"),
        ({"fps": 0}, r"fps must be positive, got 0"),
        ({"seed": -1}, r"seed must be 0 or more, got -1"),
    ],
)
def test_mistakes(tmp_path: Path, values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        write_moving_shapes(tmp_path / "shapes", **{**SMALL, **values})


# --- a single frame says nothing -------------------------------------------------------------------------------------

NUM_TRACKS = 4000
"""Two samples of 4000 from one law differ by more than 0.045 in the Kolmogorov-Smirnov distance once in 4000 tests."""
KS_LIMIT = 0.045


def tracks(motion: str, seed: int) -> Track:
    """NUM_TRACKS tracks of 16 frames: position (N, T, 2), radius (N, T)."""
    rng = np.random.default_rng([seed, MOTIONS.index(motion)])
    drawn = [draw_track(motion, 16, rng) for _ in range(NUM_TRACKS)]
    return Track(np.stack([track.position for track in drawn]), np.stack([track.radius for track in drawn]))


@pytest.fixture(scope="module")
def all_tracks() -> dict[str, Track]:
    return {motion: tracks(motion, 0) for motion in MOTIONS}


def distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The Kolmogorov-Smirnov distance of two samples."""
    both = np.sort(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(sample), both, side="right") / len(sample) for sample in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


QUANTITIES: dict[str, Callable[[Track, int], NDArray[np.float64]]] = {
    "x": lambda track, t: track.position[:, t, 0],
    "y": lambda track, t: track.position[:, t, 1],
    "radius": lambda track, t: track.radius[:, t],
    # Joint laws: were two of the quantities bound to each other in one class, these would differ.
    "x + y": lambda track, t: track.position[:, t].sum(axis=1) % 1.0,
    "x - y": lambda track, t: (track.position[:, t, 0] - track.position[:, t, 1]) % 1.0,
    "x and radius": lambda track, t: (track.position[:, t, 0] + 8 * track.radius[:, t]) % 1.0,
    "y and radius": lambda track, t: (track.position[:, t, 1] + 8 * track.radius[:, t]) % 1.0,
}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_single_frame_has_the_same_law_in_every_class(all_tracks: dict[str, Track], quantity: str) -> None:
    measure = QUANTITIES[quantity]
    reference = measure(tracks("up", seed=1), 0)
    for motion, track in all_tracks.items():
        for t in (0, 5, 15):
            assert distance(measure(track, t), reference) < KS_LIMIT, f"{motion}, frame {t}"


def test_positions_are_uniform_and_radii_lie_between_the_same_bounds(all_tracks: dict[str, Track]) -> None:
    uniform = np.linspace(0, 1, NUM_TRACKS, endpoint=False)
    bounds = {(round(float(track.radius.min()), 3), round(float(track.radius.max()), 3)) for track in all_tracks.values()}
    assert len(bounds) == 1
    for track in all_tracks.values():
        assert track.position.min() >= 0
        assert track.position.max() < 1
        assert distance(track.position[:, 7, 0], uniform) < KS_LIMIT
        assert distance(track.position[:, 7, 1], uniform) < KS_LIMIT


def wrapped(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """A step on the torus: the shorter way."""
    return (step + 0.5) % 1.0 - 0.5


@pytest.mark.parametrize(("motion", "reverse"), REVERSES.items())
def test_one_motion_is_the_time_reverse_of_the_other(all_tracks: dict[str, Track], motion: str, reverse: str) -> None:
    def features(track: Track) -> dict[str, NDArray[np.float64]]:
        step = wrapped(np.diff(track.position, axis=1))  # (N, T-1, 2)
        turn = step[:, :-1, 0] * step[:, 1:, 1] - step[:, :-1, 1] * step[:, 1:, 0]  # (N, T-2)
        growth = np.diff(track.radius, axis=1)  # (N, T-1)
        return {
            "first step x": step[:, 0, 0],
            "first step y": step[:, 0, 1],
            "last step x": step[:, -1, 0],
            "turn": turn.mean(axis=1),
            "first growth": growth[:, 0],
            "median growth": np.median(growth, axis=1),
            "start": track.position[:, 0, 0],
            "end": track.position[:, -1, 1],
        }

    backwards = all_tracks[motion].position[:, ::-1], all_tracks[motion].radius[:, ::-1]
    expected = features(all_tracks[reverse])
    for name, values in features(Track(*backwards)).items():
        assert distance(values.round(9), expected[name].round(9)) < KS_LIMIT, name
    forwards = features(all_tracks[motion])
    assert max(distance(values, expected[name]) for name, values in forwards.items()) > 0.9, "the order says nothing"


@pytest.mark.parametrize(("motion", "direction"), [("left", (-1, 0)), ("right", (1, 0)), ("up", (0, -1)), ("down", (0, 1))])
def test_translations_go_where_their_names_say(all_tracks: dict[str, Track], motion: str, direction: tuple[int, int]) -> None:
    step = wrapped(np.diff(all_tracks[motion].position, axis=1))  # (N, T-1, 2)
    along = step @ np.array(direction)
    assert along.min() >= 3 / 64 - 1e-9
    assert along.max() <= 5 / 64 + 1e-9
    assert np.abs(step @ np.array(direction[::-1])).max() < 1e-9


def test_orbits_turn_as_their_names_say(all_tracks: dict[str, Track]) -> None:
    for motion, sign in (("clockwise", 1), ("counter_clockwise", -1)):
        step = wrapped(np.diff(all_tracks[motion].position, axis=1))
        turn = step[:, :-1, 0] * step[:, 1:, 1] - step[:, :-1, 1] * step[:, 1:, 0]
        assert (sign * turn).min() > 0  # y points down: a positive turn is clockwise on the screen


def test_shapes_grow_and_shrink_and_start_again_elsewhere(all_tracks: dict[str, Track]) -> None:
    for motion, sign in (("growing", 1), ("shrinking", -1)):
        growth = sign * np.diff(all_tracks[motion].radius, axis=1)
        assert (np.sum(growth > 0, axis=1) > 10).all()
        assert (np.sum(growth < 0, axis=1) >= 1).all()
        moved = np.any(np.diff(all_tracks[motion].position, axis=1) != 0, axis=2)  # (N, T-1)
        assert np.array_equal(moved, growth < 0)


def test_the_drawn_shape_is_where_its_track_says() -> None:
    for motion in MOTIONS:
        for seed in range(5):
            frames = draw_clip(motion, 64, 8, np.random.default_rng(seed)).astype(float)
            track = draw_track(motion, 8, np.random.default_rng(seed))
            light = frames.mean(axis=-1) > 150  # (T, H, W): the shape is lighter than any background
            assert light.any(axis=(1, 2)).all()
            angles = 2 * np.pi * (np.arange(64) + 0.5) / 64
            for t in range(8):
                weight = light[t].sum(axis=0), light[t].sum(axis=1)  # over x, over y
                centre = [np.angle(np.sum(each * np.exp(1j * angles))) / (2 * np.pi) % 1.0 for each in weight]
                assert np.abs(wrapped(np.array(centre) - track.position[t])).max() < 0.06


def test_single_encoded_frames_look_alike_in_all_classes(tmp_path: Path) -> None:
    values = {"num_train": 400, "num_val": 8, "num_test": 8, "size": 32, "num_frames": 3, "seed": 0}
    root = write_moving_shapes(tmp_path / "shapes", **values, num_workers=2)
    features, labels = [], []
    for label, motion in enumerate(MOTIONS):
        for path in sorted((root / "train" / motion).iterdir()):
            frame = decode(path)[2].astype(np.float64) / 255  # (H, W, 3)
            coarse = frame.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3)).ravel()  # (192,)
            edges = [np.abs(np.diff(frame, axis=axis)).mean() for axis in (0, 1)]
            features.append([1.0, *coarse, *coarse**2, *edges])
            labels.append(label)
    x, y = np.array(features), np.eye(8)[labels]
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:200], order[200:]
    # Ridge regression to the classes: a linear reading of one frame is at chance, 1/8 +- 3 standard deviations.
    weights = np.linalg.solve(x[train].T @ x[train] + np.eye(x.shape[1]), x[train].T @ y[train])
    accuracy = float(np.mean((x[test] @ weights).argmax(axis=1) == y[test].argmax(axis=1)))
    assert abs(accuracy - 1 / 8) < 0.07
