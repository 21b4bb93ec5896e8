"""Callbacks of a user's own, named in the configuration and checked against their signatures before anything runs."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl

from videoseq.errors import ConfigError, suggest


def build_callbacks(named: Mapping[str, Any]) -> list[pl.Callback]:
    """Returns the callbacks of `{name: {_target_: package.module.Class, argument: value, …}}`.

    Raises:
        ConfigError: A class cannot be imported, is no callback, or refuses its arguments; all of them at once.
    """
    problems: list[str] = []
    made: list[pl.Callback] = []
    for name, content in named.items():
        try:
            made.append(_made(content))
        except ConfigError as error:
            problems.append(f"callbacks.{name}: {error}")
    if problems:
        raise ConfigError("\n".join(problems))
    return made


def _made(content: Any) -> pl.Callback:
    if not isinstance(content, Mapping) or not isinstance(content.get("_target_"), str):
        raise ConfigError(f"expected _target_: package.module.Class and its arguments, got {content!r}")
    target = content["_target_"]
    module_name, _, class_name = target.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"cannot import _target_ {target!r}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, pl.Callback)):
        raise ConfigError(f"_target_ {target!r} is no pytorch_lightning.Callback")
    arguments = {key: value for key, value in content.items() if key != "_target_"}
    parameters = inspect.signature(kind).parameters
    for key in arguments:
        if key not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            raise ConfigError(f"{target} takes no argument {key!r}: {suggest(key, parameters)}")
    try:
        inspect.signature(kind).bind(**arguments)
    except TypeError as error:
        raise ConfigError(f"{target}: {error}") from error
    try:
        return kind(**arguments)
    except Exception as error:  # a constructor of somebody else's refuses a value with whatever it likes
        raise ConfigError(f"{target} refuses its arguments: {type(error).__name__}: {error}") from error
