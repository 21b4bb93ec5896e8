"""What a finished run adds to its TensorBoard folder: curves and bars per class, clips, and its options beside its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from videoseq.reporting.class_bars import class_bars
from videoseq.reporting.clip_sheet import ShownClip, clip_sheet
from videoseq.reporting.files import writable


def add_classes(
    writer: SummaryWriter, split: str, occurs: Tensor, probs: Tensor, classes: Mapping[str, Mapping[str, float]], step: int
) -> None:
    """Adds a precision-recall curve of every class that occurs (`pr_val/<class>`), and the bars of all (`val/per_class`).

    A class of which a probability is no number, as where the training diverged, has no curve.

    Args:
        writer: Writes into the run's folder.
        split: Name of the measured split, such as `val`.
        occurs: (N, K) bool, which classes each video, or frame, has.
        probs: (N, K).
        classes: Class name -> its figures, in the order of the class ids.
        step: Optimiser steps of the run.
    """
    for k, name in enumerate(classes):
        present = occurs[:, k]  # (N,)
        if present.any() and probs[:, k].isfinite().all():
            writer.add_pr_curve(f"pr_{split}/{writable(name)}", present, probs[:, k], step)
    writer.add_figure(f"{split}/per_class", class_bars(classes), step)


def add_clips(writer: SummaryWriter, split: str, clips: Mapping[str, Sequence[ShownClip]], step: int) -> None:
    """Adds a sheet of clips under each name, such as `test/surest_wrong`; none where there are no clips."""
    for name, shown in clips.items():
        if shown:
            writer.add_figure(f"{split}/{name}", clip_sheet(shown), step)


def add_options(writer: SummaryWriter, options: Mapping[str, Any], metrics: Mapping[str, Mapping[str, Any]], step: int) -> None:
    """Adds the options of a run and its final figures to TensorBoard's HParams, as `final/val/accuracy` and so on.

    Args:
        writer: Writes into the run's folder.
        options: Nested options.
        metrics: Split -> figures; of them the plain numbers count.
        step: Optimiser steps of the run.
    """
    figures = {
        f"final/{split}/{name}": value
        for split, table in metrics.items()
        for name, value in table.items()
        if isinstance(value, float)
    }
    # Without the summary of an experiment, which torch's add_hparams writes too: TensorBoard would take the options of one run
    # for those of all. As it is, it puts together what the runs of a sweep say, who differ in them.
    _, start, end = hparams(plain_options(options), figures)  # type: ignore[no-untyped-call]
    for summary in (start, end):
        writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
    for name, value in figures.items():
        writer.add_scalar(name, value, step)


def plain_options(options: Mapping[str, Any], prefix: str = "") -> dict[str, int | float | str]:
    """Returns nested options by their dotted keys, lists and booleans as they are typed; what is null is left out."""
    plain: dict[str, int | float | str] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            plain |= plain_options(value, f"{prefix}{key}.")
        elif isinstance(value, bool):
            plain[f"{prefix}{key}"] = str(value).lower()
        elif isinstance(value, int | float | str):
            plain[f"{prefix}{key}"] = value
        elif isinstance(value, list | tuple):
            plain[f"{prefix}{key}"] = "[" + ",".join(map(str, value)) + "]"
    return plain
