"""Hydra's multirun with a look at all combinations before the first of them is run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.core_plugins.basic_launcher import BasicLauncherConf
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_automatic_config_search_path, get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from videoseq.config.arguments import prepare_arguments, quote
from videoseq.config.composing import bind_composed, conf_folder, hydra_errors
from videoseq.config.schema import TrainConfig
from videoseq.config.words import key_of
from videoseq.errors import ConfigError


class Combination(NamedTuple):
    """One combination of the values of a sweep.

    Attributes:
        options: What the command line says of it, key -> value.
        config: All options; the error where they do not fit the schema.
    """

    options: dict[str, str]
    config: TrainConfig | ConfigError


Conduct = Callable[[Sequence[Combination], bool, Callable[[], None]], None]
"""Gets all combinations, whether they run in processes of their own, and what starts them and returns when they have ended."""


def multirun(command: str, words: Sequence[str], run: Callable[[int], None], conduct: Conduct) -> None:
    """Composes every combination of the values that are given and runs each.

    It does what `hydra.main` does with `-m`: Hydra's sweeper makes the combinations, its launcher runs them here or elsewhere.
    What Hydra writes itself (`multirun.yaml`, a folder per run) is thrown away: a run's folder is ours.

    Args:
        command: Name of the command, that of its file in `conf/`.
        words: What stands behind the command.
        run: Gets the number of a combination, from 0; it must be possible to pickle it.
        conduct: Looks at all combinations and starts them.

    Raises:
        ConfigError: A combination cannot be composed, or Hydra's own options do not fit.
    """
    version.setbase("1.3")
    with TemporaryDirectory(prefix="videoseq_sweep_") as scratch, hydra_errors():
        prepared = prepare_arguments([*words, f"hydra.sweep.dir={quote(scratch)}"], conf_folder())
        flags = get_args_parser().parse_args(prepared)
        if flags.cfg is not None or flags.info is not None:
            raise ConfigError("-m runs a sweep, --cfg and --info show a configuration: give one of them")
        search_path = create_automatic_config_search_path(None, None, str(conf_folder()))
        if flags.config_dir is not None:
            place = f"file://{Path(flags.config_dir).absolute()}"
            search_path.prepend(provider="command-line", path=place, anchor=SearchPathQuery(provider="schema"))
        hydra = Hydra.create_main_hydra2(command, search_path)
        try:
            config = hydra.compose_config(
                flags.config_name or command, [*flags.overrides, "hydra.mode=MULTIRUN"], RunMode.MULTIRUN
            )
            if OmegaConf.select(config, "hydra.sweeper.max_batch_size") is not None:
                raise ConfigError(
                    "hydra.sweeper.max_batch_size would hide the later combinations from the check of all: leave it out; "
                    "how many run at once says hydra.launcher.n_jobs"
                )
            context = HydraContext(hydra.config_loader, Callbacks(config))
            sweeper = Plugins.instance().instantiate_sweeper(config=config, hydra_context=context, task_function=_Task(run))
            assert sweeper.launcher is not None
            sweeper.launcher = _LookingLauncher(sweeper.launcher, context, config, conduct)
            sweeper.sweep(OmegaConf.to_container(config.hydra.overrides.task, resolve=False))  # type: ignore[arg-type]
        finally:
            GlobalHydra.instance().clear()


class _Task:
    """What a launcher calls for a combination: it was bound before, so its number says all."""

    def __init__(self, run: Callable[[int], None]) -> None:
        self.run = run

    def __call__(self, config: Any) -> None:
        self.run(int(HydraConfig.get().job.num))


class _LookingLauncher(Launcher):
    """Composes all combinations for somebody to look at before a launcher starts the first."""

    def __init__(self, launcher: Launcher, context: HydraContext, config: DictConfig, conduct: Conduct) -> None:
        self._launcher = launcher
        self._context = context
        self._config = config
        self._conduct = conduct

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Does nothing: the launcher was set up before."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Hands all combinations over to be looked at and started."""
        combinations = [
            Combination(dict(map(_option, words)), self._bound(number, words)) for number, words in enumerate(job_overrides)
        ]
        # Hydra loads its plugins a second time, so the class of the launcher is not the one that can be imported.
        parallel = self._config.hydra.launcher._target_ != BasicLauncherConf._target_
        returned: list[JobReturn] = []
        self._conduct(combinations, parallel, lambda: returned.extend(self._launcher.launch(job_overrides, initial_job_idx)))
        return returned

    def _bound(self, number: int, words: Sequence[str]) -> TrainConfig | ConfigError:
        config = self._context.config_loader.load_sweep_config(self._config, list(words))
        with open_dict(config):
            config.hydra.job.num = number
            config.hydra.job.id = str(number)
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(config)  # for interpolations such as ${hydra:job.num}
        try:
            return bind_composed(TrainConfig, OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]))
        except ConfigError as error:
            return error
        finally:
            HydraConfig.instance().cfg = before


def _option(word: str) -> tuple[str, str]:
    return key_of(word), word.partition("=")[2]
