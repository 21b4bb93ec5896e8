from importlib.util import find_spec

import numpy as np
import pytest
import torch

from tests.commands import run, train_words
from videoseq.data.decoding import check_decoder, read_frames
from videoseq.data.decoding.demux import scan_video
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError, DecodeError

# Name -> why torchcodec may not read it; None where it may, and then agrees to the pixel.
FILES = {
    "h264.mp4": None,
    "h264.mkv": None,
    "h264.ts": "container mpegts",
    "h264_b.avi": "container avi",
    "h264_open_gop.mp4": "keyframes at which decoding cannot start",
    "h264_intra_refresh.mp4": "keyframes at which decoding cannot start",
    "h264_long_gop.mp4": None,
    "h264_10bit.mp4": "pixel format yuv420p10le",
    "h264_odd.mp4": None,
    "hevc.mp4": None,
    "vp9.webm": None,
    "mpeg4.mp4": None,
    "mpeg4_b.mp4": "keyframes at which decoding cannot start",
    "av1.mp4": None,
    "variable.mp4": None,
    "rotated90.mp4": None,
    "rotated180.mp4": None,
    "rotated270.mp4": None,
    "rotated90.mkv": None,
}


@pytest.mark.usefixtures("torchcodec")
@pytest.mark.parametrize("name", [name for name, reason in FILES.items() if reason is None])
def test_frames_are_the_golden_ones(encoded, name):
    path, golden = encoded(name)
    info = scan_video(path)
    assert np.array_equal(read_frames(info, range(len(golden)), reader="torchcodec"), golden)
    rng = np.random.default_rng(0)
    for count in (1, 1, 2, 3, 8):
        indices = rng.integers(0, len(golden), count)
        assert np.array_equal(read_frames(info, indices, reader="torchcodec"), golden[indices]), indices


@pytest.mark.usefixtures("torchcodec")
@pytest.mark.parametrize("name", [name for name, reason in FILES.items() if reason])
def test_what_it_would_read_wrongly_is_refused(encoded, name):
    with pytest.raises(DecodeError, match=r"\(torchcodec, check\): .*use reader auto or pyav") as caught:
        read_frames(encoded(name)[0], [0], reader="torchcodec")
    assert FILES[name] in str(caught.value)


@pytest.mark.usefixtures("torchcodec")
@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mp4", "vp9.webm", "rotated90.mp4"])
def test_it_scales_nearly_as_the_others_do(encoded, name):
    info = scan_video(encoded(name)[0])
    frames, expected = (read_frames(info, [0, 7, 19], size=(37, 53), reader=reader) for reader in ("torchcodec", "pyav"))
    assert frames.shape == expected.shape == (3, 37, 53, 3)
    difference = np.abs(frames.astype(int) - expected)
    assert difference.mean() < 2
    assert difference.max() < 24


@pytest.mark.usefixtures("torchcodec")
def test_it_starts_at_the_keyframe_and_hears_of_damage(encoded, damaged_copy, tmp_path):
    path, golden = encoded("h264.mp4")
    damaged = damaged_copy(path, tmp_path / "damaged.mp4", range(13, 16))
    assert np.array_equal(read_frames(damaged, [0, 30, 39], reader="torchcodec"), golden[[0, 30, 39]])
    for index in (15, 20, 23):
        with pytest.raises(DecodeError, match=r"\(torchcodec, decode\): .*damage"):
            read_frames(damaged, [index], reader="torchcodec")


@pytest.mark.usefixtures("torchcodec")
def test_training_reads_with_it(capsys, bars, tmp_path):
    ended = run(capsys, "train", *train_words(bars, tmp_path), "data.decoder=torchcodec")
    assert ended.code == 0


@pytest.mark.skipif(find_spec("torchcodec") is not None, reason="torchcodec is installed")
def test_where_it_is_not_installed_the_message_says_what_to_do(encoded, capsys, bars, tmp_path):
    with pytest.raises(DecodeError, match=r"\(torchcodec, open\): torchcodec cannot be imported .*; use reader auto or pyav"):
        read_frames(encoded("h264.mp4")[0], [0], reader="torchcodec")
    ended = run(capsys, "train", *train_words(bars, tmp_path), "data.decoder=torchcodec")
    assert ended.code == 2
    assert "data.decoder=torchcodec: torchcodec cannot be imported" in ended.err
    assert "pip install 'videoseq[torchcodec]', apt install ffmpeg; or take data.decoder=auto" in ended.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_where_there_is_no_gpu_the_message_says_so(encoded):
    with pytest.raises(DecodeError, match=r"\(torchcodec_cuda, open\): torch finds no CUDA GPU; use reader auto or torchcodec"):
        read_frames(encoded("h264.mp4")[0], [0], reader="torchcodec_cuda")


@pytest.mark.usefixtures("torchcodec")
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_training_with_the_gpu_is_refused_before_a_video_is_opened():
    with pytest.raises(ConfigError, match=r"data\.decoder=torchcodec_cuda: torch finds no CUDA GPU; take data\.decoder=torch"):
        check_decoder("data.decoder", "torchcodec_cuda", [], 3)


def test_decoding_on_the_gpu_needs_the_training_process():
    with pytest.raises(ConfigError, match=r"decoder=torchcodec_cuda .* got num_workers=None: use data\.num_workers=0"):
        DataOptions(decoder="torchcodec_cuda")
    assert DataOptions(decoder="torchcodec_cuda", num_workers=0).workers == 0
