"""Turning decoded frames into RGB arrays of the size and the orientation asked for."""

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from videoseq.data.decoding.decord_reader import DECORD_PIXEL_FORMATS
from videoseq.types import VideoInfo


class Converter:
    """Turns decoded frames of one video into RGB arrays of one size, pixel for pixel as decord does.

    Args:
        info: What the scan found.
        size: Height and width in pixels, as displayed, of the arrays; None is the video's own size.
    """

    def __init__(self, info: VideoInfo, size: tuple[int, int] | None) -> None:
        height, width = size or (info.height, info.width)
        self.rotation = info.rotation
        self.height, self.width = (height, width) if info.rotation % 180 == 0 else (width, height)
        # A frame's own method would set up a scaler for every frame.
        self.reformatter = VideoReformatter()
        self.graph: av.filter.Graph | None = None

    def convert(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Returns a frame as (H, W, 3) uint8 RGB, scaled while it is converted and turned for display."""
        if frame.format.name in DECORD_PIXEL_FORMATS:
            frame = self._without_siting(frame)
        small = self.reformatter.reformat(
            frame, width=self.width, height=self.height, format="rgb24", interpolation=Interpolation.BILINEAR, threads=1
        )
        pixels: NDArray[np.uint8] = small.to_ndarray().astype(np.uint8, copy=False)
        return np.rot90(pixels, self.rotation // 90)  # (h, w, 3) -> (H, W, 3)

    def _without_siting(self, frame: VideoFrame) -> VideoFrame:
        """Returns a frame of a format that decord reads too without its chroma position and its interlacing.

        The scaler of new FFmpegs heeds both and that of decord neither: with them the readers differ at coloured edges.
        """
        if self.graph is None:
            self.graph = av.filter.Graph()
            self.graph.threads = 1
            source = self.graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            plain = self.graph.add("setparams", "chroma_location=unspecified:field_mode=prog")
            sink = self.graph.add("buffersink")
            self.graph.link_nodes(source, plain, sink).configure()
        self.graph.vpush(frame)
        return self.graph.vpull()
