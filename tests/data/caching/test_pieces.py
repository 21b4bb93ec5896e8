"""Whole videos in pieces: every frame once, under a name that says what it shows, in one draw from end to end."""

from dataclasses import replace
from itertools import combinations

import pytest
import torch

from tests.data.caching.whole_videos import CLIP, LENGTHS, long_videos
from videoseq.data.augment_options import AugmentOptions
from videoseq.data.caching.pieces import PIECE_FRAMES, VideoPieces
from videoseq.data.chunk_order import Chunk
from videoseq.data.chunks import centre_chunks, training_chunks
from videoseq.data.dataset import Reading

LIGHT = AugmentOptions("light", flip=True)
WHOLE = Chunk(0, 0, 0, 300, 0)
"""The first video in one."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return long_videos(tmp_path_factory.mktemp("videos"))


def centred(videos, clip=CLIP) -> VideoPieces:
    return VideoPieces(centre_chunks(videos, clip, Reading()))


def varied(videos, augment=LIGHT, seed=0) -> VideoPieces:
    return VideoPieces(training_chunks(videos, CLIP, augment, Reading(), seed), augment.resolved(), 3)


def test_pieces_hold_every_frame_once(videos):
    pieces = centred(videos)
    assert LENGTHS == (300, 40)
    assert PIECE_FRAMES == 128
    assert [pieces.num_frames(index, 0) for index in range(len(pieces))] == [128, 128, 44, 40]
    assert len({pieces.name(index, 0) for index in range(4)}) == 4
    frames = torch.cat([pieces.samples(index, [0])[0].frames[0] for index in range(3)])
    _, whole = centre_chunks(videos, CLIP, Reading())[WHOLE]
    assert torch.equal(frames, whole.frames[0])


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0, 10, [(0, 0, 10)]),
        (0, 128, [(0, 0, 128)]),
        (120, 130, [(0, 120, 128), (1, 0, 2)]),
        (100, 300, [(0, 100, 128), (1, 0, 128), (2, 0, 44)]),
        (256, 300, [(2, 0, 44)]),
    ],
)
def test_the_pieces_of_a_chunk(videos, start, stop, expected):
    parts = list(centred([videos[1], videos[0]]).parts(1, start, stop))
    assert [(piece - 1, its.start, its.stop) for piece, its in parts] == expected


def test_a_variant_is_one_draw_for_a_whole_video(videos):
    pieces = varied(videos)
    _, uncropped = centre_chunks(videos, replace(CLIP, height=32, width=32, crop_fraction=1.0), Reading())[WHOLE]
    shown = []
    for variant in range(3):
        assert pieces.seed(0, variant) == varied(videos, seed=5).seed(0, variant)
        shown.append(torch.cat([pieces.samples(index, [variant])[0].frames[0] for index in range(3)]))
        assert torch.equal(shown[-1], pieces.chunks.transform(uncropped.frames[0], pieces.seed(0, variant)))
    assert not any(torch.equal(first, second) for first, second in combinations(shown, 2))


def test_variants_that_are_asked_for_together_are_the_same(videos):
    pieces = varied(videos)
    for variant, sample in zip((2, 0), pieces.samples(1, [2, 0]), strict=True):
        assert torch.equal(sample.frames, pieces.samples(1, [variant])[0].frames)


def test_names_say_what_is_shown(videos):
    def names(pieces):
        return {pieces.name(index, variant) for index in range(len(pieces)) for variant in range(pieces.num_variants)}

    assert len(names(varied(videos))) == 12
    assert names(varied(videos)) == names(varied(videos, seed=1))
    assert names(varied(videos[:1])) < names(varied(videos))
    assert not names(varied(videos)) & names(varied(videos, AugmentOptions("light")))
    part = replace(videos[0], record=replace(videos[0].record, start_seconds=1.0))
    assert not names(centred([part])) & names(centred(videos))
