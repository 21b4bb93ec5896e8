"""The peers read the frames that ours reads; what the machine lacks is left out and said so."""

from dataclasses import replace

import numpy as np
import pytest

from videoseq.benchmarks.long_video import write_long_video
from videoseq.benchmarks.peers import DECODING_PEERS, DecodingPeer
from videoseq.benchmarks.peers.decord_loader import decord_clips
from videoseq.benchmarks.videos import matched, scanned
from videoseq.data.dataset import EvalClips, Reading
from videoseq.data.decoding import read_frames
from videoseq.data.videos import Video
from videoseq.data.writing import write_video
from videoseq.errors import DataError
from videoseq.types import ClipSpec, VideoRecord

WANTED = [1, 5, 6, 30, 39]


def brightening(count):
    """Frames that are 6 brighter from one to the next."""
    return [np.full((48, 64, 3), 6 * number, np.uint8) for number in range(count)]


def numbers(frames):
    return np.round(frames.mean((1, 2, 3)) / 6).astype(int).tolist()


@pytest.fixture(scope="module")
def brightening_video(tmp_path_factory):
    path = tmp_path_factory.mktemp("peers") / "brightening.mp4"
    write_video(path, brightening(40), options={"g": "12", "bf": "2", "crf": "10", "x264-params": "open-gop=0:scenecut=0"})
    return path


@pytest.mark.parametrize("peer", DECODING_PEERS, ids=lambda peer: peer.name)
def test_a_peer_reads_the_frames_that_were_asked_for(peer, brightening_video):
    try:
        read = peer.load()
    except ImportError as error:
        pytest.skip(f"not installed: {error}")
    frames = read(brightening_video, WANTED, (24, 32))
    assert (frames.shape, frames.dtype) == ((5, 24, 32, 3), np.uint8)
    assert numbers(frames) == WANTED


def test_a_peer_that_is_not_there_cannot_be_imported():
    with pytest.raises(ImportError, match="no_such_library"):
        DecodingPeer("none", "no_such_library", "read").load()


def test_a_long_video_is_made_of_short_ones(brightening_video, tmp_path):
    (info,) = scanned([write_long_video(scanned([brightening_video]), tmp_path / "long.mp4", seconds=5)])
    assert (info.num_frames, info.height, info.width, info.fps) == (125, 48, 64, 25)
    assert numbers(read_frames(info, [3, 39, 43, 124])) == [3, 39, 3, 4]


def test_videos_match_by_their_place_whatever_their_suffix(tmp_path, make_class_folders):
    original = make_class_folders(tmp_path / "original", {"a": 2, "b": 1})
    prepared = tmp_path / "prepared"
    (prepared / "a").mkdir(parents=True)
    (prepared / "a" / "0.mkv").write_bytes((original / "a" / "0.mp4").read_bytes())
    assert matched(str(prepared), str(original)) == [(prepared / "a" / "0.mkv", original / "a" / "0.mp4")]


def test_the_usual_loop_reads_the_frames_of_the_labelled_part(brightening_video):
    (info,) = scanned([brightening_video])
    spec = ClipSpec(num_frames=4, height=24, width=32, target_fps=12.5)
    videos = [
        Video(VideoRecord(info.path, "a", start_seconds=start, end_seconds=end), info)
        for start, end in [(None, None), (0.4, 0.8)]
    ]
    theirs = [numbers(clip.float().numpy()) for clip, _ in decord_clips(videos, spec)]
    assert theirs == [numbers(sample.frames[0].float().numpy()) for sample in EvalClips(videos, spec, Reading())]
    assert min(theirs[0]) >= 0
    assert min(theirs[1]) >= 10
    assert max(theirs[1]) < 20


def test_the_usual_loop_takes_no_video_that_decord_reads_wrongly(brightening_video):
    (info,) = scanned([brightening_video])
    wrong = Video(VideoRecord(info.path, "a"), replace(info, decord_safe=False))
    message = r"decord does not read '.*brightening\.mp4' exactly, .*Fix: .*the copies that videoseq\.prepare makes"
    with pytest.raises(DataError, match=message):
        decord_clips([wrong], ClipSpec(num_frames=4, height=24, width=32))


def test_videos_that_decord_reads_wrongly_are_left_out(brightening_video, tmp_path):
    wrong = tmp_path / "wrong.ts"
    write_video(wrong, brightening(10))
    assert [info.path for info in scanned([wrong, brightening_video])] == [brightening_video]
    with pytest.raises(DataError, match="none of 1 videos can be read by decord: name other videos with input=DIR"):
        scanned([wrong])
