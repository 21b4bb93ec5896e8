"""The one entry of all commands: composes the configuration, checks it, runs the command, and ends with an exit code."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from videoseq.config.arguments import prepare_arguments
from videoseq.config.composing import bind_composed, conf_folder, hydra_errors
from videoseq.errors import ConfigError, Interrupted, VideoseqError
from videoseq.reporting.terminal import log_to_terminal, show_every_name

T = TypeVar("T")

# What a place that a user named can be: not writable, read-only, full, a file instead of a folder or the reverse, too long.
_USERS_ERRNOS = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
    }
)
_OTHER_PLACE = "choose another folder with output=, paths.outputs= or paths.cache="


def main(
    schema: type[T],
    command: str,
    run: Callable[[T], Any],
    usage: str,
    words: Sequence[str] | None = None,
    *,
    sweep: Callable[[Any, Path], Any] | None = None,
) -> NoReturn:
    """Runs a command and exits: 0 done, 1 a bug, 2 a user's mistake, 3 interrupted after saving.

    Args:
        schema: The dataclass of the command's options.
        command: Name of the command, that of its file in `conf/`.
        run: The command.
        usage: One paragraph on what it does, with examples.
        words: What stands behind the command; None takes the command line's.
        sweep: The command with the folder that it writes to: what `-m` runs for each combination. None refuses `-m`.
    """
    words = sys.argv[1:] if words is None else words
    show_every_name()
    if {"-h", "--help"} & set(words):
        from videoseq.config.help import print_help

        try:
            print_help(command, schema, usage)
            sys.stdout.flush()
        except BrokenPipeError:  # who reads has seen enough, as `head` does; at the exit Python would write the rest again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    try:
        log_to_terminal()
        if not {"-m", "--multirun"} & set(words):
            _run_once(schema, command, run, words)
        elif sweep is None:
            raise ConfigError("sweeps (-m) are for videoseq.train: run this command once per value")
        else:
            from videoseq.config.sweep import run_sweep

            run_sweep(command, sweep, words)
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


def _run_once(schema: type[T], command: str, run: Callable[[T], Any], words: Sequence[str]) -> None:
    import hydra

    # Without it Hydra ends the process by itself, with exit code 1 for a typo and a bug alike.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    failures: list[BaseException] = []

    @hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command)
    def composed(cfg: Any) -> None:
        try:
            run(bind_composed(schema, cfg))
        except BaseException as error:  # handed over below: Hydra would print a line of its own in front of the message
            failures.append(error)

    typed = sys.argv
    sys.argv = [typed[0], *prepare_arguments(words, conf_folder())]
    try:
        with hydra_errors():
            composed()
    finally:
        sys.argv = typed
    if failures:
        raise failures[0]
