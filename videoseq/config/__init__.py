"""The entry of all commands, the schema of their options and the checks."""

from videoseq.config.answering import EvaluateConfig, PredictConfig
from videoseq.config.benchmarking import BenchmarkConfig
from videoseq.config.binding import bind
from videoseq.config.composing import load_config, save_config
from videoseq.config.entry import main
from videoseq.config.extraction import ExtractConfig
from videoseq.config.preparation import PrepareConfig
from videoseq.config.schema import CrossvalidateConfig, ExperimentConfig, TrainConfig

__all__ = [
    "BenchmarkConfig",
    "CrossvalidateConfig",
    "EvaluateConfig",
    "ExperimentConfig",
    "ExtractConfig",
    "PredictConfig",
    "PrepareConfig",
    "TrainConfig",
    "bind",
    "load_config",
    "main",
    "save_config",
]
