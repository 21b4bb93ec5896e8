"""Convolutions that pad as TensorFlow's SAME does."""

import torch.nn.functional as F
from torch import Tensor, nn


def same_padding(size: int, kernel_size: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Returns how many zeros TensorFlow's SAME puts before and after an axis; the odd one goes after.

    Examples:
        >>> same_padding(224, kernel_size=3, stride=2)
        (0, 1)
        >>> same_padding(225, kernel_size=3, stride=2)
        (1, 1)
    """
    num_outputs = -(-size // stride)
    total = max((num_outputs - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
    return total // 2, total - total // 2


class SamePadConv2d(nn.Conv2d):
    """A convolution whose zero padding follows from the size of its input; keys and shapes are those of Conv2d."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolves (N, C, H, W) into (N, D, ceil(H / stride), ceil(W / stride))."""
        top, bottom = same_padding(input.shape[-2], self.kernel_size[0], self.stride[0], self.dilation[0])
        left, right = same_padding(input.shape[-1], self.kernel_size[1], self.stride[1], self.dilation[1])
        padded = F.pad(input, (left, right, top, bottom))  # (N, C, H, W) -> (N, C, H + top + bottom, W + left + right)
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def pad_strided_convolutions(model: nn.Module) -> None:
    """Replaces every convolution with a stride above 1 by one that pads like TensorFlow, with the same parameters.

    Convolutions with stride 1 and odd kernels pad alike in both worlds.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d) and max(child.stride) > 1:
                module.add_module(name, _same_pad(child))


def _same_pad(convolution: nn.Conv2d) -> SamePadConv2d:
    result = SamePadConv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        convolution.stride,  # type: ignore[arg-type]
        dilation=convolution.dilation,  # type: ignore[arg-type]
        groups=convolution.groups,
        bias=convolution.bias is not None,
        device="meta",
    )
    result.weight, result.bias = convolution.weight, convolution.bias
    return result
