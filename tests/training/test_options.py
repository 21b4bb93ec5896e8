"""Options refuse what they cannot mean."""

import pytest

from videoseq.errors import ConfigError
from videoseq.training.options import OptimizerOptions, SchedulerOptions, TrainingOptions
from videoseq.training.task_options import CrossEntropyOptions, FocalOptions


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (CrossEntropyOptions, {"label_smoothing": 1.0}, r"label_smoothing must lie in \[0, 1\), got 1\.0"),
        (
            CrossEntropyOptions,
            {"class_weights": (1.0, 0.0)},
            r"class_weights must be positive, one per class, got \[1\.0, 0\.0\]",
        ),
        (CrossEntropyOptions, {"logit_adjustment": -1.0}, r"logit_adjustment must be 0 \(off\) or positive, got -1\.0"),
        (FocalOptions, {"label_smoothing": 1.0}, r"label_smoothing must lie in \[0, 1\), got 1\.0"),
        (FocalOptions, {"gamma": -0.5}, r"gamma must be 0 or positive, got -0\.5"),
        (SchedulerOptions, {"warmup_fraction": -0.1}, r"warmup_fraction must lie in \[0, 1\), got -0\.1"),
        (OptimizerOptions, {"lr": 0.0}, r"lr must be positive, got 0\.0"),
        (OptimizerOptions, {"weight_decay": -1.0}, r"weight_decay must not be negative, got -1\.0"),
        (
            OptimizerOptions,
            {"encoder_lr_scale": 0.0},
            r"encoder_lr_scale must be positive, got 0\.0; to keep the encoder fixed: model\.encoder\.freeze=all",
        ),
        (OptimizerOptions, {"layer_decay": 0.0}, r"layer_decay must lie in \(0, 1\], such as 0\.75, 1 is off, got 0\.0"),
        (OptimizerOptions, {"layer_decay": 1.1}, r"layer_decay must lie in \(0, 1\], such as 0\.75, 1 is off, got 1\.1"),
        (TrainingOptions, {"max_epochs": 0}, r"max_epochs must be at least 1, got 0"),
        (TrainingOptions, {"accumulate": 0}, r"accumulate must be at least 1, got 0"),
        (TrainingOptions, {"clip_norm": 0.0}, r"clip_norm must be positive or null, got 0\.0"),
        (TrainingOptions, {"early_stopping": 0}, r"early_stopping must be positive or null, got 0"),
        *(
            (TrainingOptions, {"ema": decay}, rf"ema must lie in \(0, 1\), such as 0\.999, or be null, got {decay}")
            for decay in (0.0, 1.0, -0.5, float("nan"))
        ),
    ],
)
def test_mistakes(kind, values, message):
    with pytest.raises(ConfigError, match=message):
        kind(**values)
