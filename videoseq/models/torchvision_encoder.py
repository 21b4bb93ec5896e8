"""Every classification model of torchvision's as an encoder, through one generic trunk."""

import re
import sys
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from videoseq.errors import CheckpointError, ModelError, suggest
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.options import TorchvisionEncoderOptions
from videoseq.models.same_padding import pad_strided_convolutions
from videoseq.models.tracing import Plan, check_spatial, meta_parameters, plan_network
from videoseq.models.weights import fit_state, read_state_dict

_NUM_CLASSES = 1000
_AUXILIARY = {"googlenet": ("aux1", "aux2"), "inception_v3": ("AuxLogits",)}
_OLD_DENSENET_KEY = re.compile(r"^(.*denselayer\d+\.(?:norm|conv))\.([12]\..*)$")
_FIX = (
    "set model.encoder.name to the network that the weights are of, model.encoder.weights=DEFAULT for the pretrained "
    "ones of torchvision, or model.encoder.weights=null for random ones"
)


class TorchvisionEncoder(FrameEncoder):
    """A classification model of torchvision's without the layer that makes its class scores.

    Without `spatial` the features are the input of that layer, (N, D); with it, the last feature map, pooled to
    (N, D, h, w), and what comes after that map is dropped too.

    Args:
        options: What to build.
        height: H of the frames, pixels.
        width: W of the frames, pixels.
        load_weights: Whether to read `options.weights`; False where a checkpoint supplies them.

    Raises:
        ModelError: An unknown name; a size that the network cannot take; `spatial` where there is no feature map or
            only a smaller one.
        CheckpointError: The weights cannot be had, cannot be read or do not fit.
    """

    def __init__(self, options: TorchvisionEncoderOptions, *, height: int, width: int, load_weights: bool = True) -> None:
        if options.name not in torchvision_names():
            known = suggest(options.name, ["simple", *torchvision_names()])
            raise ModelError(f"model.encoder.name={options.name}: there is no such encoder; {known}")
        plan = _plan(options, height, width)
        network, dropped = _network(options)
        if plan.layers:
            dropped = [*dropped, *_keep_only(network, plan.layers)]
        # Inception's networks were trained on [-1, 1]; torchvision lets them undo ImageNet's figures inside.
        preset = _default_weights(options.name).transforms()
        half = (0.5, 0.5, 0.5)
        super().__init__(
            trunk=network,
            feature_shape=plan.feature_shape,
            mean=half if options.name in _AUXILIARY else tuple(preset.mean),
            std=half if options.name in _AUXILIARY else tuple(preset.std),
        )
        self.layers = plan.layers
        self.spatial = options.spatial
        if load_weights and options.weights is not None:
            state = _renamed(options.name, _read_weights(options))
            source = f"model.encoder.weights={options.weights}"
            fit_state(network, state, source=f"{source} for {options.name!r}", fix=_FIX, dropped=dropped)
        self.freeze(options)

    def features(self, frames: Tensor) -> Tensor:
        """Returns the features of normalised frames: (N, 3, H, W) -> (N, D) or (N, D, h, w)."""
        if self.spatial is None:
            features: Tensor = self.trunk(frames)  # (N, 3, H, W) -> (N, D)
            return features
        for layer in self.layers:
            frames = self.trunk.get_submodule(layer)(frames)  # at last (N, D, H / scale, W / scale)
        if isinstance(self.trunk, torchvision.models.DenseNet):
            frames = F.relu(frames)
        return F.adaptive_avg_pool2d(frames, self.spatial)  # -> (N, D, h, w)


def torchvision_names() -> list[str]:
    """Returns the names of torchvision's classification models."""
    names: list[str] = torchvision.models.list_models(module=torchvision.models)
    return names


def legal_size(name: str) -> tuple[int, int]:
    """Returns the smallest (height, width) for which a model of torchvision's is documented."""
    height, width = _default_weights(name).meta["min_size"]
    return height, width


