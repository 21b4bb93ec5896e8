"""Takes frames out of videos: `python -m videoseq.extract what=frames input=FILE|DIR|GLOB output=DIR`."""

import logging
from pathlib import Path

from videoseq.config import ExtractConfig, main
from videoseq.errors import ConfigError, DataError, DecodeError

logger = logging.getLogger("videoseq.extract")  # as a command, __name__ is __main__

USAGE = """Writes frames of videos as images: a folder per video, an image per frame named by the frame's index in the video.

  python -m videoseq.extract what=frames input=video.mp4 output=frames
  python -m videoseq.extract what=frames input=DIR output=DIR num_frames=16 short_side=256 format=jpg
  python -m videoseq.extract what=frames input='clips/*.mp4' output=DIR fps=5
  python -m videoseq.extract what=frames input=video.mp4 output=DIR indices=[0,120]

Without num_frames, fps or indices every frame is written; only such folders can be used as videos later, because frame
folders must have no gaps. frames.csv lists every image with its video, index and time."""


def extract(cfg: ExtractConfig) -> dict[str, int]:
    """Writes the frames of the videos of an input, `frames.csv` and `bad_videos.csv`; returns how many of what there are.

    Raises:
        DataError: There is no such input, a frame that was asked for does not exist, or none of the videos can be read.
        ConfigError: The output holds something already.
    """
    from videoseq.data.frame_extraction import (
        FrameChoice,
        ImageFormat,
        choose_frames,
        frame_name,
        output_folders,
        write_frames,
    )
    from videoseq.data.scanning import scan_videos
    from videoseq.reporting.files import write_csv
    from videoseq.reporting.progress import progress_bar
    from videoseq.reporting.run_files import BadVideoFile
    from videoseq.serving.inputs import find_videos, input_root

    paths, root = find_videos(cfg.input), input_root(cfg.input)
    output = Path(cfg.output).expanduser()
    if output.is_dir() and any(output.iterdir()) and not cfg.overwrite:
        raise ConfigError(
            f"output={cfg.output!r} is not empty: choose another folder, or replace its frames with overwrite=true"
        )
    with progress_bar("scanning", len(paths)) as advance:
        infos = scan_videos(paths, cache_file=None, limits=cfg.limits, num_workers=1, on_done=advance)
    bad = {path: f"cannot read {str(path)!r}: {infos[path].error}" for path in paths if infos[path].error}
    choice = FrameChoice(cfg.num_frames, cfg.fps, cfg.indices)
    # Before anything is written: an index that one video lacks is a mistake in the command.
    chosen = {path: choose_frames(infos[path], choice) for path in paths if path not in bad}
    image = ImageFormat(cfg.format, cfg.quality, cfg.short_side)
    folders = output_folders(paths, root)
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    with progress_bar("extracting", sum(map(len, chosen.values()))) as advance:
        for path, indices in chosen.items():
            try:
                write_frames(infos[path], indices, output, folders[path], image, cfg.limits, advance)
            except DecodeError as error:
                bad[path] = str(error)
    written = {path: indices for path, indices in chosen.items() if path not in bad}
    if not written:
        if is_new:
            output.rmdir()
        raise DataError(f"none of {len(paths)} videos could be read:" + "".join(f"\n  {reason}" for reason in bad.values()))
    listed = BadVideoFile(output / "bad_videos.csv", new=True)
    for path, reason in bad.items():
        listed.add(path, "", "", reason)
    rows = (
        {
            "path": (folders[path] / frame_name(index, image)).as_posix(),
            "video": path.relative_to(root).as_posix(),
            "index": index,
            "seconds": f"{infos[path].frame_seconds[index]:.6f}",
        }
        for path, indices in written.items()
        for index in indices.tolist()
    )
    write_csv(output / "frames.csv", ("path", "video", "index", "seconds"), rows)
    figures = {"num_videos": len(written), "num_frames": sum(map(len, written.values())), "num_bad_videos": len(bad)}
    logger.info("%d frames of %d videos written to %s", figures["num_frames"], figures["num_videos"], output)
    if bad:
        logger.warning("%d of %d videos were left out: %s says why", len(bad), len(paths), listed.path)
    return figures


if __name__ == "__main__":
    main(ExtractConfig, "extract", extract, USAGE)
