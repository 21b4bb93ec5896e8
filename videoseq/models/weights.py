"""Reading files of weights and fitting them to a module: nothing is executed, nothing is guessed."""

import hashlib
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from videoseq.errors import CheckpointError

_SHOWN = 3


def read_torch_file(path: Path | str, *, what: str, fix: str) -> Any:
    """Returns the content of a file that torch wrote, its tensors on the CPU.

    Only tensors and plain Python values are read (`weights_only=True`); code in the file is never run.

    Args:
        path: The file.
        what: What the file should be, for the message, such as `a checkpoint of videoseq`.
        fix: What the user can do, for the message.

    Raises:
        CheckpointError: No such file, no file of torch's, or one with other objects than tensors and plain values.
    """
    path = _regular_file(path, what, fix)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickle protocols: what cannot be read is an error below
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a torn file makes the unpickler fail in any way
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"{str(path)!r} cannot be read; expected {what}, a file of tensors and plain values written by torch.save, "
            f"got: {cause}. Fix: {fix}"
        ) from error


def _regular_file(path: Path | str, what: str, fix: str) -> Path:
    path = Path(path).expanduser()
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "not there" if not path.exists() else "not a regular file"
        raise CheckpointError(f"{str(path)!r} is {kind}; expected {what}: {fix}")
    return path


def fit_state(module: nn.Module, state: Mapping[str, Tensor], *, source: str, fix: str, dropped: Iterable[str] = ()) -> None:
    """Loads a state dict into a module; every tensor must be there and fit.

    Args:
        module: What is to be filled.
        state: Tensors by dotted name.
        source: Where the state is from, for the message.
        fix: What the user can do, for the message.
        dropped: Dotted names of parts that the module no longer has: tensors of theirs may be present.

    Raises:
        CheckpointError: Tensors are missing, left over, or of other shapes.
    """
    prefixes = tuple(f"{name}." for name in dropped)
    given = {name: tensor for name, tensor in state.items() if not (prefixes and name.startswith(prefixes))}
    own = module.state_dict()
    # BatchNorm's counter of batches is newer than many published files, and only used with momentum=None.
    missing = [name for name in own if name not in given and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in given if name not in own]
    mismatched = [
        f"{name} got {tuple(given[name].shape)} expected {tuple(own[name].shape)}"
        for name in own
        if name in given and given[name].shape != own[name].shape
    ]
    problems = [
        f"{len(found)} {kind}: {', '.join(found[:_SHOWN])}{', …' if len(found) > _SHOWN else ''}"
        for kind, found in (("missing", missing), ("unexpected", unexpected), ("of another shape", mismatched))
        if found
    ]
    if problems:
        raise CheckpointError(
            f"{source} does not fit: got {len(given)} tensors, expected {len(own)}; {'; '.join(problems)}. Fix: {fix}"
        )
    # With its own metadata a module does not take the state for an older version of itself.
    filled = OrderedDict((name, given.get(name, tensor)) for name, tensor in own.items())
    filled._metadata = own._metadata  # type: ignore[attr-defined]
    module.load_state_dict(filled)


def is_state_dict(content: Any) -> bool:
    """Returns whether something is a non-empty dict of tensors by name."""
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items())
    )


def read_state_dict(path: Path | str, *, fix: str) -> Mapping[str, Tensor]:
    """Returns the state dict in a file of torch's, or in one whose name ends in `.safetensors`.

    Raises:
        CheckpointError: As `read_torch_file`; the content is no state dict; the package safetensors is missing.
    """
    what = "a state dict (tensors by name)"
    if Path(path).suffix == ".safetensors":
        return _read_safetensors(_regular_file(path, what, fix), fix)
    content = read_torch_file(path, what=what, fix=fix)
    if not is_state_dict(content):
        keys = ", ".join(repr(key) for key in list(content)[:_SHOWN]) if isinstance(content, dict) else ""
        got = f"a dict with the keys {keys}" if keys else type(content).__name__
        raise CheckpointError(f"{str(path)!r} holds {got}; expected {what}. Fix: {fix}")
    state: Mapping[str, Tensor] = content
    return state


def _read_safetensors(path: Path, fix: str) -> Mapping[str, Tensor]:
    """Reads the format of the hub of timm, in which there is nothing but tensors."""
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise CheckpointError(f"{str(path)!r} needs a package to be read: pip install safetensors") from error
    try:
        state: Mapping[str, Tensor] = load_file(path)
    except Exception as error:  # SafetensorError, OSError
        raise CheckpointError(f"{str(path)!r} cannot be read as safetensors: {error}. Fix: {fix}") from error
    return state


def fingerprint(module: nn.Module) -> str:
    """Returns a digest of all tensors of a module, equal for equal values, wherever they are; BatchNorm's counters are none."""
    hasher = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if not name.endswith("num_batches_tracked"):
            values = tensor.detach().cpu().contiguous()
            hasher.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
            hasher.update(values.view(-1).view(torch.uint8).numpy().data)
    return hasher.hexdigest()[:32]
