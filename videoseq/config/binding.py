"""Turns nested mappings into the dataclasses of the schema and reports everything that does not fit at once."""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from videoseq.errors import ConfigError, VideoseqError, suggest

T = TypeVar("T")


def bind(schema: type[T], content: Mapping[str, Any]) -> T:
    """Returns an instance of a dataclass made from a mapping, every value checked.

    A field whose metadata holds `family` (name -> dataclass or None) and `names` (the known names, or words that stand for
    all others) is bound to the dataclass that the mapping's `name` chooses; without one that of the default, or where that is
    None the first of `names`. A field whose metadata holds `partial` (a dataclass) stays a dict of what was given, checked
    against that dataclass; `otherwise` says what holds for the rest.

    Args:
        schema: The dataclass.
        content: Nested plain values; what is absent takes the dataclass's default.

    Raises:
        ConfigError: All misspelt keys, wrong types and illegal values, one a line.
    """
    problems: list[str] = []
    result = _bind_dataclass(schema, content, "", problems, schema)
    if problems:
        raise ConfigError("\n".join(problems))
    return result  # type: ignore[no-any-return]


def default_values(schema: type) -> dict[str, Any]:
    """Returns the defaults of a dataclass as nested plain values, families and required options left out."""
    hints = get_type_hints(schema)
    values: dict[str, Any] = {}
    for item in fields(schema):
        default = _default(item)
        if default is MISSING or ("family" in item.metadata and default is not None):
            continue
        nested = _nested(item, hints[item.name], None)
        values[item.name] = default_values(nested) if nested is not None and default is not None else default
    return values


@dataclass(frozen=True)
class Option:
    """One option of a command.

    Attributes:
        key: Its dotted key.
        hint: Its type; None for a group of options that may be absent as a whole.
        owner: The dataclass that it belongs to.
        default: Its default; `MISSING` where it is required.
        members: Names of the members of a family that it belongs to, empty where no other member differs.
        family: The key of that family.
        group: The group that must be there for the default to hold; empty where it always is.
        otherwise: What holds instead of the default, in words.
    """

    key: str
    hint: Any
    owner: type
    default: Any
    members: tuple[str, ...] = ()
    family: str = ""
    group: str = ""
    otherwise: str = ""


def options(schema: type, prefix: str = "") -> Iterator[Option]:
    """Yields every option below a dataclass; one that differs between the members of a family once per member."""
    hints = get_type_hints(schema)
    for item in fields(schema):
        key, hint = prefix + item.name, hints[item.name]
        default = _default(item)
        if "family" in item.metadata and default is None:
            yield Option(key, None, schema, None)
            yield from (replace(option, group=key) for option in _family(item, key + "."))
        elif "family" in item.metadata:
            yield from _family(item, key + ".")
        elif "partial" in item.metadata:
            for option in options(item.metadata["partial"], key + "."):
                yield replace(option, otherwise=item.metadata["otherwise"])
        elif (nested := _nested(item, hint, None)) is None:
            yield Option(key, hint, schema, default)
        elif default is None:
            yield Option(key, None, schema, None)
            yield from (replace(option, group=key) for option in options(nested, key + "."))
        else:
            yield from options(nested, key + ".")


def _family(item: Field[Any], prefix: str) -> Iterator[Option]:
    names: dict[type, tuple[str, ...]] = {}
    for name in item.metadata["names"]:
        member = item.metadata["family"](name)
        names[member] = (*names.get(member, ()), name)
    found: dict[str, list[tuple[Option, tuple[str, ...]]]] = {}
    for member, those in names.items():
        for option in options(member, prefix):
            found.setdefault(option.key, []).append((option, those))
    for key, versions in found.items():
        first = versions[0][0]
        if key == prefix + "name":
            yield replace(first, default=_default_name(item))
        elif len(versions) == len(names) and all(option.default == first.default for option, _ in versions):
            yield first
        else:  # an option of a family within the family has members already
            for option, those in versions:
                yield option if option.members else replace(option, members=those, family=prefix.rstrip("."))


