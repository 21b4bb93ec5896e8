"""What is learned: a task turns logits and targets into a loss, answers and metrics."""

from collections.abc import Mapping

from videoseq.training.task_options import TaskOptions
from videoseq.training.tasks.classification import ClassificationTask
from videoseq.training.tasks.frames import FramesTask
from videoseq.training.tasks.multilabel import MultilabelTask
from videoseq.training.tasks.regression import RegressionTask
from videoseq.training.tasks.task import AnyTask, Task
from videoseq.types import TaskSpec

__all__ = ["AnyTask", "ClassificationTask", "FramesTask", "MultilabelTask", "RegressionTask", "Task", "build_task"]

_TASKS: dict[str, type[AnyTask]] = {
    "classification": ClassificationTask,
    "multilabel": MultilabelTask,
    "frames": FramesTask,
    "regression": RegressionTask,
}


def build_task(options: TaskOptions, spec: TaskSpec, class_counts: Mapping[str, float], num_videos: float) -> AnyTask:
    """Builds a task.

    Args:
        options: One of the classes in `task_options.TASKS`.
        spec: What the outputs mean, as it is stored in the checkpoint.
        class_counts: Name of each output, in their order -> what training shows of it: clips of the class, clips with it
            (multilabel), labelled seconds (frames); for a regression the clips.
        num_videos: Clips that training shows.

    Raises:
        ConfigError: The options do not fit the classes.
    """
    return _TASKS[options.name](options, spec, class_counts, num_videos)
