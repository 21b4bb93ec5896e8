"""The entry of all commands, the schema of their options and the checks."""

from videoseq.config.binding import bind
from videoseq.config.entry import load_config, main, save_config
from videoseq.config.schema import BenchmarkConfig, EvaluateConfig, ExperimentConfig, PredictConfig, TrainConfig

__all__ = [
    "BenchmarkConfig",
    "EvaluateConfig",
    "ExperimentConfig",
    "PredictConfig",
    "TrainConfig",
    "bind",
    "load_config",
    "main",
    "save_config",
]