def _default(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


def _default_name(item: Field[Any]) -> str:
    default = _default(item)
    name: str = next(iter(item.metadata["names"])) if default is None else default.name
    return name


def _nested(item: Field[Any], hint: Any, content: Mapping[str, Any] | None) -> type | None:
    family = item.metadata.get("family")
    if family is not None:
        chosen: type | None = family((content or {}).get("name", _default_name(item)))
        return chosen
    return next((part for part in (hint, *get_args(hint)) if isinstance(part, type) and is_dataclass(part)), None)


def _bind_dataclass(schema: type, content: Any, path: str, problems: list[str], root: type) -> Any:
    if not isinstance(content, Mapping):
        problems.append(f"{path or 'the configuration'} must hold options of its own, got {content!r}")
        return None
    hints = get_type_hints(schema)
    known = {item.name: item for item in fields(schema) if item.init}
    values: dict[str, Any] = {}
    before = len(problems)
    for key, value in content.items():
        full = f"{path}.{key}" if path else str(key)
        if key not in known:
            problems.append(_unknown(full, path, list(known), root))
            continue
        values[key] = _bind_field(known[key], hints[key], value, full, problems, root)
    for name, item in known.items():
        if name not in content and item.default is MISSING and item.default_factory is MISSING:
            problems.append(f"{path + '.' if path else ''}{name} is missing: {name}={item.metadata.get('example', '…')}")
    if len(problems) > before:
        return None
    try:
        return schema(**values)
    except VideoseqError as error:
        problems.append(str(error) if not path or f"{path}." in str(error) else f"{path}.{error}")
        return None


def _bind_field(item: Field[Any], hint: Any, value: Any, path: str, problems: list[str], root: type) -> Any:
    if "partial" in item.metadata:
        _bind_dataclass(item.metadata["partial"], value, path, problems, root)
        return value
    if "family" in item.metadata and isinstance(value, Mapping):
        chosen = _nested(item, hint, value)
        if chosen is None:
            problems.append(
                f"unknown {path}.name={value.get('name')!r}: {suggest(str(value.get('name')), item.metadata['names'])}"
            )
            return None
        return _bind_dataclass(chosen, value, path, problems, root)
    nested = _nested(item, hint, None)
    if nested is not None and not (value is None and type(None) in get_args(hint)):
        return _bind_dataclass(nested, value, path, problems, root)
    try:
        return _convert(hint, value)
    except TypeError as error:
        problems.append(f"{path} must be {error}, got {value!r}")
        return None


def _convert(hint: Any, value: Any) -> Any:
    """Returns a value as the type that a hint asks for; a `TypeError` holds the words for what was expected."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        expected = []
        for option in arguments:
            if option is not type(None):
                try:
                    return _convert(option, value)
                except TypeError as error:
                    expected.append(str(error))
        raise TypeError(" or ".join([*expected, "null"] if type(None) in arguments else expected))
    if origin is Literal:
        if value in arguments:
            return value
        near = get_close_matches(str(value), [str(option) for option in arguments], n=1)
        raise TypeError("one of " + ", ".join(map(str, arguments)) + (f" (did you mean {near[0]!r}?)" if near else ""))
    if origin in (tuple, list, Sequence):
        is_size = arguments == (int, int)
        if is_size and isinstance(value, str) and re.fullmatch(r"\d+x\d+", value):
            value = [int(side) for side in value.split("x")]  # a size as people write it
        if not isinstance(value, list | tuple):
            raise TypeError("a size such as 4x4 or [4,4]" if is_size else "a list such as [1,2]")
        length = len(arguments) if origin is tuple and arguments[-1] is not Ellipsis else None
        if length is not None and len(value) != length:
            raise TypeError(f"a list of {length} values")
        kind = list if origin is list else tuple
        return kind(_convert(arguments[0], entry) for entry in value)
    if origin in (dict, Mapping):
        expected_mapping = "stages such as {2: layer4, 5: all}" if arguments[0] is int else "a group of options"
        if not isinstance(value, Mapping):
            raise TypeError(expected_mapping)
        try:
            return {_convert_key(arguments[0], key): _convert(arguments[1], entry) for key, entry in value.items()}
        except TypeError as error:
            raise TypeError(expected_mapping) from error
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is str and isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    if hint in (int, bool) and type(value) is hint:
        return value
    raise TypeError({int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(hint, str(hint)))


def _convert_key(hint: Any, key: Any) -> Any:
    """Returns a key as its type: a number is text where it was written behind a dot (`group.2=…`)."""
    return int(key) if hint is int and isinstance(key, str) and key.isdecimal() else _convert(hint, key)


def _unknown(full: str, path: str, siblings: list[str], root: type) -> str:
    leaf = full.rpartition(".")[2]
    known = list(options(root))
    members = list(dict.fromkeys(name for option in known if option.key == full for name in option.members))
    near = get_close_matches(leaf, siblings, n=1) or [name for name in siblings if name.startswith(leaf)]
    if members:
        family = next(option.family for option in known if option.key == full)
        hint = f"it goes with {family}.name={' or '.join(members)}. "
    elif near:
        hint = f"did you mean {f'{path}.{near[0]}' if path else near[0]}? "
    else:
        keys = [option.key for option in known]
        elsewhere = [key for key in keys if key.rpartition(".")[2] == leaf] or get_close_matches(full, keys, n=1)
        hint = f"did you mean {elsewhere[0]}? " if elsewhere else ""
    return f"unknown option {full}: {hint}{path or 'This command'} knows: {', '.join(sorted(siblings))}"
