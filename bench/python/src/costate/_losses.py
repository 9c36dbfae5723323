"""Losses of torch, translated. Imported only where a model of torch comes.

Each fills in labels, targets and weights; the protocol's loss is a mean over the samples,
and for all but the cross-entropy over the targets.
"""

from __future__ import annotations

from typing import Any, Callable, Optional, Tuple

import numpy as np
from torch import nn

from ._arrays import is_integer, numeric
from ._errors import InputError, UnsupportedModule
from ._problem import Problem
from .modules import GaussianNLL

Fill = Callable[[Problem, np.ndarray], None]


def translated(loss: Any) -> Tuple[str, Fill]:
    """The name of a loss in the protocol, and what takes labels or targets for it."""
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
    if loss is None or isinstance(loss, str):
        raise InputError(f"loss is {loss!r}; it must be 'ce', 'mse', 'bce' or a loss of torch")
    kind = type(loss)
    reduction = getattr(loss, "reduction", "mean")
    if kind in (nn.CrossEntropyLoss, nn.MSELoss, nn.BCEWithLogitsLoss, nn.PoissonNLLLoss) and reduction not in ("mean", "sum"):
        raise UnsupportedModule("loss", loss, f"reduction={reduction!r}; it must be 'mean' or 'sum', which make one number of a batch")
    if kind is nn.CrossEntropyLoss:
        return "ce", lambda p, y: _cross_entropy(loss, p, y)
    if kind is nn.MSELoss:
        return "mse", lambda p, y: _targets(loss, p, y)
    if kind is nn.BCEWithLogitsLoss:
        return "bce", lambda p, y: _binary(loss, p, y)
    if kind is nn.PoissonNLLLoss:
        if not loss.log_input or loss.full:
            raise UnsupportedModule("loss", loss, f"log_input={loss.log_input}, full={loss.full}; it must be True and False")
        return "poisson", lambda p, y: _targets(loss, p, y)
    if kind is nn.GaussianNLLLoss:
        raise UnsupportedModule("loss", loss, "it takes three arguments; costate.modules.GaussianNLL takes means and log-variances as the outputs of one model")
    if type(loss) is GaussianNLL:
        return "gaussian", lambda p, y: _targets(loss, p, y)
    raise UnsupportedModule("loss", loss, "supported are CrossEntropyLoss, MSELoss, BCEWithLogitsLoss, PoissonNLLLoss and costate.modules.GaussianNLL")


def _targets(loss: Any, p: Problem, y: np.ndarray) -> None:
    n, shape = p.inputs.shape[0], p.outputs
    if type(loss) is GaussianNLL:
        if len(shape) != 1 or shape[0] % 2:
            raise InputError(f"the model has outputs of the shape {shape}; {type(loss).__name__} takes as many log-variances as means")
        shape = (shape[0] // 2,)
    if y.shape != (n,) + shape:
        raise InputError(f"y has the shape {y.shape}; {type(loss).__name__} takes the shape of the outputs, {(n,) + shape}")
    p.targets = y.reshape(n, -1)
    if getattr(loss, "reduction", "mean") == "sum":
        p.weights = np.full(n, float(y.size))


def _binary(loss: Any, p: Problem, y: np.ndarray) -> None:
    """torch lets weight and pos_weight be of any shape that fits to that of the targets.
    Weights of the outputs are in the description of the loss, and those of the samples are
    sample weights. Else each target t has a weight m of its own: with v and w those of
    torch, w (v t log σ + (1−t) log(1−σ)) is m times the cross-entropy of the target w v t/m
    for m = w (v t + 1 − t)."""
    _targets(loss, p, y)
    n, outputs = y.shape[0], y.shape[1:]
    w, v = _weights(loss, "weight", y.shape), _weights(loss, "pos_weight", y.shape)
    p.spec = {k: x for k, x in p.spec.items() if k not in ("pos_weight", "weight", "target_weights")}
    for name, a in (("weight", w), ("pos_weight", v)):
        if a is not None and a.shape[0] == 1:
            p.spec[name] = np.broadcast_to(a[0], outputs).reshape(-1).tolist()
    if (w is None or w.shape[0] == 1) and (v is None or v.shape[0] == 1):
        return
    if w is not None and w.size == n and (v is None or v.shape[0] == 1):
        p.weights = w.reshape(n) if p.weights is None else p.weights * w.reshape(n)
        return
    t = y.astype(np.float64)
    yes = t if v is None else v * t
    m = yes + (1 - t)
    t = np.divide(yes, m, out=t, where=m > 0)
    m = m if w is None else w * m
    p.targets = np.concatenate([a.reshape(n, -1) for a in (t, m)], axis=1)
    p.spec = {k: x for k, x in p.spec.items() if k not in ("pos_weight", "weight")}
    p.spec["target_weights"] = True


def _weights(loss: Any, name: str, shape: Tuple[int, ...]) -> Optional[np.ndarray]:
    """weight or pos_weight of a BCEWithLogitsLoss, with as many dimensions as the targets."""
    given = getattr(loss, name)
    if given is None:
        return None
    a = np.asarray(numeric(given, "loss." + name), dtype=np.float64)
    try:
        fits = np.broadcast_shapes(a.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise InputError(f"loss.{name} has the shape {a.shape}, which does not fit to that of y, {shape}")
    if not (np.isfinite(a) & (a >= 0)).all():
        raise InputError(f"loss.{name} has an entry that is negative or not finite")
    return a.reshape((1,) * (len(shape) - a.ndim) + a.shape)


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
