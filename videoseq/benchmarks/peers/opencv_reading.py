"""OpenCV: one pass through the file, unwanted frames grabbed but not converted."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_FAR = 250
"""Frames that are grabbed one by one rather than passed by a seek, which starts at a keyframe: x264's longest distance."""


def read_and_resize(path: Path, indices: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads frames at the video's size and scales them by averaging areas."""
    cv2.setNumThreads(1)
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    frames, position = [], 0
    try:
        for index in indices:
            if index - position > _FAR:
                video.set(cv2.CAP_PROP_POS_FRAMES, index)
                position = index
            while position <= index:
                video.grab()
                position += 1
            _, image = video.retrieve()
            small = cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)
            frames.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    finally:
        video.release()
    return np.stack(frames)
