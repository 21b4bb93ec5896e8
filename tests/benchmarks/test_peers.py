"""The peers read the frames that ours reads; what the machine lacks is left out and said so."""

import numpy as np
import pytest

from videoseq.benchmarks.long_video import write_long_video
from videoseq.benchmarks.peers import DECODING_PEERS, DecodingPeer
from videoseq.benchmarks.videos import matched, scanned
from videoseq.data.decoding import read_frames
from videoseq.data.writing import write_video
from videoseq.errors import DataError

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


def test_videos_that_decord_reads_wrongly_are_left_out(brightening_video, tmp_path):
    wrong = tmp_path / "wrong.ts"
    write_video(wrong, brightening(10))
    assert [info.path for info in scanned([wrong, brightening_video])] == [brightening_video]
    with pytest.raises(DataError, match="none of 1 videos can be read by decord: name other videos with input=DIR"):
        scanned([wrong])
