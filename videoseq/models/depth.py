"""The layers of any network in the order of their depth."""

import re
from collections.abc import Iterator

from torch import nn

# With the letter of inception4c, which is of a kind with inception4d; what stands side by side in one of them is no layer.
_NUMBER = re.compile(r"\d+[a-z]?")


def layers_by_depth(network: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Returns the layers of a network from the input to the output, each with its parameters.

    Layers are the network's children, in the order of their registration; the one with the most tensors is replaced by its
    own children, and so on, until it is one of several of a kind: `layer1` to `layer4`, or the `0`, `1`, … of a list. A norm
    that stands alone belongs to the layer before it, and what no layer holds, such as a table of positions, to the first.

    Examples:
        >>> [*layers_by_depth(torchvision.models.resnet18())]
        ['conv1', 'layer1', 'layer2', 'layer3', 'layer4', 'fc']
    """
    layers: dict[str, list[nn.Parameter]] = {}
    name, seen = "", set[nn.Parameter]()
    for part, module in _parts(network, ""):
        parameters = [parameter for parameter in module.parameters() if parameter not in seen]
        if not layers or any(parameter.ndim > 1 for parameter in parameters):
            name = part
        layers.setdefault(name, []).extend(parameters)
        seen.update(parameters)
    layers.setdefault(next(iter(layers), name), []).extend(
        parameter for parameter in network.parameters() if parameter not in seen
    )
    return layers


def _parts(network: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    children = [(name, child) for name, child in network.named_children() if _num_parameters(child)]
    kinds = [_NUMBER.sub("", name) for name, _ in children]
    largest = max((_num_parameters(child) for _, child in children), default=0)
    for kind, (name, child) in zip(kinds, children, strict=True):
        is_spine = _num_parameters(child) == largest and kinds.count(kind) == 1 and any(True for _ in child.children())
        yield from _parts(child, f"{prefix}{name}.") if is_spine else [(prefix + name, child)]


def _num_parameters(module: nn.Module) -> int:
    return sum(1 for _ in module.parameters())
