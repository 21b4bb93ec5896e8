"""Says what is in videos: `python -m videoseq.predict checkpoint=PATH input=FILE|DIR|GLOB`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videoseq.config import PredictConfig, bind, main
from videoseq.data.frame_folders import FrameFolderOptions
from videoseq.errors import ConfigError, DataError
from videoseq.types import FrameFolder

logger = logging.getLogger("videoseq.predict")  # as a command, __name__ is __main__

USAGE = """Says what is in videos with a trained model: a row per video, per window of a long video, per segment, or per frame.

  python -m videoseq.predict checkpoint=CKPT input=video.mp4
  python -m videoseq.predict checkpoint=CKPT input=DIR output=predictions.csv
  python -m videoseq.predict checkpoint=CKPT input='clips/*.mp4' output=predictions.json top_k=3
  python -m videoseq.predict checkpoint=CKPT input=long.mp4 windows=true
  python -m videoseq.predict checkpoint=CKPT input=video.mp4 frames=[0,100,200]
  python -m videoseq.predict checkpoint=CKPT input=long.mp4 output=segments.csv min_seconds=0.5     a model of frames
  python -m videoseq.predict checkpoint=CKPT input=DIR frame_folders.pattern=frame_%06d.jpg

A model that was trained on folders of frames finds such folders in the input without the pattern."""


def predict(cfg: PredictConfig) -> list[dict[str, Any]]:
    """Predicts the videos of an input, writes or prints the rows, and returns them.

    Raises:
        DataError: There is no such input, or videos could not be read; the rows of the others are written before.
        CheckpointError: The checkpoint cannot be used.
        ModelError: Attention is asked for, but the model does not pool by it.
        ConfigError: An option has no effect on such an input, or cannot read it.
    """
    from videoseq.data.dataset import Reading
    from videoseq.data.decoding import check_decoder
    from videoseq.data.scanning import scan_videos
    from videoseq.reporting.predictions import print_rows, write_rows
    from videoseq.reporting.progress import progress_bar
    from videoseq.serving.device import choose_device
    from videoseq.serving.inputs import find_videos
    from videoseq.serving.predictions import predict_rows
    from videoseq.serving.predictor import Predictor
    from videoseq.serving.requests import RowRequest

    predictor = Predictor.from_checkpoint(
        Path(cfg.checkpoint).expanduser(),
        reading=Reading(cfg.decoder, cfg.limits, "skip"),
        device=choose_device(cfg.trainer.accelerator, cfg.trainer.num_threads),
        precision=cfg.trainer.precision,
        progress=progress_bar,
        batch_size=cfg.batch_size,
        num_workers=cfg.num_workers,
    )
    request = RowRequest(
        cfg.top_k,
        cfg.windows,
        cfg.window_seconds,
        cfg.window_step_seconds,
        cfg.frames,
        cfg.num_clips,
        cfg.num_crops,
        cfg.min_seconds,
        cfg.step_seconds,
        cfg.attention,
    )
    request.check(predictor.loaded.config.task)
    if cfg.attention:
        predictor.loaded.model.head.check_attention()
    frames = cfg.frame_folders.resolved(frames_of_run(predictor.loaded.config.origin))
    paths = find_videos(cfg.input, frames)
    folders = [path for path in paths if path.is_dir()]
    if not folders and cfg.frame_folders != FrameFolderOptions():
        raise ConfigError(
            f"frame_folders says how frames lie in folders, but the input holds files only, the first is {str(paths[0])!r}. "
            "Fix: remove its options, or name the images of folders of frames with frame_folders.pattern"
        )
    check_decoder("decoder", cfg.decoder, folders, len(paths))
    with progress_bar("scanning", len(paths)) as advance:
        infos = scan_videos(
            paths,
            cache_file=None,
            limits=cfg.limits,
            num_workers=max(cfg.num_workers, 1),
            on_done=advance,
            frames={} if frames is None else dict.fromkeys(folders, frames),
        )
    bad = {path: f"{str(path)!r}: {infos[path].error}" for path in paths if infos[path].error}
    usable = [infos[path] for path in paths if path not in bad]
    rows, failures = predict_rows(predictor, usable, request)
    bad |= failures
    if cfg.output is None:
        print_rows(rows)
    elif rows:
        write_rows(Path(cfg.output).expanduser(), rows)
        logger.info("%d rows written to %s", len(rows), cfg.output)
    if bad:
        listed = "".join(f"\n  {reason}" for reason in bad.values())
        raise DataError(f"{len(bad)} of {len(paths)} videos have no predictions:{listed}")
    return rows


def frames_of_run(origin: Mapping[str, Any]) -> FrameFolder | None:
    """Returns how frames lay in the folders that a model was trained on; None where it saw files, or does not say."""
    return bind(FrameFolderOptions, origin.get("data", {}).get("frame_folders", {})).resolved()


if __name__ == "__main__":
    main(PredictConfig, "predict", predict, USAGE)
