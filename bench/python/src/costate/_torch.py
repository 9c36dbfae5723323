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


class _Walk:
    """Collects the layers of a model and its parameters, in order."""

    def __init__(self) -> None:
        self.layers: List[Dict[str, Any]] = []
        self.names: List[str] = []
        self.tensors: List[torch.Tensor] = []
        self.owners: Dict[int, str] = {}
        self.inputs = 0
        self.width = 0  # 0: not known yet
        self.flattens = False

    def module(self, m: Any, path: str) -> None:
        for hooks in ("_forward_hooks", "_forward_pre_hooks"):
            if getattr(m, hooks, None):
                raise UnsupportedModule(path, m, "it has forward hooks, which may change what it computes; remove them")
        kind = type(m)
        if kind is nn.Sequential:
            for name, child in m._modules.items():
                self.module(child, _join(path, name))
        elif kind is nn.Linear:
            self.linear(m, path, skip=False)
        elif kind in _ACTIVATIONS:
            self.activation(_ACTIVATIONS[kind](m, path))
        elif kind is nn.Identity:
            pass
        elif kind in _DROPOUTS:
            if m.training and m.p > 0:
                raise UnsupportedModule(path, m, "it is in training mode, where the loss is random; call model.eval()")
        elif kind is nn.Flatten:
            if m.start_dim != 1 or m.end_dim != -1:
                raise UnsupportedModule(path, m, f"start_dim={m.start_dim}, end_dim={m.end_dim}; only Flatten() of all but the samples is supported")
            if not self.layers:
                self.flattens = True
        elif kind is nn.LayerNorm:
            self.layer_norm(m, path)
        elif _is_residual(m):
            self.residual(m, path)
        else:
            raise UnsupportedModule(path, m, "supported are Sequential, Linear, Tanh, ReLU, GELU, SiLU, Sigmoid, Softplus, LeakyReLU, ELU, Identity, LayerNorm, Flatten, Dropout in eval mode, and costate.modules.Residual")

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

    def linear(self, m: Any, path: str, skip: bool) -> None:
        out, width = m.weight.shape
        if self.width and width != self.width:
            raise UnsupportedModule(path, m, f"it has {width} inputs, but {self.width} come")
        if not self.inputs:
            self.inputs = width
        self.parameter(m.weight, "weight", m, path)
        if m.bias is not None:
            self.parameter(m.bias, "bias", m, path)
        self.layers.append({"kind": "dense", "out": out, "bias": m.bias is not None, **({"skip": True} if skip else {})})
        self.width = out

    def activation(self, act: Dict[str, Any]) -> None:
        last = self.layers[-1] if self.layers else {}
        if last.get("kind") == "dense" and "act" not in last and not last.get("skip"):
            last.update(act)
        else:
            self.layers.append({"kind": "activation", **act})

    def layer_norm(self, m: Any, path: str) -> None:
        if len(m.normalized_shape) != 1:
            raise UnsupportedModule(path, m, f"normalized_shape is {tuple(m.normalized_shape)}; it must be the units of a sample, one number")
        (width,) = m.normalized_shape
        if self.width and width != self.width:
            raise UnsupportedModule(path, m, f"it normalizes {width} units, but {self.width} come")
        if not self.inputs:
            self.inputs = width
        self.width = width
        self.layers.append({"kind": "layernorm", "eps": float(m.eps)})
        if m.elementwise_affine:
            if m.bias is None:
                raise UnsupportedModule(path, m, "it has a weight but no bias; only both or none are supported")
            self.parameter(m.weight, "weight", m, path)
            self.parameter(m.bias, "bias", m, path)
            self.layers.append({"kind": "scale"})

    def residual(self, m: Any, path: str) -> None:
        parts = list(_flat(m.block, _join(path, "block")))
        first = parts[0] if parts else (path, m)
        if len(parts) > 2 or type(first[1]) is not nn.Linear or len(parts) == 2 and type(parts[1][1]) not in _ACTIVATIONS:
            raise UnsupportedModule(path, m, "its block must be a Linear, or a Linear and an activation")
        if first[1].in_features != first[1].out_features:
            raise UnsupportedModule(first[0], first[1], "in a residual block it must have as many outputs as inputs")
        self.linear(first[1], first[0], skip=True)
        if len(parts) == 2:
            self.layers[-1].update(_ACTIVATIONS[type(parts[1][1])](parts[1][1], parts[1][0]))


