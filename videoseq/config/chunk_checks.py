"""Whether whole videos can be trained on in chunks, as `training.tbptt_frames` asks."""

from dataclasses import fields

from videoseq.data.augment_options import TemporalOptions
from videoseq.data.options import DataOptions
from videoseq.errors import ConfigError
from videoseq.models.options import HeadOptions
from videoseq.types import ClipSpec, TaskSpec


def check_chunks(
    tbptt_frames: int, task: TaskSpec, head: HeadOptions, clip: ClipSpec, temporal: TemporalOptions, data: DataOptions
) -> None:
    """Refuses what cannot be trained on in chunks that follow upon each other, and what chunks leave without effect.

    Args:
        tbptt_frames: Frames of a chunk.
        task: What is learned.
        head: The head, which is to carry its state on.
        clip: How clips are cut.
        temporal: How clips are varied in time.
        data: How videos are read, and in which order.

    Raises:
        ConfigError: Something cannot be done, or has no effect.
    """
    asked = f"training.tbptt_frames={tbptt_frames}"
    if not task.per_frame:
        raise ConfigError(
            f"{asked} trains on the frames of whole videos, and task.name={task.name} has one answer for each video. "
            "Fix: task.name=frames, or task.name=regression with task.per_frame=true; or leave it out"
        )
    if not head.is_causal:
        raise ConfigError(
            f"{asked} carries the state of the head from chunk to chunk, and this head (model.head.name={head.name}) needs "
            f"the whole video at once. Fix: {' and '.join(head.stream_fixes)}; or leave it out"
        )
    if clip.sampling != "all":
        raise ConfigError(
            f"{asked} goes over all frames of every video, got clip.sampling={clip.sampling}. Fix: clip.sampling=all"
        )
    for item in fields(temporal):
        if getattr(temporal, item.name) != getattr(TemporalOptions(), item.name):
            raise ConfigError(
                f"augment.temporal.{item.name} varies clips in time, and {asked} shows every video frame by frame. "
                f"Fix: leave augment.temporal.{item.name} out"
            )
    for name in ("max_frames", "padding"):
        if getattr(clip, name) != getattr(ClipSpec(), name):
            raise ConfigError(
                f"clip.{name} cuts clips out of videos, and {asked} goes over the whole of every video. "
                f"Fix: leave clip.{name} out"
            )
    for name, is_given in (("sampler=balanced", data.sampler == "balanced"), ("bucketing=length", data.bucketing == "length")):
        if is_given:
            raise ConfigError(
                f"data.{name} orders clips, and {asked} deals whole videos to the rows of the batches. Fix: leave it out"
            )