def _default_weights(name: str) -> Any:
    return torchvision.models.get_model_weights(name).DEFAULT


def _network(options: TorchvisionEncoderOptions) -> tuple[nn.Module, list[str]]:
    """Returns the model, its class layer replaced by nothing, and the names of the layers that were dropped."""
    arguments: dict[str, Any] = {"num_classes": _NUM_CLASSES}
    dropped = list(_AUXILIARY.get(options.name, ()))
    if dropped:
        arguments |= {"aux_logits": False, "transform_input": False, "init_weights": True}
    if options.name.startswith("vit_") and options.weights == "DEFAULT":
        arguments["image_size"] = legal_size(options.name)[0]
    network: nn.Module = torchvision.models.get_model(options.name, weights=None, **arguments)
    layer = [name for name, module in network.named_modules() if _num_outputs(module) == _NUM_CLASSES][-1]
    network.set_submodule(layer, nn.Identity())
    if options.padding == "same":
        pad_strided_convolutions(network)
    return network, [*dropped, layer]


def _num_outputs(module: nn.Module) -> int | None:
    if isinstance(module, nn.Linear):
        return module.out_features
    return module.out_channels if isinstance(module, nn.Conv2d) else None


def _keep_only(network: nn.Module, layers: tuple[str, ...]) -> list[str]:
    """Deletes the children of a network that lead to none of the layers; returns their names."""
    kept = {layer.split(".")[0] for layer in layers}
    dropped = [name for name, _ in network.named_children() if name not in kept]
    for name in dropped:
        delattr(network, name)
    return dropped


def _plan(options: TorchvisionEncoderOptions, height: int, width: int) -> Plan:
    """Runs the network once without memory to see whether it takes the size, and what comes out."""
    with meta_parameters():
        network, dropped = _network(options)
    network = network.to("meta").eval()
    try:
        plan = plan_network(network, height, width, until=dropped[-1], spatial=options.spatial)
    except (RuntimeError, AssertionError, ValueError) as error:
        least_height, least_width = legal_size(options.name)
        if isinstance(network, torchvision.models.VisionTransformer):
            least_height = least_width = network.image_size
        try:
            plan_network(network, 2 * least_height, 2 * least_width, until=dropped[-1], spatial=None)
            expected = "at least"
            least_height, least_width = max(height, least_height), max(width, least_width)
        except (RuntimeError, AssertionError, ValueError):
            expected = "exactly"
        raise ModelError(
            f"encoder {options.name!r} cannot take frames of {height}x{width}; expected {expected} "
            f"{least_height}x{least_width}: set clip.height={least_height} clip.width={least_width}"
        ) from error
    if options.spatial is not None:
        check_spatial(options, plan.map_size, height, width)
    return plan


def _read_weights(options: TorchvisionEncoderOptions) -> Mapping[str, Tensor]:
    """Returns the state dict that `weights` names, downloading torchvision's where they are not there yet."""
    if options.weights is not None and options.weights != "DEFAULT":
        return read_state_dict(options.weights, fix=_FIX)
    weights = _default_weights(options.name)
    try:
        state: Mapping[str, Tensor] = weights.get_state_dict(
            progress=sys.stderr.isatty(), check_hash=True, weights_only=True, map_location="cpu"
        )
    except Exception as error:  # no network, no space, or a torn file in the cache: it fails in many ways
        raise CheckpointError(
            f"the pretrained weights of {options.name!r} cannot be had: {weights.url} cannot be fetched, or its copy below "
            f"{torch.hub.get_dir()} not be read ({type(error).__name__}: {error}). Fix: connect to the network once, give a "
            "local state dict with model.encoder.weights=PATH, or train the small CNN from scratch with "
            "model/encoder=simple"
        ) from error
    return state


def _renamed(name: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Returns a state with today's names: the published DenseNets have `norm.1` for what is now `norm1`."""
    if not name.startswith("densenet"):
        return state
    return {_OLD_DENSENET_KEY.sub(r"\1\2", key): tensor for key, tensor in state.items()}
