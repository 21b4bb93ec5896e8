"""Running a network without memory, to learn which sizes it takes and where its last feature map is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from videoseq.errors import ModelError
from videoseq.models.options import EncoderOptions


@dataclass(frozen=True)
class Plan:
    """What a run without memory has shown.

    Attributes:
        feature_shape: (D,), or (D, h, w) with `spatial`.
        layers: Names of the layers that lead, one after another, to the last feature map; empty where it was not asked
            for, or there is none.
        map_size: (height, width) of that map; None where there is none.
    """

    feature_shape: tuple[int, ...]
    layers: tuple[str, ...] = ()
    map_size: tuple[int, int] | None = None


class _MetaParameters(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones) and named.get("device") is None:
            named["device"] = "meta"
        if func in (torch.Tensor.normal_, torch.Tensor.uniform_) and args[0].is_meta:
            return args[0]  # there is nothing to fill, and finding that out takes most of the time
        return func(*args, **named)


@contextmanager
def meta_parameters() -> Iterator[None]:
    """Within it, modules are made with parameters on the meta device, which take no memory.

    Unlike `torch.device("meta")` it leaves arithmetic real: RegNet computes its widths with tensors.
    """
    with _MetaParameters():
        yield


def plan_network(network: nn.Module, height: int, width: int, *, until: str, spatial: tuple[int, int] | None) -> Plan:
    """Runs a network on the meta device.

    Args:
        network: On the meta device, in evaluation mode; (1, 3, H, W) -> (1, D).
        height: H of the frames, pixels.
        width: W of the frames, pixels.
        until: Dotted name of the layer that made the class scores; the last feature map is before it.
        spatial: (h, w) to which the last feature map will be pooled; None: it is not looked for.

    Raises:
        RuntimeError: The network cannot take the size; AssertionError and ValueError likewise.
    """
    calls: list[tuple[str, Any, Any]] = []
    handles = [
        layer.register_forward_hook(lambda _, inputs, output, name=name: calls.append((name, inputs[0], output)))
        for name, layer in _steps(network)
    ]
    frames = torch.empty(1, 3, height, width, device="meta")
    with torch.no_grad():
        features = network(frames)
    for handle in handles:
        handle.remove()
    if spatial is None:
        return Plan((features.shape[1],))
    layers: list[str] = []
    feature_map: Tensor = frames
    for name, given, made in calls:
        is_end = until == name or until.startswith(f"{name}.")
        if is_end or isinstance(network.get_submodule(name), nn.AdaptiveAvgPool2d):
            break
        if given is not feature_map:  # Something happened between two layers (ViT cuts the map into tokens).
            return Plan((features.shape[1],))
        layers.append(name)
        feature_map = made
    return Plan((feature_map.shape[1], *spatial), tuple(layers), (feature_map.shape[-2], feature_map.shape[-1]))


@contextmanager
def called_modules(network: nn.Module) -> Iterator[set[str]]:
    """Within it, the set that it gives is filled with the names of the modules that run."""
    called: set[str] = set()
    handles = [
        module.register_forward_hook(lambda *_, name=name: called.add(name)) for name, module in network.named_modules() if name
    ]
    try:
        yield called
    finally:
        for handle in handles:
            handle.remove()


def check_spatial(options: EncoderOptions, map_size: tuple[int, int] | None, height: int, width: int) -> None:
    """Refuses `spatial` where a network has no last feature map, or one that is smaller.

    Args:
        options: With `spatial` set.
        map_size: (height, width) of the last feature map; None where there is none.
        height: H of the frames, pixels.
        width: W of the frames, pixels.

    Raises:
        ModelError: `spatial` cannot be had; the message says what can.
    """
    assert options.spatial is not None
    wanted = f"model.encoder.spatial={list(options.spatial)}"
    if map_size is None:
        raise ModelError(
            f"encoder {options.name!r} has no spatial feature map, got {wanted}; set model.encoder.spatial=null or "
            "another model.encoder.name, such as resnet18"
        )
    if options.spatial[0] > map_size[0] or options.spatial[1] > map_size[1]:
        raise ModelError(
            f"{wanted} is larger than the last feature map of {options.name!r}, which is {map_size[0]}x{map_size[1]} for "
            f"frames of {height}x{width}; set model.encoder.spatial={list(map_size)} or less, or a larger clip.height and "
            "clip.width"
        )


def _steps(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yields the children of a network by name, and those of its lists, which are not called themselves."""
    for name, child in network.named_children():
        if isinstance(child, nn.ModuleList):
            yield from ((f"{name}.{position}", step) for position, step in enumerate(child))
        else:
            yield name, child
