"""The one entry of all commands: composes the configuration, checks it, runs the command, and ends with an exit code."""

import errno
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from videoseq.config.arguments import prepare_arguments
from videoseq.config.binding import bind, default_values
from videoseq.errors import ConfigError, Interrupted, VideoseqError, suggest
from videoseq.types import plain_dict

T = TypeVar("T")

# What a place that a user named can be: not writable, read-only, full, a file instead of a folder or the reverse, too long.
_USERS_ERRNOS = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
    }
)
_OTHER_PLACE = "choose another folder with output=, paths.outputs= or paths.cache="


def conf_folder() -> Path:
    """Returns the folder of the configuration files: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def load_config(schema: type[T], command: str, overrides: Sequence[str] = ()) -> T:
    """Composes and checks a configuration without running anything.

    Args:
        schema: The dataclass of the command.
        command: Name of the command, that of its file in `conf/`.
        overrides: What a user would write behind the command.

    Raises:
        ConfigError: The configuration cannot be composed or does not fit the schema.
    """
    from hydra import compose, initialize_config_dir

    with _hydra_errors(), initialize_config_dir(str(conf_folder()), version_base="1.3"):
        cfg = compose(command, prepare_arguments(overrides, conf_folder()))
    return _bind(schema, cfg)


def save_config(config: Any, path: Path) -> None:
    """Writes a bound configuration as YAML, every option with its value."""
    from omegaconf import OmegaConf

    path.write_text(OmegaConf.to_yaml(OmegaConf.create(plain_dict(config))), encoding="utf-8")


def main(schema: type[T], command: str, run: Callable[[T], Any], usage: str, words: Sequence[str] | None = None) -> NoReturn:
    """Runs a command and exits: 0 done, 1 a bug, 2 a user's mistake, 3 interrupted after saving.

    Args:
        schema: The dataclass of the command's options.
        command: Name of the command, that of its file in `conf/`.
        run: The command.
        usage: One paragraph on what it does, with examples.
        words: What stands behind the command; None takes the command line's.
    """
    words = sys.argv[1:] if words is None else words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show must not end a run
            stream.reconfigure(errors="backslashreplace")
    if {"-h", "--help"} & set(words):
        from videoseq.config.help import print_help

        print_help(command, schema, usage)
        sys.exit(0)
    try:
        _console_logging()
        if {"-m", "--multirun"} & set(words):
            raise ConfigError("sweeps (-m) are not there yet: run the command once per value")
        _run_hydra(schema, command, run, words)
    except VideoseqError as error:
        print(f"videoseq.{command}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _USERS_ERRNOS:
            raise
        place = "a file" if error.filename is None else repr(str(error.filename))  # a full disk has no name
        print(f"videoseq.{command}: cannot use {place}: {error.strerror}; {_OTHER_PLACE}", file=sys.stderr)
        sys.exit(VideoseqError.exit_code)
    except KeyboardInterrupt:
        print(f"videoseq.{command}: interrupted", file=sys.stderr)
        sys.exit(Interrupted.exit_code)
    sys.exit(0)


def _run_hydra(schema: type[T], command: str, run: Callable[[T], Any], words: Sequence[str]) -> None:
    import hydra

    # Without it Hydra ends the process by itself, with exit code 1 for a typo and a bug alike.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    failures: list[BaseException] = []

    @hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command)
    def composed(cfg: Any) -> None:
        try:
            run(_bind(schema, cfg))
        except BaseException as error:  # handed over below: Hydra would print a line of its own in front of the message
            failures.append(error)

    typed = sys.argv
    sys.argv = [typed[0], *prepare_arguments(words, conf_folder())]
    try:
        with _hydra_errors():
            composed()
    finally:
        sys.argv = typed
    if failures:
        raise failures[0]


def _bind(schema: type[T], cfg: Any) -> T:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        # Below the defaults, so that any option can be named by an interpolation, and its default is written once.
        whole = OmegaConf.merge(default_values(schema), cfg)
        content = OmegaConf.to_container(whole, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from error
    return bind(schema, content)  # type: ignore[arg-type]


class _hydra_errors:  # noqa: N801 - reads as the statement that it is
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
        return f"unknown {group or 'configuration'} {name!r}: {suggest(name, error.options or [])}"
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read {str(error.override).lstrip('+')!r}: expected key=value; a value with any of ,=[](){{}}' in it "
            "needs quotes inside the shell's: key=\"'value'\""
        )
    return " ".join(str(error).split())


def _console_logging() -> None:
    """Sends the package's log to the terminal, warnings with their level in front."""

    class Plain(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text = super().format(record)
            return text if record.levelno == logging.INFO else f"{record.levelname}: {text}"

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain("%(message)s"))
    logger = logging.getLogger("videoseq")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
