"""Dataclasses as plain values."""

from dataclasses import fields
from typing import Any


def plain_dict(value: Any) -> dict[str, Any]:
    """Returns the fields of a dataclass as a dict of plain values, nested dataclasses included."""
    result: dict[str, Any] = {}
    for item in fields(value):
        content = getattr(value, item.name)
        result[item.name] = plain_dict(content) if hasattr(content, "__dataclass_fields__") else content
    return result
