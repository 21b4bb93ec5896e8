"""Composing a configuration with Hydra, and its exceptions in our words."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from videoseq.config.arguments import prepare_arguments
from videoseq.config.binding import bind, default_values
from videoseq.errors import ConfigError, suggest
from videoseq.types import plain_dict

T = TypeVar("T")

_PACKAGES = {"hydra/launcher/joblib": "hydra-joblib-launcher"}
"""What comes with a package of its own -> that package."""


def conf_folder() -> Path:
    """Returns the folder of the configuration files: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def load_config(schema: type[T], command: str, overrides: Sequence[str] = ()) -> T:
    """Composes and checks a configuration without running anything; also while a command runs that Hydra has started.

    Args:
        schema: The dataclass of the command.
        command: Name of the command, that of its file in `conf/`.
        overrides: What a user would write behind the command.

    Raises:
        ConfigError: The configuration cannot be composed or does not fit the schema.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    started = GlobalHydra.instance().is_initialized()
    with hydra_errors(), nullcontext() if started else initialize_config_dir(str(conf_folder()), version_base="1.3"):
        cfg = compose(command, prepare_arguments(overrides, conf_folder()))
    return bind_composed(schema, cfg)


def save_config(config: Any, path: Path) -> None:
    """Writes a bound configuration as YAML, every option with its value."""
    from omegaconf import OmegaConf

    path.write_text(OmegaConf.to_yaml(OmegaConf.create(plain_dict(config))), encoding="utf-8")


def bind_composed(schema: type[T], cfg: Any) -> T:
    """Returns what Hydra composed as an instance of a schema, interpolations resolved and every value checked.

    Raises:
        ConfigError: It does not fit the schema.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        # Below the defaults, so that any option can be named by an interpolation, and its default is written once.
        whole = OmegaConf.merge(default_values(schema), cfg)
        content = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from error
    return bind(schema, content)  # type: ignore[arg-type]


class hydra_errors:  # noqa: N801 - reads as the statement that it is
    """Turns the exceptions of Hydra and OmegaConf into a `ConfigError` with our words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        if isinstance(error, HydraException | OmegaConfBaseException):
            raise ConfigError(_translate(error)) from error


def _translate(error: BaseException) -> str:
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if str(error.missing_cfg_file) in _PACKAGES:
            return f"{group}={name} needs a package: pip install {_PACKAGES[str(error.missing_cfg_file)]}"
        return f"unknown {group or 'configuration'} {name!r}: {suggest(name, error.options or [])}"
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read {str(error.override).lstrip('+')!r}: expected key=value; a value with any of ,=[](){{}}' in it "
            "needs quotes inside the shell's: key=\"'value'\""
        )
    return " ".join(str(error).split())
