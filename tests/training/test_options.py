"""Options refuse what they cannot mean."""

import pytest

from videoseq.errors import ConfigError
from videoseq.training.options import (
    CrossEntropyOptions,
    OptimizerOptions,
    SchedulerOptions,
    TrainingOptions,
)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (CrossEntropyOptions, {"label_smoothing": 1.0}, r"label_smoothing must lie in \[0, 1\), got 1\.0"),
        (SchedulerOptions, {"warmup_fraction": -0.1}, r"warmup_fraction must lie in \[0, 1\), got -0\.1"),
        (OptimizerOptions, {"lr": 0.0}, r"lr must be positive, got 0\.0"),
        (OptimizerOptions, {"weight_decay": -1.0}, r"weight_decay must not be negative, got -1\.0"),
        (
            OptimizerOptions,
            {"encoder_lr_scale": 0.0},
            r"encoder_lr_scale must be positive, got 0\.0; to keep the encoder fixed: model\.encoder\.freeze=all",
        ),
        (TrainingOptions, {"max_epochs": 0}, r"max_epochs must be at least 1, got 0"),
        (TrainingOptions, {"accumulate": 0}, r"accumulate must be at least 1, got 0"),
        (TrainingOptions, {"clip_norm": 0.0}, r"clip_norm must be positive or null, got 0\.0"),
        (TrainingOptions, {"early_stopping": 0}, r"early_stopping must be positive or null, got 0"),
    ],
)
def test_mistakes(kind, values, message):
    with pytest.raises(ConfigError, match=message):
        kind(**values)
