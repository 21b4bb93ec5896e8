"""How the copies of videos are encoded, free of FFmpeg."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Coding:
    """One way to encode a video, or the images of a folder.

    Attributes:
        crf: Constant rate factor of x264, 0 without loss.
        pixel_format: Of the video.
        jpeg_quality: Quality of the images, 1 to 100; None writes PNG, which loses nothing.
    """

    crf: float
    pixel_format: str
    jpeg_quality: int | None


@dataclass(frozen=True)
class Settings:
    """What decides the pixels of a copy.

    Attributes:
        short_side: Pixels of the shorter side, the shape kept; a smaller video keeps its size.
        quality: 0 to 100; see `codings`.
        gop: Frames from one keyframe to the next.
        min_psnr: dB that every copy keeps, measured in RGB against the source at the size of the copy.
    """

    short_side: int
    quality: int
    gop: int
    min_psnr: float

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Returns height and width of the copy of a video, both even, as 4:2:0 wants them.

        Examples:
            >>> Settings(128, 64, 8, 30).size(240, 426)
            (128, 228)
            >>> Settings(128, 64, 8, 30).size(49, 65)
            (48, 64)
        """
        scale = self.short_side / min(height, width)
        if scale >= 1:
            return max(2, height // 2 * 2), max(2, width // 2 * 2)
        return max(2, 2 * round(height * scale / 2)), max(2, 2 * round(width * scale / 2))

    def codings(self) -> Iterator[Coding]:
        """Yields ways to encode, each with less loss than the one before, the last without any.

        x264's rate factor is (100 - quality) / 2, then half of it, then 0 with a colour of its own for every pixel. JPEG's
        quality is 100 less that factor, and what loses nothing is PNG.
        """
        crf = (100 - self.quality) / 2
        if crf > 0:
            yield Coding(crf, "yuv420p", 100 - round(crf))
            yield Coding(crf / 2, "yuv420p", 100 - round(crf / 2))
        yield Coding(0, "yuv444p", None)
