"""Clips as GIFs."""

import io

import torch
from PIL import Image

from videoseq.reporting.gifs import encode_gif


def moving_square(num_frames: int) -> torch.Tensor:
    clip = torch.zeros(num_frames, 3, 16, 24, dtype=torch.uint8)
    for number in range(num_frames):
        clip[number, 0, 4:8, 2 * number : 2 * number + 4] = 255  # red
    return clip


def test_every_frame_is_there_in_order_and_colour():
    clip = moving_square(5)
    image = Image.open(io.BytesIO(encode_gif(clip, fps=10)))
    assert (image.format, image.size, image.n_frames) == ("GIF", (24, 16), 5)
    assert image.info["loop"] == 0
    assert image.info["duration"] == 100
    for number in range(5):
        image.seek(number)
        shown = torch.tensor(list(image.convert("RGB").tobytes()), dtype=torch.uint8).view(16, 24, 3)
        assert (shown.permute(2, 0, 1).int() - clip[number].int()).abs().max() <= 8


def test_one_frame_is_a_still_picture():
    assert Image.open(io.BytesIO(encode_gif(moving_square(1)))).n_frames == 1
