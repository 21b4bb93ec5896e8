"""The report of one class for each frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.tensorboard import SummaryWriter

from videoseq.reporting.evaluation import print_evaluation, write_confusion
from videoseq.reporting.event_file import add_classes
from videoseq.reporting.frame_tables import class_table, frame_sum_columns, write_frames, write_segments, write_sums
from videoseq.reporting.scores import Floats, class_sums, frame_figures
from videoseq.reporting.segmental import segment_sums
from videoseq.reporting.timeline import Timeline, timeline_figure
from videoseq.running.reports.report import MeasuredSplit
from videoseq.running.reports.whole_videos import WholeVideoReport
from videoseq.serving.frame_inference import FrameAnswers, VideoFrames
from videoseq.serving.segments import end_of, segments_of
from videoseq.types import IGNORED


@dataclass(frozen=True)
class FramesReport(WholeVideoReport):
    """See `Report`. Segments of the background count in the accuracy, but in no figure of segments."""

    picture: ClassVar[str] = "timelines.png"

    @property
    def names(self) -> tuple[str, ...]:
        """The classes."""
        return self.predictor.loaded.config.class_names

    def video_sums(self, found: VideoFrames, targets: Tensor) -> Floats:
        """See `frame_figures`."""
        probs, wanted = found.answers.double().numpy(), targets.numpy()
        has_label = wanted != IGNORED
        of_frames = class_sums(wanted[has_label], probs[has_label]).sum(axis=0)
        background = self.predictor.loaded.config.task.background
        ignored = None if background is None else self.names.index(background)
        of_segments = segment_sums(wanted, probs.argmax(axis=1), ignored)
        return np.concatenate([of_frames, of_segments * has_label.any()])

    def figures(self, sums: Floats) -> dict[str, float]:
        """See `frame_figures`."""
        return {name: float(value) for name, value in frame_figures(sums).items()}

    def write(self, folder: Path, title: str, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> dict[str, Any]:
        """Writes `segments.csv`, `videos.csv`, `confusion_matrix.png` and `timelines.png`."""
        write_segments(folder / "segments.csv", self._segment_rows(measured, paths))
        write_sums(folder / "videos.csv", paths, frame_sum_columns(self.names), measured.sums)
        probs, targets = self.of_labelled(measured, lambda one: one.answers)
        write_confusion(folder / "confusion_matrix.png", targets, probs, self.names)
        self._timelines(measured, paths).savefig(folder / self.picture, dpi=110)
        classes = self._classes(measured.sums)
        print_evaluation(title, measured.metrics, classes)
        return {**measured.metrics, "per_class": classes}

    def write_frames(self, folder: Path, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> None:
        """Writes `frames.csv`."""
        write_frames(folder / "frames.csv", self._frame_rows(measured, paths), self.names)

    def summarise(self, writer: SummaryWriter, split: str, measured: MeasuredSplit[FrameAnswers], step: int) -> None:
        """Adds curves and bars of the classes, over frames, and timelines."""
        probs, targets = self.of_labelled(measured, lambda one: one.answers)
        occurs = one_hot(targets, len(self.names)) > 0
        add_classes(writer, split, occurs, probs, self._classes(measured.sums), step)
        paths = [video.record.path.name for video in measured.videos]
        writer.add_figure(f"{split}/timelines", self._timelines(measured, paths), step)

    def _classes(self, sums: Floats) -> dict[str, dict[str, float]]:
        return class_table(sums.sum(axis=0)[: 2 + 3 * len(self.names)], self.names)

    def _timelines(self, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> Figure:
        shown = []
        for row in self.shown_rows(measured):
            found = measured.result.answers[row]
            borders = np.append(found.seconds, end_of(measured.videos[row]))
            shown.append(Timeline(paths[row], borders, measured.targets[row].numpy(), found.answers.argmax(1).numpy()))
        return timeline_figure(shown, self.names)

    def _segment_rows(self, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> Iterator[dict[str, Any]]:
        for path, video, found in zip(paths, measured.videos, measured.result.answers, strict=True):
            for segment in segments_of(found.answers, found.seconds, end_of(video)):
                yield {
                    "path": path,
                    "start_seconds": round(segment.start_seconds, 6),
                    "end_seconds": round(segment.end_seconds, 6),
                    "label": self.names[segment.class_id],
                    "prob": round(segment.prob, 6),
                }

    def _frame_rows(self, measured: MeasuredSplit[FrameAnswers], paths: Sequence[str]) -> Iterator[dict[str, Any]]:
        for path, found, targets in zip(paths, measured.result.answers, measured.targets, strict=True):
            rows = zip(found.frames.tolist(), found.seconds.tolist(), targets.tolist(), found.answers.tolist(), strict=True)
            for frame, seconds, target, probs in rows:
                yield {
                    "path": path,
                    "frame": frame,
                    "time_seconds": round(seconds, 6),
                    "target": "" if target == IGNORED else self.names[target],
                    "pred": self.names[int(np.argmax(probs))],
                    **{f"prob_{name}": f"{prob:.6g}" for name, prob in zip(self.names, probs, strict=True)},
                }