def _is_residual(m: Any) -> bool:
    from .modules import Residual

    return type(m) is Residual


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
    walk = _Walk()
    walk.module(model, "")
    if not walk.tensors:
        raise InputError("the model has no parameters")
    x = numeric(X, "X")
    if x.ndim == 0 or x.shape[0] < 1:
        raise InputError(f"X has the shape {x.shape}; it must have at least one sample")
    if walk.flattens:
        x = x.reshape(x.shape[0], -1)
    if not walk.inputs:
        walk.inputs = x.shape[-1]
    if x.ndim != 2 or x.shape[1] != walk.inputs:
        raise InputError(f"X has the shape {tuple(numeric(X, 'X').shape)}; the model takes (samples, {walk.inputs}), or any shape with so many numbers a sample where it begins with Flatten")
    outputs = walk.width or walk.inputs
    name, fill = _loss(loss)
    spec = {"inputs": walk.inputs, "layers": walk.layers, "loss": name}
    p = Problem(spec, _flatten(walk.tensors), layout(walk.names, [tuple(t.shape) for t in walk.tensors]), x)
    p.like = walk.tensors[0]
    fill(p, numeric(y, "y"), outputs)
    if sample_weight is not None:
        w = sample_weights(sample_weight, x.shape[0])
        p.weights = w if p.weights is None else p.weights * w
    return p


# Losses. Each fills in labels, targets and weights; the protocol's loss is a mean
# over the samples, and for mse and bce over the outputs.
_Fill = Callable[[Problem, np.ndarray, int], None]


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
    reduction = getattr(loss, "reduction", "mean")
    if type(loss) in (nn.CrossEntropyLoss, nn.MSELoss, nn.BCEWithLogitsLoss) and reduction not in ("mean", "sum"):
        raise UnsupportedModule("loss", loss, f"reduction={reduction!r}; it must be 'mean' or 'sum', which make one number of a batch")
    if type(loss) is nn.CrossEntropyLoss:
        return "ce", lambda p, y, c: _cross_entropy(loss, p, y, c)
    if type(loss) is nn.MSELoss:
        return "mse", lambda p, y, c: _targets(loss, p, y, c)
    if type(loss) is nn.BCEWithLogitsLoss:
        if loss.weight is not None or loss.pos_weight is not None:
            raise UnsupportedModule("loss", loss, "weight and pos_weight are not supported; weights of samples are (sample_weight=)")
        return "bce", lambda p, y, c: _targets(loss, p, y, c)
    raise UnsupportedModule("loss", loss, "supported are CrossEntropyLoss, MSELoss and BCEWithLogitsLoss")


def _targets(loss: Any, p: Problem, y: np.ndarray, outputs: int) -> None:
    n = p.inputs.shape[0]
    if y.shape != (n, outputs):
        raise InputError(f"y has the shape {y.shape}; {type(loss).__name__} takes the shape of the outputs, ({n}, {outputs})")
    p.targets = y
    if loss.reduction == "sum":
        p.weights = np.full(n, float(n * outputs))


def _cross_entropy(loss: Any, p: Problem, y: np.ndarray, outputs: int) -> None:
    """With options, the targets are weights of the classes for each sample, which a
    cross-entropy of targets t that need not add up to 1 sums as −Σ t log p."""
    n = p.inputs.shape[0]
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
    t *= w
    if loss.reduction == "mean":
        if total == 0:
            raise InputError("all samples are ignored or of weight 0; the mean of the loss is not defined")
        t *= n / total
    else:
        t *= n
    p.targets = t
