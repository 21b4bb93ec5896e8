"""Which part of a network is frozen in which epoch."""

from collections.abc import Sequence

from torch import nn

from videoseq.errors import ModelError, suggest
from videoseq.models.options import ALL_LAYERS, EncoderOptions


class Freezing:
    """The frozen part of a network as a function of the epoch.

    A network's modules stand in a row as they were registered, each before the modules it holds, the network itself first.
    What is frozen is the beginning of that row, with the parameters that those modules hold themselves:

        freeze=all                      network a a.x b b.x c d |
        freeze_until=b                  network a a.x b b.x | c d
        unfreeze_at_epoch={2: b, …}     network a a.x | b b.x c d
        unfreeze_at_epoch={…, 3: all}   | network a a.x b b.x c d

    Args:
        network: The network.
        options: `freeze`, `freeze_until` and `unfreeze_at_epoch`.

    Raises:
        ModelError: A layer that the network does not have; a stage that unfreezes nothing.
    """

    def __init__(self, network: nn.Module, options: EncoderOptions) -> None:
        self._names: list[str] = [name for name, _ in network.named_modules()]
        self._stages = [(0, self._num_frozen_at_start(options))]  # (epoch, modules that are frozen from it on)
        for epoch, layer in options.unfreezing.items():
            option = f"model.encoder.unfreeze_at_epoch={{{epoch}: {layer}}}"
            num_frozen = 0 if layer == ALL_LAYERS else self._position(layer, option, [ALL_LAYERS])
            if num_frozen >= self._stages[-1][1]:
                raise ModelError(
                    f"{option}: {layer!r} is trained already in the epoch before; expected a layer nearer to the input than "
                    "freeze_until and the stages before it, such as {2: layer4, 5: layer3, 8: all}"
                )
            self._stages.append((epoch, num_frozen))

    def num_frozen(self, epoch: int) -> int:
        """Returns how many modules are frozen in an epoch, the network itself counted first."""
        return next(num_frozen for start, num_frozen in reversed(self._stages) if start <= epoch)

    @property
    def num_always_frozen(self) -> int:
        """How many modules are frozen in every epoch; later stages only unfreeze."""
        return self._stages[-1][1]

    def still_modules(self, num_frozen: int) -> list[str]:
        """Returns the names of the frozen modules that hold no other: those which stay in evaluation mode."""
        later = f"{self._names[num_frozen]}." if num_frozen < len(self._names) else ""
        return [name for name in self._names[1:num_frozen] if not later.startswith(f"{name}.")]

    def _num_frozen_at_start(self, options: EncoderOptions) -> int:
        if options.freeze == "all":
            return len(self._names)
        layer = options.freeze_until
        if layer is None:
            return 0
        position = self._position(layer, f"model.encoder.freeze_until={layer}", [])
        return position + sum(name == layer or name.startswith(f"{layer}.") for name in self._names)

    def _position(self, layer: str, option: str, further: Sequence[str]) -> int:
        names = self._names[1:]
        if layer not in names:
            raise ModelError(f"{option}: the encoder has no such layer; {suggest(layer, [*names, *further])}")
        return self._names.index(layer)
