import numpy as np
import torch
from PIL import Image

from videoseq.reporting.clip_sheet import ShownClip, clip_sheet


def test_a_sheet_shows_the_frames_and_marks_wrong_predictions(tmp_path):
    green = torch.zeros(7, 3, 16, 16, dtype=torch.uint8)
    green[:, 1] = 200
    right = ShownClip(green, "left 0.90", is_wrong=False)
    clip_sheet([right, right, right], num_frames=3).savefig(tmp_path / "right.png", dpi=110)
    clip_sheet([right, right, right._replace(is_wrong=True)], num_frames=3).savefig(tmp_path / "wrong.png", dpi=110)
    images = [np.asarray(Image.open(tmp_path / name).convert("RGB")).astype(int) for name in ("right.png", "wrong.png")]
    is_green = (images[0] == [0, 200, 0]).all(-1)
    assert 0.15 < is_green.mean() < 0.9  # three of four places hold a strip
    red = [((image[..., 0] > 150) & (image[..., 1:] < 60).all(-1)).sum() for image in images]
    assert red[0] == 0
    assert red[1] > 20
