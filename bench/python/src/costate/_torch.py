"""Models of torch with a loss and a batch, translated. Imported only where one comes."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import torch

from ._arrays import numeric
from ._errors import InputError
from ._layers import walk_through
from ._losses import translated
from ._problem import Param, Problem, layout, sample_weights


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
    walk = walk_through(model, x.shape[1:])
    if not walk.tensors:
        raise InputError("the model has no parameters")
    samples = x.shape[0]
    x = x.reshape(samples, -1)
    name, fill = translated(loss)
    spec = {"inputs": x.shape[1], "layers": walk.layers, "loss": name}
    p = Problem(spec, _flatten(walk.tensors), layout(walk.names, [tuple(t.shape) for t in walk.tensors]), x)
    p.like, p.order = walk.tensors[0], walk.order()
    p.outputs, p.loss, p.fill = walk.shape, loss, fill
    fill(p, numeric(y, "y"))
    if sample_weight is not None:
        w = sample_weights(sample_weight, samples)
        p.weights = w if p.weights is None else p.weights * w
    return p
