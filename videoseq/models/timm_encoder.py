"""Every classification model of timm's as an encoder, where that package is installed."""

import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoseq.errors import CheckpointError, ModelError, suggest
from videoseq.models.frame_encoder import FrameEncoder
from videoseq.models.options import TIMM_PREFIX, TimmEncoderOptions
from videoseq.models.tracing import Plan, called_modules, check_spatial
from videoseq.models.weights import fit_state, read_state_dict

_FIX = (
    "set model.encoder.name to the network that the weights are of, model.encoder.weights=DEFAULT for the pretrained "
    "ones of timm, or model.encoder.weights=null for random ones"
)


class TimmEncoder(FrameEncoder):
    """A model of timm's without its classifier.

    Without `spatial` the features are what the classifier would get, (N, D), also from a transformer's tokens; with it, the
    last feature map, pooled to (N, D, h, w), and what comes after that map is dropped too. A transformer that is made for
    one size is set to that of the frames, its table of positions interpolated, where timm knows how.

    Args:
        options: What to build.
        height: H of the frames, pixels.
        width: W of the frames, pixels.
        load_weights: Whether to read `options.weights`; False where a checkpoint supplies them.

    Raises:
        ModelError: timm is not installed; an unknown name; a size that the network cannot take; `spatial` where there is no
            feature map or only a smaller one; features that are not one vector per frame.
        CheckpointError: The weights cannot be had, cannot be read or do not fit.
    """

    def __init__(self, options: TimmEncoderOptions, *, height: int, width: int, load_weights: bool = True) -> None:
        name = _model_name(options)
        plan, unused = _plan(options, name, height, width)
        network: Any = _network(name)
        for child in unused:
            delattr(network, child)
        if load_weights and options.weights is not None:
            state = _read_weights(options, name)
            source = f"model.encoder.weights={options.weights} for {options.name!r}"
            fit_state(network, state, source=source, fix=_FIX, dropped=_dropped(name, network))
        _set_size(network, height, width)
        super().__init__(
            trunk=network,
            feature_shape=plan.feature_shape,
            mean=tuple(network.pretrained_cfg["mean"]),
            std=tuple(network.pretrained_cfg["std"]),
        )
        self.spatial = options.spatial
        self.freeze(options)

    def features(self, frames: Tensor) -> Tensor:
        """Returns the features of normalised frames: (N, 3, H, W) -> (N, D) or (N, D, h, w)."""
        if self.spatial is None:
            features: Tensor = self.trunk(frames)  # (N, 3, H, W) -> (N, D)
            return features
        return F.adaptive_avg_pool2d(_feature_map(self.trunk, frames), self.spatial)  # -> (N, D, h, w)

    def _with_synchronised_batchnorm(self) -> nn.Module:
        # Some of timm's hold the activation behind them, which torch's own conversion would lose.
        trunk: nn.Module = _timm().layers.convert_sync_batchnorm(self.trunk)
        return trunk


def _timm() -> ModuleType:
    """Imports timm, which takes time and is an extra."""
    try:
        import timm
    except ImportError as error:
        raise ModelError(f"encoders of timm need that package ({error}): pip install 'videoseq[timm]'") from error
    return timm


def _model_name(options: TimmEncoderOptions) -> str:
    """Returns the name that timm knows, which may end in the tag of its weights, such as `resnet18.a1_in1k`."""
    timm = _timm()
    name = options.name.removeprefix(TIMM_PREFIX)
    architecture, _, tag = name.partition(".")
    if not tag and name in timm.list_models():
        return name
    known = timm.list_models(f"{architecture}.*", pretrained=True) if tag else []
    if name in known:
        return name
    raise ModelError(f"model.encoder.name={options.name}: timm has no such model; {suggest(name, known or timm.list_models())}")


def _network(name: str) -> nn.Module:
    """Returns a model without its classifier, of the size of its weights."""
    network: nn.Module = _timm().create_model(name, num_classes=0)
    return network


