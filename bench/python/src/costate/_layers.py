"""The layers of a torch model, translated. Imported only where a model of torch comes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import nn

from ._errors import InputError, UnsupportedModule

_SUPPORTED = (
    "Sequential, Linear, Conv1d, Conv2d, AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and -2d to 1, Flatten, Unflatten, LayerNorm, Tanh, ReLU, GELU, SiLU, "
    "Sigmoid, Softplus, LeakyReLU, ELU, Identity, Dropout in eval mode, and costate.modules.Residual, SelfAttention and Sine"
)

# What can be done where a module is not supported, by the name of its type.
_OTHERWISE = "write what it does as a Sequential, with costate.modules.Residual where something is added"
_INSTEAD = {
    **dict.fromkeys(
        ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),
        "in eval mode it can be fused into the layer before (torch.nn.utils.fusion), and LayerNorm needs no batch",
    ),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"), "averages are supported: AvgPool"),
    **dict.fromkeys(("Softmax", "LogSoftmax"), "leave it out at the end: CrossEntropyLoss takes what comes before it"),
    "MultiheadAttention": "use costate.modules.SelfAttention",
    "TransformerEncoderLayer": "it is Residual(Sequential(LayerNorm, SelfAttention)), then Residual(Sequential(LayerNorm, Linear, GELU, Linear)), with norm_first",
    **dict.fromkeys(("ModuleList", "ModuleDict"), "a Sequential says in which order its modules come"),
    **dict.fromkeys(("DataParallel", "DistributedDataParallel"), "give model.module"),
    "OptimizedModule": "give the model from before torch.compile",
}

_DROPOUTS = tuple(
    getattr(nn, name) for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout") if hasattr(nn, name)
)


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# Activations: the module's type to the protocol's words, given the module and its path.
def _plain(name: str) -> Callable[[Any, str], Dict[str, Any]]:
    return lambda m, path: {"act": name}


def _gelu(m: Any, path: str) -> Dict[str, Any]:
    return {"act": "gelu" if getattr(m, "approximate", "none") == "none" else "gelu_tanh"}


def _softplus(m: Any, path: str) -> Dict[str, Any]:
    if m.threshold < 15 or not m.beta > 0:
        raise UnsupportedModule(path, m, f"beta={m.beta}, threshold={m.threshold}; beta must be positive and the threshold at least 15, beyond which the function is linear to single precision")
    return {"act": "softplus", "args": [float(m.beta)]}


_ACTIVATIONS: Dict[type, Callable[[Any, str], Dict[str, Any]]] = {
    nn.Tanh: _plain("tanh"),
    nn.ReLU: _plain("relu"),
    nn.GELU: _gelu,
    nn.SiLU: _plain("silu"),
    nn.Sigmoid: _plain("sigmoid"),
    nn.Softplus: _softplus,
    nn.LeakyReLU: lambda m, path: {"act": "leaky_relu", "args": [float(m.negative_slope)]},
    nn.ELU: lambda m, path: {"act": "elu", "args": [float(m.alpha)]},
}


_CHANNELED = (nn.Conv1d, nn.Conv2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
_WEIGHTED = ("dense", "conv", "conv1d", "tokens")


def _one(value: Any) -> Optional[int]:
    """An option of torch that is one number, or several that are the same; else None."""
    if isinstance(value, int):
        return value
    values = set(value) if isinstance(value, (tuple, list)) else set()
    return values.pop() if len(values) == 1 else None


class Walk:
    """Collects the layers of a model and its parameters, in order.

    `shape` is that of a sample where the walk is, as torch has it. The numbers of a
    sample stand in torch's order, or where `moved` is true with the channels, which are
    first in `shape`, last: the order of the server's convolutions.
    """

    def __init__(self, shape: Tuple[int, ...]) -> None:
        self.layers: List[Dict[str, Any]] = []
        self.names: List[str] = []
        self.tensors: List[torch.Tensor] = []
        self.owners: Dict[int, str] = {}
        self.shape = shape
        self.moved = False
        self.checked = False  # whether a module has said what it takes

    def module(self, m: Any, path: str) -> None:
        for hooks in ("_forward_hooks", "_forward_pre_hooks"):
            if getattr(m, hooks, None):
                raise UnsupportedModule(path, m, "it has forward hooks, which may change what it computes; remove them")
        kind = type(m)
        if is_sequential(m):
            for name, child in m._modules.items():
                self.module(child, join(path, name))
        elif kind in _ACTIVATIONS:
            self.activation(_ACTIVATIONS[kind](m, path))
        elif kind is nn.Identity:
            pass
        elif kind in _DROPOUTS:
            if m.training and m.p > 0:
                raise UnsupportedModule(path, m, "it is in training mode, where the loss is random; call model.eval()")
        elif kind in _TAKES:
            _TAKES[kind](self, m, path)
        elif is_own(m, "Sine"):
            self.activation({"act": "sine", "args": [m.frequency]})
        elif is_own(m, "Residual"):
            self.residual(m, path)
        elif is_own(m, "SelfAttention"):
            self.attention(m, path)
        else:
            raise UnsupportedModule(path, m, f"{_INSTEAD.get(kind.__name__, _OTHERWISE)}; supported are {_SUPPORTED}")

    def parameter(self, t: Any, name: str, m: Any, path: str) -> None:
        if id(t) in self.owners:
            raise UnsupportedModule(path, m, f"it shares {name} with {self.owners[id(t)] or 'another module'}; parameters that are used twice are not supported")
        if not t.requires_grad:
            raise UnsupportedModule(path, m, f"{name} is frozen (requires_grad is false), but the Hessian is in all parameters of a model; frozen layers at the beginning can be left out, with what they make of the data as X")
        if t.is_complex():
            raise UnsupportedModule(path, m, f"{name} is complex")
        self.owners[id(t)] = path
        self.names.append(join(path, name))
        self.tensors.append(t)

    def weights(self, m: Any, path: str) -> None:
        self.parameter(m.weight, "weight", m, path)
        if m.bias is not None:
            self.parameter(m.bias, "bias", m, path)

    def expect(self, m: Any, path: str, fits: bool, takes: str) -> None:
        """Whether a module fits to what comes; to the first one it is X that comes."""
        if not fits:
            if not self.checked:
                raise InputError(f"X has samples of the shape {self.shape}, but {path or 'the model'} ({type(m).__name__}) {takes}")
            raise UnsupportedModule(path, m, f"it {takes}, but {self.shape} comes")
        self.checked = True

    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def image(self) -> Dict[str, int]:
        """The shape (channels, …) as the protocol has it."""
        height, width = self.shape[1:] if len(self.shape) == 3 else (1, self.shape[1])
        return {"height": height, "width": width, "channels": self.shape[0]}

    def channels_last(self) -> None:
        """Let the numbers of a sample stand by position, then channel."""
        if not self.moved:
            self.layers.append({"kind": "unflatten", **self.image()})
            self.moved = True

    def as_torch(self) -> None:
        """Let the numbers of a sample stand as torch has them."""
        if self.moved and self.shape[0] > 1 and self.size() > self.shape[0]:
            self.layers.append({"kind": "flatten", **self.image()})
        self.moved = False

    def linear(self, m: Any, path: str) -> None:
        out, width = m.weight.shape
        self.expect(m, path, bool(self.shape) and self.shape[-1] == width, f"has {width} inputs")
        self.as_torch()
        self.weights(m, path)
        tokens = self.size() // width
        where = {"kind": "dense"} if tokens == 1 else {"kind": "tokens", "tokens": tokens}
        self.layers.append({**where, "out": out, "bias": m.bias is not None})
        self.shape = self.shape[:-1] + (out,)

    def activation(self, act: Dict[str, Any]) -> None:
        last = self.layers[-1] if self.layers else {}
        if last.get("kind") in _WEIGHTED and "act" not in last and not last.get("skip"):
            last.update(act)
        else:
            self.layers.append({"kind": "activation", **act})

    def convolution(self, m: Any, path: str) -> None:
        two = type(m) is nn.Conv2d
        kernel, stride, pad, dilation = (_one(v) for v in (m.kernel_size, m.stride, m.padding, m.dilation))
        if m.groups != 1:
            raise UnsupportedModule(path, m, f"groups={m.groups}; only 1 is supported, of which it is a special case with more parameters")
        if m.padding_mode != "zeros":
            raise UnsupportedModule(path, m, f"padding_mode={m.padding_mode!r}; only zeros are supported")
        if m.padding == "valid":
            pad = 0
        elif m.padding == "same" and dilation is not None and kernel is not None and dilation * (kernel - 1) % 2 == 0:
            pad = dilation * (kernel - 1) // 2
        if kernel is None or stride is None or pad is None or dilation is None:
            raise UnsupportedModule(path, m, f"kernel_size={m.kernel_size}, stride={m.stride}, padding={m.padding!r}, dilation={m.dilation}; each must be the same in both directions, and on both sides; a square kernel has others as special cases, with more parameters")
        where = "height, width" if two else "length"
        self.expect(m, path, len(self.shape) == 2 + two and self.shape[0] == m.in_channels, f"takes ({m.in_channels}, {where})")
        self.expect(m, path, min(self.shape[1:]) + 2 * pad > dilation * (kernel - 1), f"has a kernel of {kernel} with dilation {dilation} and padding {pad}")
        self.channels_last()
        self.weights(m, path)
        options = {"kernel": kernel, "stride": stride, "pad": pad, "dilation": dilation}
        self.layers.append({"kind": "conv" if two else "conv1d", "out": m.out_channels, **options, **self.image(), "bias": m.bias is not None})
        self.shape = (m.out_channels,) + tuple((n + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for n in self.shape[1:])

    def pool(self, m: Any, path: str) -> None:
        two = type(m) is nn.AvgPool2d
        size, stride, pad = (_one(v) for v in (m.kernel_size, m.stride, m.padding))
        if size is None or stride is None or pad != 0 or m.ceil_mode or getattr(m, "divisor_override", None):
            raise UnsupportedModule(path, m, "kernel_size and stride must be the same in both directions, without padding, ceil_mode and divisor_override")
        self.expect(m, path, len(self.shape) == 2 + two and min(self.shape[1:]) >= size, f"takes (channels, {'height, width' if two else 'length'}) of at least {size}")
        self.channels_last()
        self.layers.append({"kind": "avgpool", "kernel": size, "stride": stride, **self.image()})
        self.shape = self.shape[:1] + tuple((n - size) // stride + 1 for n in self.shape[1:])

    def mean(self, m: Any, path: str) -> None:
        two = type(m) is nn.AdaptiveAvgPool2d
        if _one(m.output_size) != 1:
            raise UnsupportedModule(path, m, f"output_size={m.output_size}; only 1, the mean over all positions, is supported, and AvgPool for other sizes")
        self.expect(m, path, len(self.shape) == 2 + two, f"takes (channels, {'height, width' if two else 'length'})")
        self.channels_last()
        self.layers.append({"kind": "mean", "tokens": self.size() // self.shape[0]})
        self.shape = self.shape[:1] + (1,) * (1 + two)

    def flatten(self, m: Any, path: str) -> None:
        if m.start_dim != 1 or m.end_dim != -1:
            raise UnsupportedModule(path, m, f"start_dim={m.start_dim}, end_dim={m.end_dim}; only Flatten() of all but the samples is supported")
        self.as_torch()
        self.shape = (self.size(),)

    def unflatten(self, m: Any, path: str) -> None:
        sizes = tuple(m.unflattened_size)
        if not all(isinstance(n, int) and n > 0 for n in sizes) or m.dim not in (1, -1):
            raise UnsupportedModule(path, m, f"dim={m.dim}, unflattened_size={sizes}; only numbers above 0 along dimension 1 are supported")
        self.expect(m, path, len(self.shape) == 1 and self.size() == np.prod(sizes), f"takes {int(np.prod(sizes))} numbers")
        self.as_torch()
        self.shape = sizes

    def layer_norm(self, m: Any, path: str) -> None:
        units = tuple(m.normalized_shape)
        self.expect(m, path, self.shape[-len(units) :] == units, f"normalizes {units[0] if len(units) == 1 else units}")
        self.as_torch()
        width = int(np.prod(units))
        parts = self.size() // width
        tokens = {"tokens": parts} if parts > 1 else {}
        self.layers.append({"kind": "layernorm", "eps": float(m.eps), **tokens})
        if m.elementwise_affine:
            if m.bias is None:
                raise UnsupportedModule(path, m, "it has a weight but no bias; only both or none are supported")
            self.weights(m, path)
            self.layers.append({"kind": "scale", **tokens})

    def residual(self, m: Any, path: str) -> None:
        parts = list(_flat(m.block, join(path, "block")))
        if _is_dense_skip(parts, self.shape):
            self.linear(parts[0][1], parts[0][0])
            self.layers[-1]["skip"] = True
            if len(parts) == 2:
                self.layers[-1].update(_ACTIVATIONS[type(parts[1][1])](parts[1][1], parts[1][0]))
            return
        if any(type(p) in _CHANNELED for _, p in parts[:1]):
            self.channels_last()
        shape, moved, outer = self.shape, self.moved, self.layers
        self.layers = []
        self.module(m.block, join(path, "block"))
        if self.shape != shape:
            raise UnsupportedModule(path, m, f"its block makes {self.shape} of {shape}; they must be equal")
        if moved:
            self.channels_last()
        else:
            self.as_torch()
        if not self.layers:
            raise UnsupportedModule(path, m, "its block does nothing")
        outer.append({"kind": "residual", "layers": self.layers})
        self.layers = outer

    def attention(self, m: Any, path: str) -> None:
        a, inner = m.attention, join(path, "attention")
        width = a.embed_dim
        if a.bias_k is not None or a.add_zero_attn or not a._qkv_same_embed_dim or not a.batch_first:
            raise UnsupportedModule(inner, a, "only what SelfAttention makes is supported")
        if a.training and a.dropout > 0:
            raise UnsupportedModule(inner, a, "it is in training mode with dropout, where the loss is random; call model.eval()")
        self.expect(m, path, len(self.shape) == 2 and self.shape[1] == width, f"takes (tokens, {width})")
        self.as_torch()
        tokens = self.shape[0]
        self.parameter(a.in_proj_weight, "in_proj_weight", a, inner)
        if a.in_proj_bias is not None:
            self.parameter(a.in_proj_bias, "in_proj_bias", a, inner)
        self.layers.append({"kind": "tokens", "tokens": tokens, "out": 3 * width, "bias": a.in_proj_bias is not None})
        self.layers.append({"kind": "attention", "tokens": tokens, "heads": a.num_heads, "causal": m.causal})
        self.weights(a.out_proj, join(inner, "out_proj"))
        self.layers.append({"kind": "tokens", "tokens": tokens, "out": width, "bias": a.out_proj.bias is not None})


_TAKES: Dict[type, Callable[[Walk, Any, str], None]] = {
    nn.Linear: Walk.linear,
    nn.Conv1d: Walk.convolution,
    nn.Conv2d: Walk.convolution,
    nn.AvgPool1d: Walk.pool,
    nn.AvgPool2d: Walk.pool,
    nn.AdaptiveAvgPool1d: Walk.mean,
    nn.AdaptiveAvgPool2d: Walk.mean,
    nn.Flatten: Walk.flatten,
    nn.Unflatten: Walk.unflatten,
    nn.LayerNorm: Walk.layer_norm,
}


def is_sequential(m: Any) -> bool:
    """Whether m applies its modules one after the other and nothing else."""
    return isinstance(m, nn.Sequential) and type(m).forward is nn.Sequential.forward


def is_own(m: Any, name: str) -> bool:
    """Whether m is a module of this package; it may import torch only after us."""
    from . import modules

    return type(m) is getattr(modules, name)


def _is_dense_skip(parts: List[Tuple[str, Any]], shape: Tuple[int, ...]) -> bool:
    """Whether a block is a Linear, with or without an activation, which is a layer with
    a skip of its own: it costs no states."""
    if len(shape) != 1 or not parts or len(parts) > 2 or type(parts[0][1]) is not nn.Linear:
        return False
    if any(p._forward_hooks or p._forward_pre_hooks for _, p in parts):
        return False
    same = parts[0][1].in_features == parts[0][1].out_features
    return same and (len(parts) == 1 or type(parts[1][1]) in _ACTIVATIONS)


def _flat(m: Any, path: str) -> Any:
    """The modules inside of Sequentials, without Identity."""
    if is_sequential(m):
        for name, child in m._modules.items():
            yield from _flat(child, join(path, name))
    elif type(m) is not nn.Identity:
        yield path, m
