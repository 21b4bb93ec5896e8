from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videoseq.data.augment_options import AugmentOptions
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.dataset import EvalClips
from videoseq.data.decoding import read_frames
from videoseq.data.decoding.bitstream import inspector
from videoseq.data.decoding.demux import scan_video
from videoseq.data.decoding.files import open_video
from videoseq.data.decoding.pyav_source import Run, plan_runs
from videoseq.data.manifest import build_manifest
from videoseq.data.options import DataOptions
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.errors import ConfigError, DecodeError
from videoseq.reporting.progress import progress_bar
from videoseq.types import ClipSpec, VideoRecord

X265 = "log-level=none:pools=none:frame-threads=1:scenecut=0:"
# Files with frames that no other refers to: codec and options.
WRITTEN = {
    "pyramid.mp4": ("libx264", {"g": "20", "bf": "5", "x264-params": "b-pyramid=strict:scenecut=0"}),
    "flat.mkv": ("libx264", {"g": "50", "bf": "3", "x264-params": "b-pyramid=none:ref=4:scenecut=0"}),
    "open_gop.mp4": ("libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}),
    "slices.ts": ("libx264", {"g": "12", "bf": "2", "x264-params": "slices=3:scenecut=0"}),
    "x265.mp4": ("libx265", {"x265-params": X265 + "keyint=20:bframes=4"}),
    "x265_eight.mkv": ("libx265", {"x265-params": X265 + "keyint=50:bframes=8:b-adapt=0:open-gop=1"}),
    "mpeg4.mp4": ("mpeg4", {"g": "12", "bf": "2"}),
    "mpeg2.ts": ("mpeg2video", {"g": "12", "bf": "2"}),
    "mpeg2.mkv": ("mpeg2video", {"g": "12", "bf": "2"}),
    "mpeg1.mpg": ("mpeg1video", {"g": "12", "bf": "2"}),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory, numbered, golden):
    """Gives the path and the golden frames of one of `WRITTEN`."""
    folder = tmp_path_factory.mktemp("skipping")

    def get(name):
        codec, options = WRITTEN[name]
        write_video(folder / name, numbered(50), codec=codec, options=options)
        return folder / name, golden(folder / name)

    return get


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_left_out_changes_no_frame(written, name):
    path, expected = written(name)
    info = scan_video(path)
    assert info.can_skip
    rng = np.random.default_rng(0)
    choices = [[index] for index in range(len(expected))]
    choices += [np.sort(rng.choice(len(expected), count, replace=False)) for count in (2, 3, 5, 8, 16, 30)]
    for indices in [*choices, range(len(expected))]:
        assert np.array_equal(read_frames(info, indices, reader="pyav"), expected[indices]), indices


@pytest.mark.parametrize("name", ["h264_intra_refresh.mp4", "h264_b.avi", "vp9.webm", "mpeg4.avi", "av1.mp4"])
def test_nothing_is_left_out_where_it_is_not_known_to_be_exact(encoded, name):
    assert not scan_video(encoded(name)[0]).can_skip


def packets_of(info):
    """Returns of every packet of an H.264 file the index of its frame, and whether it may be left out."""
    with open_video(info.path, info.container) as container:
        inspect = inspector("h264", container.streams.video[0].codec_context.extradata)
        packets = [packet for packet in container.demux(video=0) if packet.size]
        skippable = [inspect(bytes(packet), packet.is_keyframe).skippable for packet in packets]
    return [int(np.searchsorted(info.pts, packet.pts)) for packet in packets], skippable


def test_only_damage_in_what_is_left_out_goes_unnoticed(written, damaged_copy, tmp_path):
    path, golden = written("pyramid.mp4")
    info = scan_video(path)
    shown, skippable = packets_of(info)
    assert 0.3 < np.mean(skippable) < 0.8

    unneeded = skippable.index(True, 3)
    damaged = damaged_copy(path, tmp_path / "unneeded.mp4", [unneeded])
    others = [index for index in range(50) if index != shown[unneeded]]
    assert np.array_equal(read_frames(damaged, others, reader="pyav"), golden[others])
    with pytest.raises(DecodeError, match=r"\(pyav, decode\): .*damaged"):
        read_frames(damaged, [shown[unneeded]], reader="pyav")

    needed = skippable.index(False, 3)
    damaged = damaged_copy(path, tmp_path / "needed.mp4", [needed])
    for index in (shown[needed] - 1, shown[needed], shown[needed] + 1):
        with pytest.raises(DecodeError, match=r"\(pyav, decode\): .*damaged"):
            read_frames(damaged, [index], reader="pyav")


def test_a_keyframe_that_the_container_does_not_lead_to_is_reached_from_the_beginning(encoded):
    path, golden = encoded("h264_long_gop.mp4")
    info = scan_video(path)
    shown, skippable = packets_of(info)
    # Ahead of a B frame's packet stands one that is shown after it, so no search finds it first.
    promised = next(index for index, is_b in zip(shown[20:], skippable[20:], strict=True) if is_b)
    wanted = [promised, promised + 1, 55]
    info = replace(info, keyframes=np.array([0, promised]))
    assert np.array_equal(read_frames(info, wanted, reader="pyav"), golden[wanted])


@pytest.mark.parametrize(
    ("wanted", "keyframes", "expected"),
    [
        ([14, 16, 23, 24, 40], [0, 12, 24, 36], [Run(12, [14, 16, 23, 24]), Run(36, [40])]),
        ([0, 1, 2], [0, 1, 2], [Run(0, [0, 1, 2])]),
        ([0, 2, 4], [0, 1, 2, 3, 4], [Run(0, [0]), Run(2, [2]), Run(4, [4])]),
        ([5, 50], [0], [Run(0, [5, 50])]),
        ([12], [0, 12], [Run(12, [12])]),
        ([11, 13], [0, 12], [Run(0, [11, 13])]),
        ([10, 13], [0, 12], [Run(0, [10]), Run(12, [13])]),
    ],
)
def test_stretches_that_are_decoded_in_one_go(wanted, keyframes, expected):
    assert plan_runs(np.array(wanted), np.array(keyframes)) == expected


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "h264.ts", "vp9.webm", "hevc.mp4"])
def test_frames_in_groups_far_apart(encoded, name):
    path, golden = encoded(name)
    for indices in ([0, 39], [13, 37], [2, 14, 26, 38], [11, 12, 36]):
        assert np.array_equal(read_frames(path, indices, reader="pyav"), golden[indices]), indices


