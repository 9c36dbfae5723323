"""Layers of images and sequences. Imported only where a model of torch comes.

torch has the channels of a sample first, the server last: the walk moves them.
"""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
from torch import nn

from ._errors import UnsupportedModule
from ._walk import Take, Walk


def _each(value: Any, sides: int) -> List[int]:
    """An option of torch for each direction."""
    return [int(v) for v in value] if isinstance(value, (tuple, list)) else [int(value)] * sides


def _padding(m: Any, path: str, reach: List[int]) -> List[int]:
    """The padding of a convolution on each side, whose kernel goes so far beyond one position."""
    if m.padding_mode != "zeros":
        raise UnsupportedModule(path, m, f"padding_mode={m.padding_mode!r}; only zeros are supported")
    if m.padding == "valid":
        return [0] * len(reach)
    if m.padding == "same":
        if any(r % 2 for r in reach):
            raise UnsupportedModule(path, m, f"kernel_size={m.kernel_size}, dilation={m.dilation}, padding='same', which is not the same on both sides; an odd kernel has it as a special case, with more parameters")
        return [r // 2 for r in reach]
    return _each(m.padding, len(reach))


def convolution(walk: Walk, m: Any, path: str) -> None:
    two = type(m) is nn.Conv2d
    sides = 1 + two
    kernel, stride, dilation = (_each(v, sides) for v in (m.kernel_size, m.stride, m.dilation))
    reach = [d * (k - 1) for d, k in zip(dilation, kernel)]
    pad = _padding(m, path, reach)
    where = "height, width" if two else "length"
    walk.expect(m, path, len(walk.shape) == 1 + sides and walk.shape[0] == m.in_channels, f"takes ({m.in_channels}, {where})")
    fits = all(n + 2 * p > r for n, p, r in zip(walk.shape[1:], pad, reach))
    walk.expect(m, path, fits, f"has a kernel of {m.kernel_size} with dilation {m.dilation} and padding {m.padding}")
    walk.channels_last()
    walk.weights(m, path)
    options: Dict[str, Any] = {"kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
    if not two:
        options = {name: value[0] for name, value in options.items()}
    if m.groups > 1:
        options["groups"] = m.groups
        _regroup(walk, m)
    walk.layers.append({"kind": "conv" if two else "conv1d", "out": m.out_channels, **options, **walk.image(), "bias": m.bias is not None})
    walk.shape = (m.out_channels,) + tuple((n + 2 * p - r - 1) // s + 1 for n, p, r, s in zip(walk.shape[1:], pad, reach, stride))


def _regroup(walk: Walk, m: Any) -> None:
    """The order that the server has the last parameters in, those of a convolution in
    groups: a row has the weights of one output channel of each group, then their biases."""
    row = m.weight[0].numel()
    start = sum(t.numel() for t in walk.tensors) - m.weight.numel()
    if m.bias is not None:
        start -= m.out_channels
    parts = (m.groups, m.out_channels // m.groups)
    index = np.arange(m.weight.numel()).reshape(*parts, row).transpose(1, 0, 2).reshape(parts[1], -1)
    if m.bias is not None:
        index = np.concatenate([index, m.weight.numel() + np.arange(m.out_channels).reshape(parts).T], axis=1)
    walk.moves.append((start, start + index.reshape(-1)))


def pool(walk: Walk, m: Any, path: str) -> None:
    sides = 1 + (type(m) is nn.AvgPool2d)
    size, stride, pad = (_each(v, sides) for v in (m.kernel_size, m.stride, m.padding))
    if any(pad) or m.ceil_mode or getattr(m, "divisor_override", None):
        raise UnsupportedModule(path, m, "only pooling without padding, ceil_mode and divisor_override is supported")
    fits = len(walk.shape) == 1 + sides and all(n >= k for n, k in zip(walk.shape[1:], size))
    takes = f"({size[0]}, {size[1]})" if sides == 2 else f"{size[0]}"
    walk.expect(m, path, fits, f"takes (channels, {'height, width' if sides == 2 else 'length'}) of at least {takes}")
    walk.channels_last()
    options = {"kernel": size, "stride": stride} if sides == 2 else {"kernel": size[0], "stride": stride[0]}
    walk.layers.append({"kind": "avgpool", **options, **walk.image()})
    walk.shape = walk.shape[:1] + tuple((n - k) // s + 1 for n, k, s in zip(walk.shape[1:], size, stride))


def mean(walk: Walk, m: Any, path: str) -> None:
    sides = 1 + (type(m) is nn.AdaptiveAvgPool2d)
    if _each(m.output_size, sides) != [1] * sides:
        raise UnsupportedModule(path, m, f"output_size={m.output_size}; only 1, the mean over all positions, is supported, and AvgPool for other sizes")
    if walk.lengths:
        raise UnsupportedModule(path, m, "it takes tokens that do not count, too; costate.modules.TokenMean does not")
    walk.expect(m, path, len(walk.shape) == 1 + sides, f"takes (channels, {'height, width' if sides == 2 else 'length'})")
    walk.channels_last()
    walk.layers.append({"kind": "mean", "tokens": walk.size() // walk.shape[0]})
    walk.shape = walk.shape[:1] + (1,) * sides


def flatten(walk: Walk, m: Any, path: str) -> None:
    if m.start_dim != 1 or m.end_dim != -1:
        raise UnsupportedModule(path, m, f"start_dim={m.start_dim}, end_dim={m.end_dim}; only Flatten() of all but the samples is supported")
    walk.as_torch()
    walk.shape = (walk.size(),)


def unflatten(walk: Walk, m: Any, path: str) -> None:
    sizes = tuple(m.unflattened_size)
    if not all(isinstance(n, int) and n > 0 for n in sizes) or m.dim not in (1, -1):
        raise UnsupportedModule(path, m, f"dim={m.dim}, unflattened_size={sizes}; only numbers above 0 along dimension 1 are supported")
    walk.expect(m, path, len(walk.shape) == 1 and walk.size() == np.prod(sizes), f"takes {int(np.prod(sizes))} numbers")
    walk.as_torch()
    walk.shape = sizes


KINDS: Dict[type, Take] = {
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.AvgPool1d: pool,
    nn.AvgPool2d: pool,
    nn.AdaptiveAvgPool1d: mean,
    nn.AdaptiveAvgPool2d: mean,
    nn.Flatten: flatten,
    nn.Unflatten: unflatten,
}

CHANNELED = (nn.Conv1d, nn.Conv2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
