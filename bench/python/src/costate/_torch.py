"""Models and losses of torch, translated. Imported only where a model of torch comes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import nn

from ._arrays import is_integer, numeric
from ._errors import InputError, UnsupportedModule
from ._problem import Param, Problem, layout, sample_weights

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# Activations: the module's type to the protocol's words, given the module and its path.
def _plain(name: str) -> Callable[[Any, str], Dict[str, Any]]:
    return lambda m, path: {"act": name}


def _gelu(m: Any, path: str) -> Dict[str, Any]:
    return {"act": "gelu" if getattr(m, "approximate", "none") == "none" else "gelu_tanh"}


def _softplus(m: Any, path: str) -> Dict[str, Any]:
    if m.threshold < 15 or not m.beta > 0:
        raise UnsupportedModule(path, m, f"beta={m.beta}, threshold={m.threshold}; beta must be positive and the threshold at least 15, beyond which the function is linear to rounding")
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


class _Walk:
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
        if kind is nn.Sequential:
            for name, child in m._modules.items():
                self.module(child, _join(path, name))
        elif kind in _ACTIVATIONS:
            self.activation(_ACTIVATIONS[kind](m, path))
        elif kind is nn.Identity:
            pass
        elif kind in _DROPOUTS:
            if m.training and m.p > 0:
                raise UnsupportedModule(path, m, "it is in training mode, where the loss is random; call model.eval()")
        elif kind in _TAKES:
            _TAKES[kind](self, m, path)
        elif _is_own(m, "Sine"):
            self.activation({"act": "sine", "args": [m.frequency]})
        elif _is_own(m, "Residual"):
            self.residual(m, path)
        elif _is_own(m, "SelfAttention"):
            self.attention(m, path)
        else:
            raise UnsupportedModule(path, m, "supported are Sequential, Linear, Conv1d, Conv2d, AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and -2d to 1, Flatten, Unflatten, LayerNorm, Tanh, ReLU, GELU, SiLU, Sigmoid, Softplus, LeakyReLU, ELU, Identity, Dropout in eval mode, and costate.modules.Residual, SelfAttention and Sine")

    def parameter(self, t: Any, name: str, m: Any, path: str) -> None:
        if id(t) in self.owners:
            raise UnsupportedModule(path, m, f"it shares {name} with {self.owners[id(t)] or 'another module'}; parameters that are used twice are not supported")
        if not t.requires_grad:
            raise UnsupportedModule(path, m, f"{name} is frozen (requires_grad is false); the Hessian is in all parameters of a model")
        if t.is_complex():
            raise UnsupportedModule(path, m, f"{name} is complex")
        self.owners[id(t)] = path
        self.names.append(_join(path, name))
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
            raise UnsupportedModule(path, m, f"groups={m.groups}; only 1 is supported")
        if m.padding_mode != "zeros":
            raise UnsupportedModule(path, m, f"padding_mode={m.padding_mode!r}; only zeros are supported")
        if m.padding == "valid":
            pad = 0
        elif m.padding == "same" and dilation is not None and kernel is not None and dilation * (kernel - 1) % 2 == 0:
            pad = dilation * (kernel - 1) // 2
        if None in (kernel, stride, pad, dilation):
            raise UnsupportedModule(path, m, f"kernel_size={m.kernel_size}, stride={m.stride}, padding={m.padding!r}, dilation={m.dilation}; each must be the same in both directions, and on both sides")
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
            raise UnsupportedModule(path, m, f"output_size={m.output_size}; only 1, the mean over all positions, is supported")
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
        parts = list(_flat(m.block, _join(path, "block")))
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
        self.module(m.block, _join(path, "block"))
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
        a, inner = m.attention, _join(path, "attention")
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
        self.weights(a.out_proj, _join(inner, "out_proj"))
        self.layers.append({"kind": "tokens", "tokens": tokens, "out": width, "bias": a.out_proj.bias is not None})


_TAKES: Dict[type, Callable[[_Walk, Any, str], None]] = {
    nn.Linear: _Walk.linear,
    nn.Conv1d: _Walk.convolution,
    nn.Conv2d: _Walk.convolution,
    nn.AvgPool1d: _Walk.pool,
    nn.AvgPool2d: _Walk.pool,
    nn.AdaptiveAvgPool1d: _Walk.mean,
    nn.AdaptiveAvgPool2d: _Walk.mean,
    nn.Flatten: _Walk.flatten,
    nn.Unflatten: _Walk.unflatten,
    nn.LayerNorm: _Walk.layer_norm,
}


def _is_own(m: Any, name: str) -> bool:
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
    if type(m) is nn.Sequential:
        for name, child in m._modules.items():
            yield from _flat(child, _join(path, name))
    elif type(m) is not nn.Identity:
        yield path, m


def _flatten(tensors: Sequence[torch.Tensor]) -> np.ndarray:
    if not tensors:
        raise InputError("the model has no parameters")
    return np.concatenate([np.asarray(numeric(t, "a parameter"), dtype=np.float64).reshape(-1) for t in tensors])


def flat_parameters(model: Any, places: Sequence[Param]) -> np.ndarray:
    """The parameters of a model with the given layout, flat."""
    named = dict(model.named_parameters())
    for p in places:
        if p.name not in named or tuple(named[p.name].shape) != p.shape:
            raise InputError(f"the model has no parameter {p.name} of shape {p.shape}; it must be the one that the Hessian was made of")
    return _flatten([named[p.name] for p in places])


def write_parameters(model: Any, places: Sequence[Param], flat: np.ndarray) -> None:
    """Store flat parameters in the model, in place."""
    named = dict(model.named_parameters())
    with torch.no_grad():
        for p in places:
            named[p.name].copy_(torch.from_numpy(flat[p.start : p.stop].reshape(p.shape)))


def problem(model: Any, loss: Any, X: Any, y: Any, sample_weight: Any) -> Problem:
    """Translate a model, a loss and a batch; see `costate.hessian`."""
    x = numeric(X, "X")
    if x.ndim == 0 or 0 in x.shape:
        raise InputError(f"X has the shape {x.shape}; it must be (samples, …) with at least one sample")
    walk = _Walk(x.shape[1:])
    walk.module(model, "")
    walk.as_torch()
    if not walk.tensors:
        raise InputError("the model has no parameters")
    samples = x.shape[0]
    x = x.reshape(samples, -1)
    name, fill = _loss(loss)
    spec = {"inputs": x.shape[1], "layers": walk.layers, "loss": name}
    p = Problem(spec, _flatten(walk.tensors), layout(walk.names, [tuple(t.shape) for t in walk.tensors]), x)
    p.like = walk.tensors[0]
    p.outputs, p.loss, p.fill = walk.shape, loss, fill
    fill(p, numeric(y, "y"))
    if sample_weight is not None:
        w = sample_weights(sample_weight, samples)
        p.weights = w if p.weights is None else p.weights * w
    return p


# Losses. Each fills in labels, targets and weights; the protocol's loss is a mean
# over the samples, and for mse and bce over the outputs.
_Fill = Callable[[Problem, np.ndarray], None]


def _loss(loss: Any) -> Tuple[str, _Fill]:
    f = nn.functional
    named = {
        "ce": nn.CrossEntropyLoss, "mse": nn.MSELoss, "bce": nn.BCEWithLogitsLoss,
        f.cross_entropy: nn.CrossEntropyLoss, f.mse_loss: nn.MSELoss, f.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
    }  # fmt: skip
    try:
        loss = named[loss]() if loss in named else loss
    except TypeError:
        pass
    if type(loss) is type and issubclass(loss, nn.Module):
        raise InputError(f"loss is the class {loss.__name__}; give an object of it: {loss.__name__}()")
    kind = type(loss)
    reduction = getattr(loss, "reduction", "mean")
    if kind in (nn.CrossEntropyLoss, nn.MSELoss, nn.BCEWithLogitsLoss, nn.PoissonNLLLoss) and reduction not in ("mean", "sum"):
        raise UnsupportedModule("loss", loss, f"reduction={reduction!r}; it must be 'mean' or 'sum', which make one number of a batch")
    if kind is nn.CrossEntropyLoss:
        return "ce", lambda p, y: _cross_entropy(loss, p, y)
    if kind is nn.MSELoss:
        return "mse", lambda p, y: _targets(loss, p, y)
    if kind is nn.BCEWithLogitsLoss:
        if loss.weight is not None or loss.pos_weight is not None:
            raise UnsupportedModule("loss", loss, "weight and pos_weight are not supported; weights of samples are (sample_weight=)")
        return "bce", lambda p, y: _targets(loss, p, y)
    if kind is nn.PoissonNLLLoss:
        if not loss.log_input or loss.full:
            raise UnsupportedModule("loss", loss, f"log_input={loss.log_input}, full={loss.full}; it must be True and False")
        return "poisson", lambda p, y: _targets(loss, p, y)
    if kind is nn.GaussianNLLLoss:
        raise UnsupportedModule("loss", loss, "it takes three arguments; costate.modules.GaussianNLL takes means and log-variances as the outputs of one model")
    if _is_own(loss, "GaussianNLL"):
        return "gaussian", lambda p, y: _targets(loss, p, y)
    raise UnsupportedModule("loss", loss, "supported are CrossEntropyLoss, MSELoss, BCEWithLogitsLoss, PoissonNLLLoss and costate.modules.GaussianNLL")


def _targets(loss: Any, p: Problem, y: np.ndarray) -> None:
    n, shape = p.inputs.shape[0], p.outputs
    if _is_own(loss, "GaussianNLL"):
        if len(shape) != 1 or shape[0] % 2:
            raise InputError(f"the model has outputs of the shape {shape}; {type(loss).__name__} takes as many log-variances as means")
        shape = (shape[0] // 2,)
    if y.shape != (n,) + shape:
        raise InputError(f"y has the shape {y.shape}; {type(loss).__name__} takes the shape of the outputs, {(n,) + shape}")
    p.targets = y.reshape(n, -1)
    if getattr(loss, "reduction", "mean") == "sum":
        p.weights = np.full(n, float(y.size))


def _cross_entropy(loss: Any, p: Problem, y: np.ndarray) -> None:
    """With options, the targets are weights of the classes for each sample, which a
    cross-entropy of targets t that need not add up to 1 sums as −Σ t log p. What torch
    divides the sum over a batch by is in the weights of the samples, so that the targets
    of a sample, and with them its loss, do not depend on the others."""
    n = p.inputs.shape[0]
    if len(p.outputs) != 1:
        raise InputError(f"the model has outputs of the shape {p.outputs}; CrossEntropyLoss takes one number for each class")
    (outputs,) = p.outputs
    weight: Optional[np.ndarray] = None
    if loss.weight is not None:
        weight = np.asarray(numeric(loss.weight, "loss.weight"), dtype=np.float64)
        if weight.shape != (outputs,) or not (weight >= 0).all():
            raise InputError(f"loss.weight has the shape {weight.shape}; it must be ({outputs},) with nothing negative")
    smooth = float(getattr(loss, "label_smoothing", 0.0))
    is_labels = y.shape == (n,) and is_integer(y)
    if not is_labels and y.shape != (n, outputs):
        raise InputError(f"y has the shape {y.shape} and the type {y.dtype}; CrossEntropyLoss takes integer labels ({n},) or probabilities ({n}, {outputs})")
    ignored = is_labels & (y == loss.ignore_index) if is_labels else np.zeros(n, dtype=bool)
    if is_labels:
        bad = np.flatnonzero(~ignored & ((y < 0) | (y >= outputs)))
        if bad.size:
            raise InputError(f"y[{bad[0]}] is {y[bad[0]]}; labels are from 0 to {outputs - 1}")
        if weight is None and smooth == 0 and loss.reduction == "mean" and not ignored.any():
            p.labels = y
            return
        t = np.zeros((n, outputs))
        kept = np.flatnonzero(~ignored)
        t[kept, y[kept].astype(np.int64)] = 1.0
    else:
        t = np.array(y, dtype=np.float64)
    w = np.ones(outputs) if weight is None else weight
    total = float(n)
    if is_labels:
        # torch's mean is over the weights of the labels.
        total = float((t @ w).sum())
    t = t * (1 - smooth) + smooth / outputs * ~ignored[:, None]
    p.targets = t * w
    if loss.reduction == "sum":
        total = 1.0
    elif total == 0:
        raise InputError("all samples are ignored or of weight 0; the mean of the loss is not defined")
    if total != n:
        p.weights = np.full(n, n / total)