@pytest.mark.parametrize(("name", "changes"), [("h264.mp4", True), ("hevc.mp4", True), ("mpeg4.mp4", False)])
def test_without_the_loop_filter_pixels_change_a_little(encoded, name, changes):
    path, golden = encoded(name)
    frames = read_frames(path, [3, 7, 30], skip_loop_filter=True)
    difference = np.abs(frames.astype(int) - golden[[3, 7, 30]])
    assert (difference.max() > 0) == changes
    assert difference.mean() < 3


def test_the_loop_filter_is_skipped_by_pyav_alone(encoded):
    path, golden = encoded("h264.mp4")
    for reader in ("decord", "torchcodec"):
        with pytest.raises(ConfigError, match=f"skip_loop_filter is for PyAV, got reader '{reader}'; use auto or pyav"):
            read_frames(path, [0], reader=reader, skip_loop_filter=True)
    with pytest.raises(ConfigError, match=r"skip_loop_filter=true is for PyAV, got decoder=decord: use data\.decoder=auto or"):
        DataOptions(decoder="decord", skip_loop_filter=True)
    with pytest.raises(DecodeError, match="out of range"):
        read_frames(path, [len(golden)], skip_loop_filter=True)


def test_clips_are_read_without_the_loop_filter_where_the_options_say_so(encoded, bars, tmp_path):
    clip = ClipSpec(num_frames=4, height=16, width=16)
    video = Video(VideoRecord(Path("a.mp4"), "left"), scan_video(encoded("h264.mp4")[0]), 0)
    crops = []
    for skips in (False, True):
        options = DataOptions(root=str(bars), num_workers=0, skip_loop_filter=skips)
        loaders = VideoDataModule(build_manifest(options, tmp_path, progress_bar), clip, AugmentOptions(), options, seed=0)
        crops.append(EvalClips([video], clip, loaders.reading)[0].frames.int())
    assert 0 < (crops[0] - crops[1]).abs().float().mean() < 5
