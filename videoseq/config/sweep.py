"""Sweeps: `-m` trains once for every combination of the values that are given."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from videoseq.config.multirun import Combination, multirun
from videoseq.config.schema import TrainConfig
from videoseq.data.options import DataOptions
from videoseq.data.synthetic_options import SyntheticOptions
from videoseq.errors import ConfigError

logger = logging.getLogger(__name__)

Train = Callable[[TrainConfig, Path], Any]
"""Trains with the options, in the folder; `metrics` of the result are those of `metrics.json`."""


def run_sweep(command: str, train: Train, words: Sequence[str]) -> None:
    """Trains every combination and writes `sweep.csv` into `<paths.outputs>/<name>/sweep_<date_time_ms>`.

    All combinations are composed and checked before the first is trained, each in the folder `<number>` below that one. A run
    that fails is recorded, and the sweep goes on.

    Args:
        command: Name of the command, that of its file in `conf/`.
        train: The command.
        words: What stands behind the command, `-m` included.

    Raises:
        ConfigError: A combination cannot be composed, does not fit the schema, or cannot stand in a sweep.
        VideoseqError: None of the runs is done.
        Interrupted: A signal stopped the sweep.
    """
    for word in words:
        if word.lstrip("+").startswith(("hydra.sweep.", "hydra.run.")):
            raise ConfigError(
                f"{word}: a sweep lies in <paths.outputs>/<name>/sweep_<date>: choose with paths.outputs= and name="
            )
    sweep = _Sweep(train)
    stopped = False
    try:
        multirun(command, ["test=false", *words], sweep.run, sweep.conduct)
    except KeyboardInterrupt:
        if sweep.folder is None:
            raise
        stopped = True
    from videoseq.running.sweep import finish_sweep

    assert sweep.folder is not None
    finish_sweep(sweep.folder, sweep.configs[0].monitor, stopped=stopped)


class _Sweep:
    """The runs of a sweep.

    Args:
        train: Trains one of them.
    """

    def __init__(self, train: Train) -> None:
        self.train = train
        self.process = os.getpid()
        self.folder: Path | None = None
        self.configs: list[TrainConfig] = []

    def conduct(self, combinations: Sequence[Combination], parallel: bool, start: Callable[[], None]) -> None:
        """Checks all combinations, makes the folder of the sweep and runs them."""
        swept = swept_options([options for options, _ in combinations])
        self.configs = checked_configs([config for _, config in combinations], swept)
        if parallel:
            refuse_rewritten_data([config.data for config in self.configs])
        # Not before: what is wrong with the options is told without torch.
        from videoseq.reporting.sweep_table import SweepTable
        from videoseq.running.sweep import prepare_data
        from videoseq.running.sweep_processes import run_in_processes
        from videoseq.training.run_folder import new_run_folder

        first = self.configs[0]
        self.folder = new_run_folder(Path(first.paths.outputs).expanduser(), first.name, "sweep_")
        SweepTable(self.folder).start(swept)
        logger.info("sweep %s: %d runs", self.folder, len(self.configs))
        if not parallel:
            start()
            return
        caches = (Path(config.paths.cache).expanduser() for config in self.configs)
        prepare_data((config.data, config.task.spec, cache) for config, cache in zip(self.configs, caches, strict=True))
        run_in_processes(self.folder, start)

    def run(self, number: int) -> None:
        """Trains a combination."""
        from videoseq.reporting.terminal import labelled_terminal, show_every_name
        from videoseq.running.sweep import run_member
        from videoseq.running.sweep_processes import run_of_parent

        assert self.folder is not None
        elsewhere = os.getpid() != self.process
        with ExitStack() as stack:
            if elsewhere:
                show_every_name()
                stack.enter_context(run_of_parent())
            stack.enter_context(labelled_terminal(f"[{number}] "))
            goes_on = run_member(self.folder, number, lambda folder: self.train(self.configs[number], folder).metrics)
        if not (goes_on or elsewhere):
            raise KeyboardInterrupt  # the only thing that a launcher lets through


def swept_options(combinations: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Returns of each combination the options that are not the same in all of them.

    Args:
        combinations: Key -> value of every option of the command line.
    """
    keys = dict.fromkeys(key for options in combinations for key in options)
    swept = [key for key in keys if len({options.get(key) for options in combinations}) > 1]
    return [{key: options.get(key, "") for key in swept} for options in combinations]


def checked_configs(configs: Sequence[TrainConfig | ConfigError], swept: Sequence[Mapping[str, str]]) -> list[TrainConfig]:
    """Returns the options of all combinations.

    Args:
        configs: The options of each, or what is wrong with them.
        swept: What each combination differs by.

    Raises:
        ConfigError: Some do not fit the schema, or cannot stand in a sweep; each problem once, with the first that has it.
    """
    problems: dict[str, list[int]] = {}
    good: list[TrainConfig] = []
    for number, config in enumerate(configs):
        if isinstance(config, TrainConfig):
            good.append(config)
        problem = str(config) if isinstance(config, ConfigError) else _unfit(config, good[0])
        if problem:
            problems.setdefault(problem, []).append(number)
    lines = []
    for problem, numbers in problems.items():
        words = " ".join(f"{key}={value}" for key, value in swept[numbers[0]].items())
        lines.append(problem if len(numbers) == len(configs) else f"{words}: {problem}")
    if lines:
        raise ConfigError("\n".join(lines))
    return good


def refuse_rewritten_data(data: Sequence[DataOptions]) -> None:
    """Checks that no run writes a synthetic data set in the place of one that a run beside it reads.

    Args:
        data: The data of each run.

    Raises:
        ConfigError: Two runs write different ones into the same folder.
    """
    written: dict[str | None, SyntheticOptions] = {}
    for options in data:
        if options.synthetic is not None and written.setdefault(options.root, options.synthetic) != options.synthetic:
            raise ConfigError(
                f"runs that train at the same time would each write another data set into data.root={options.root}: give each "
                "a folder of its own, such as 'data.root=${paths.cache}/shapes_${data.synthetic.seed}', or train one after the "
                "other without hydra/launcher"
            )


def _unfit(config: TrainConfig, first: TrainConfig) -> str:
    """Returns why a run cannot stand in a sweep; empty where it can."""
    if config.test:
        return (
            "a sweep (-m) chooses by the validation videos, so the test videos must stay unseen: leave out test=true, and "
            "measure the run that you choose with python -m videoseq.evaluate checkpoint=RUN/checkpoints/best.ckpt on=test"
        )
    if config.resume is not None:
        return f"resume={config.resume} continues one run, a sweep (-m) starts new ones: leave out one of them"
    if config.trainer.devices != 1 or config.trainer.num_nodes != 1:
        return (
            f"trainer.devices={config.trainer.devices} starts this command once for each device, so each would sweep (-m): "
            "train each run on one device, several runs at once with hydra/launcher=joblib"
        )
    if config.monitor != first.monitor:
        return (
            f"a sweep (-m) says by one figure which run is best, got {first.monitor} and {config.monitor}: give all runs the "
            "same training.monitor, and tasks that have it"
        )
    if (config.name, config.paths.outputs) != (first.name, first.paths.outputs):
        return "name and paths.outputs say where a sweep (-m) lies, so each takes one value"
    return ""