def _native_size(network: Any) -> tuple[int, int]:
    _, height, width = network.pretrained_cfg["input_size"]
    return height, width


def _set_size(network: Any, height: int, width: int) -> None:
    """Sets a network that is made for one size to another, where timm knows how."""
    if hasattr(network, "set_input_size") and (height, width) != _native_size(network):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # timm's own affair with torch, in interpolating tables
            network.set_input_size((height, width))


def _feature_map(network: Any, frames: Tensor) -> Any:
    """Returns the last feature map (N, D, h, w); tokens, or a list of them, where the network makes no map."""
    made = network.forward_features(frames)
    is_last = isinstance(made, Tensor) and made.ndim == 4 and getattr(network, "output_fmt", "NCHW") == "NHWC"
    return made.permute(0, 3, 1, 2) if is_last else made  # (N, h, w, D) -> (N, D, h, w)


def _plan(options: TimmEncoderOptions, name: str, height: int, width: int) -> tuple[Plan, list[str]]:
    """Runs the network once without memory: what comes out, and which of its children the last feature map does not need."""
    with torch.device("meta"), torch.no_grad():
        network = _network(name).eval()
        frames = torch.empty(1, 3, height, width)
        try:
            _set_size(network, height, width)
            features = network(frames)
            with called_modules(network) as called:
                feature_map = _feature_map(network, frames)
        except (RuntimeError, AssertionError, ValueError) as error:
            native_height, native_width = _native_size(network)
            raise ModelError(
                f"encoder {options.name!r} cannot take frames of {height}x{width}; expected the size of its weights, "
                f"{native_height}x{native_width}: set clip.height={native_height} clip.width={native_width}"
            ) from error
    if options.spatial is None:
        if not isinstance(features, Tensor) or features.ndim != 2:
            got = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
            raise ModelError(
                f"encoder {options.name!r} makes {got} of one frame, expected one vector (1, D): set another model.encoder.name"
            )
        return Plan((features.shape[1],)), []
    is_map = isinstance(feature_map, Tensor) and feature_map.ndim == 4
    map_size = (feature_map.shape[-2], feature_map.shape[-1]) if is_map else None
    check_spatial(options, map_size, height, width)
    children = [child for child, module in network.named_children() if any(True for _ in module.parameters())]
    unused = [child for child in children if not any(f"{path}.".startswith(f"{child}.") for path in called)]
    return Plan((feature_map.shape[1], *options.spatial)), unused


def _dropped(name: str, network: nn.Module) -> list[str]:
    """Returns the names of the modules whose tensors the whole model has and the network has not."""
    with torch.device("meta"):
        whole = _timm().create_model(name)
    missing = whole.state_dict().keys() - network.state_dict().keys()
    return sorted({key.rpartition(".")[0] for key in missing})


def _read_weights(options: TimmEncoderOptions, name: str) -> Mapping[str, Tensor]:
    """Returns the state dict that `weights` names, downloading timm's where they are not there yet."""
    if options.weights is not None and options.weights != "DEFAULT":
        return read_state_dict(options.weights, fix=_FIX)
    timm = _timm()
    if not timm.is_model_pretrained(name):
        raise CheckpointError(
            f"timm has no pretrained weights of {options.name!r}: give a local state dict with model.encoder.weights=PATH, "
            "or model.encoder.weights=null for random ones"
        )
    try:
        # The whole model: with the classifier left out, timm would not say what is missing.
        state: Mapping[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:  # no network, no space, or a torn file in the cache: it fails in many ways
        raise CheckpointError(
            f"the pretrained weights of {options.name!r} cannot be had from the hub of timm ({type(error).__name__}: {error}). "
            "Fix: connect to the network once, give a local state dict with model.encoder.weights=PATH, or train the small "
            "CNN from scratch with model/encoder=simple"
        ) from error
    return state
