"""What helps a run that waited for its data."""

from dataclasses import dataclass
from statistics import median

from videoseq.data.caching.choosing import CacheMode, choose_cache
from videoseq.data.datamodule import VideoDataModule
from videoseq.data.options import most_workers
from videoseq.data.transforms import decode_size
from videoseq.training import ranks
from videoseq.training.options import TrainerOptions
from videoseq.types import VideoInfo

MOST_WAITING = 0.2
"""Share of the training time that a run may wait for data without a word."""

MOST_SECONDS = 60.0
"""Seconds that it may wait without a word, whatever their share: no remedy is worth less."""

_MUCH_LARGER = 1.5
_MANY_CHUNKS = 4
_NUM_LOOKED_AT = 100


@dataclass(frozen=True)
class Loading:
    """How a run came to its clips.

    Attributes:
        num_workers: Processes that decoded for each device.
        best_workers: As many as there are cores for them; 0 where the process that trains decodes on its GPU.
        cache: What was kept on disk.
        best_cache: The most that can be kept.
        short_side: Height or width of the videos, the shorter, in pixels; the median.
        needed_side: The same of the frames from which clips are cut.
    """

    num_workers: int
    best_workers: int
    cache: CacheMode
    best_cache: CacheMode
    short_side: float
    needed_side: float


def loading_of(loaders: VideoDataModule, trainer: TrainerOptions, cache: CacheMode, *, encoder_stays_frozen: bool) -> Loading:
    """Returns how a run comes to its clips; of many videos some are looked at. All its processes must be there still.

    Args:
        loaders: The loaders of the run.
        trainer: On what it ran.
        cache: What was kept on disk.
        encoder_stays_frozen: Whether no part of the encoder was trained.
    """
    options, infos = loaders.options, _some_infos(loaders)
    devices = max(ranks.world_size() // trainer.num_nodes, 1)
    choice = choose_cache(
        "auto",
        loaders.augment.resolved(),
        encoder_stays_frozen=encoder_stays_frozen,
        labels_clips_by_frame=loaders.manifest.task.per_frame and loaders.tbptt_frames is None,
    )
    return Loading(
        options.workers_of(devices),
        0 if options.decoder == "torchcodec_cuda" else most_workers(devices),
        cache,
        "features" if choice.mode == "features" else "frames",
        median(min(info.height, info.width) for info in infos),
        median(min(decode_size(info.height, info.width, loaders.clip)) for info in infos),
    )


def _some_infos(loaders: VideoDataModule) -> list[VideoInfo]:
    videos = loaders.manifest.videos["train"]
    return [videos[position].info for position in range(0, len(videos), -(-len(videos) // _NUM_LOOKED_AT))]


def advise_on_chunks(loaders: VideoDataModule, cache: CacheMode) -> str | None:
    """Returns what to tell a user whose chunks are much shorter than the way from keyframe to keyframe; of some videos.

    Args:
        loaders: The loaders of the run.
        cache: What is kept on disk.

    Returns:
        The message; None where chunks are long enough, nothing is decoded in them, or there are none.
    """
    if loaders.tbptt_frames is None or cache != "none":
        return None
    between = median(keyframe_distance(info) for info in _some_infos(loaders))
    clip, fps = loaders.clip, median(info.fps for info in _some_infos(loaders))
    chunk = loaders.tbptt_frames * clip.frame_stride * (1 if clip.target_fps is None else fps / clip.target_fps)
    if between <= _MANY_CHUNKS * chunk:
        return None
    return (
        f"each chunk of {loaders.tbptt_frames} frames is decoded from the keyframe before it, and keyframes are about "
        f"{between:.0f} frames apart: about {between / (2 * chunk):.0f} times as many frames are decoded as are shown. What "
        "helps: data.cache=frames, which decodes every video once; or a copy of the videos with closer keyframes: "
        "python -m videoseq.prepare; or longer chunks"
    )


def keyframe_distance(info: VideoInfo) -> float:
    """Returns the mean number of frames from one keyframe of a video to the next; 1 for a folder of frames."""
    return 1.0 if info.frame_pattern else info.num_frames / max(len(info.keyframes), 1)


def advise(data_wait_fraction: float, data_wait_seconds: float, loading: Loading) -> str | None:
    """Returns what to tell a user whose run waited for data, with all that may help, the simplest first.

    Args:
        data_wait_fraction: Share of the training time that was spent waiting, in [0, 1].
        data_wait_seconds: The same in seconds.
        loading: How the run came to its clips.

    Returns:
        The message; None where the run waited little, or where nothing is decoded any more.
    """
    if data_wait_fraction <= MOST_WAITING or data_wait_seconds < MOST_SECONDS or loading.cache == "features":
        return None
    remedies = []
    if loading.num_workers < loading.best_workers:
        remedies.append(f"data.num_workers={loading.best_workers} (it was {loading.num_workers})")
    if loading.cache == "none":
        remedies.append(f"data.cache={loading.best_cache}, which decodes every video once")
        if loading.short_side > _MUCH_LARGER * loading.needed_side:
            remedies.append(
                f"a smaller copy of the videos (short side {loading.short_side:.0f}, needed {loading.needed_side:.0f}): "
                "python -m videoseq.prepare"
            )
    if not remedies:
        remedies.append("fewer augmentations")
        if loading.best_workers:
            remedies.append("more cores: the workers have all that there are")
    return f"training waited for data {data_wait_fraction:.0%} of its time. What helps: {'; or '.join(remedies)}"
