"""Networks from arrays, for JAX and NumPy."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from ._arrays import is_integer, numeric
from ._errors import InputError
from ._hessian import Hessian
from ._problem import Param, Problem, layout, sample_weights

ACTIVATIONS = ("identity", "tanh", "relu", "gelu", "gelu_tanh", "silu", "sigmoid", "softplus", "leaky_relu", "elu", "sine")
LOSSES = ("ce", "mse", "bce", "poisson", "gaussian")

Activation = Union[str, Tuple[str, float]]


def activation(act: Any) -> Dict[str, Any]:
    """The activation of a layer as the protocol has it."""
    if act is None:
        return {}
    name, args = (act, []) if isinstance(act, str) else (act[0], [float(act[1])])
    if name not in ACTIVATIONS:
        raise InputError(f"activation {name!r}; known are {', '.join(ACTIVATIONS)}")
    return {"act": name, "args": args} if args else {"act": name}


class Network:
    """A multilayer perceptron of arrays; made by `mlp`."""

    def __init__(self, spec: Dict[str, Any], params: np.ndarray, places: Tuple[Param, ...], outputs: int):
        self.spec = spec
        self.parameters = params
        self.params = places
        self.outputs = outputs

    def problem(self, X: Any, y: Any, sample_weight: Any = None) -> Problem:
        """The network on a batch; see `hessian`."""
        x = numeric(X, "X")
        inputs = self.spec["inputs"]
        if x.ndim < 2 or x.shape[0] < 1 or x.size != x.shape[0] * inputs:
            raise InputError(f"X has the shape {x.shape}; it must be (samples, {inputs}) with at least one sample")
        n = x.shape[0]
        p = Problem(self.spec, self.parameters, self.params, x.reshape(n, inputs), outputs=(self.outputs,), fill=self._fill)
        self._fill(p, numeric(y, "y"))
        if sample_weight is not None:
            p.weights = sample_weights(sample_weight, n)
        return p

    def _fill(self, p: Problem, t: np.ndarray) -> None:
        """Take labels or targets."""
        n = p.inputs.shape[0]
        targets = self.outputs // 2 if self.spec["loss"] == "gaussian" else self.outputs
        if t.shape == (n,) and is_integer(t) and (self.spec["loss"] == "ce" or self.outputs > 1):
            p.labels = t
        elif t.shape == (n, targets):
            p.targets = t
        elif t.shape == (n,) and targets == 1:
            p.targets = t.reshape(n, 1)
        else:
            raise InputError(f"y has the shape {t.shape} and the type {t.dtype}; it must be integer labels ({n},) or targets ({n}, {targets})")

    def hessian(self, X: Any, y: Any, *, curvature: str = "hessian", sample_weight: Any = None) -> Hessian:
        """The Hessian of the mean loss on a batch.

        Parameters
        ----------
        X : array of shape (samples, inputs)
        y : integer labels of shape (samples,), or targets of shape (samples, outputs)
        curvature : {'hessian', 'ggn'}
            The Hessian, or its Gauss–Newton part.
        sample_weight : array of shape (samples,), optional
            The loss is the sum of weight × loss over the number of samples.
        """
        return Hessian(self.problem(X, y, sample_weight), curvature)

    def with_parameters(self, params: np.ndarray) -> "Network":
        """The same network with other parameters, flat."""
        return Network(self.spec, np.asarray(params, dtype=np.float64), self.params, self.outputs)

    def arrays(self) -> Tuple[List[np.ndarray], List[Optional[np.ndarray]]]:
        """The weights, and the biases (None for a layer without)."""
        named = {p.name: self.parameters[p.start : p.stop].reshape(p.shape) for p in self.params}
        layers = range(1, len(self.spec["layers"]) + 1)
        return [named[f"W{k}"] for k in layers], [named.get(f"b{k}") for k in layers]


def _is_one(act: Any) -> bool:
    """Whether act is one activation, and not one a layer."""
    return isinstance(act, str) or isinstance(act, tuple) and len(act) == 2 and not isinstance(act[1], (str, tuple))


def mlp(
    weights: Sequence[Any],
    biases: Optional[Sequence[Any]] = None,
    act: Union[Activation, Sequence[Optional[Activation]]] = "tanh",
    loss: str = "ce",
) -> Network:
    """A multilayer perceptron from its weights: no torch needed.

    Parameters
    ----------
    weights : sequence of arrays of shape (outputs, inputs)
        Layer k computes ``act(z @ W.T + b)``. (For JAX's (inputs, outputs) give W.T.)
    biases : sequence of arrays of shape (outputs,) or None, optional
        None stands for no biases, of all layers or of one.
    act : str, or (str, float), or a list of them
        The activation between the layers, and none after the last; or a list with one
        a layer. Names: identity, tanh, relu, gelu, gelu_tanh, silu, sigmoid, softplus,
        leaky_relu, elu, sine; the float is the beta, slope, alpha or frequency of the
        last four.
    loss : {'ce', 'mse', 'bce', 'poisson', 'gaussian'}
        Softmax cross-entropy; mean squared error; binary cross-entropy of logits; Poisson
        counts of logarithms of rates. As torch's with reduction='mean'. Gaussian: means,
        then as many log-variances, see `costate.modules.GaussianNLL`.

    Examples
    --------
    >>> net = costate.mlp([W1, W2], [b1, b2], "tanh", "ce")
    >>> H = net.hessian(X, labels)
    """
    if loss not in LOSSES:
        raise InputError(f"loss is {loss!r}; it must be one of {', '.join(LOSSES)}")
    if not len(weights):
        raise InputError("weights is empty; a network has at least one layer")
    last = len(weights) - 1
    acts: List[Any]
    if _is_one(act):
        activation(act)  # also where it is between no layers
        acts = [act] * last + [None]
    else:
        acts = list(act)
        if len(acts) == last:
            acts.append(None)
    if len(acts) != last + 1:
        raise InputError(f"act has {len(acts)} entries for {last + 1} layers")
    if biases is None:
        biases = [None] * (last + 1)
    if len(biases) != last + 1:
        raise InputError(f"biases has {len(biases)} entries for {last + 1} layers")
    layers, parts, names, shapes = [], [], [], []
    inputs, width = 0, None
    for k, (w, b, a) in enumerate(zip(weights, biases, acts), 1):
        w = numeric(w, f"W{k}")
        if w.ndim != 2 or 0 in w.shape or width is not None and w.shape[1] != width:
            raise InputError(f"W{k} has the shape {w.shape}; it must be (outputs, {'inputs' if width is None else width})")
        inputs = w.shape[1] if width is None else inputs
        width = w.shape[0]
        layers.append({"kind": "dense", "out": width, "bias": b is not None, **activation(a)})
        parts.append(w.reshape(-1))
        names.append(f"W{k}")
        shapes.append(w.shape)
        if b is not None:
            b = numeric(b, f"b{k}")
            if b.shape != (width,):
                raise InputError(f"b{k} has the shape {b.shape}; it must be ({width},)")
            parts.append(b)
            names.append(f"b{k}")
            shapes.append(b.shape)
    params = np.concatenate([np.asarray(p, dtype=np.float64) for p in parts])
    return Network({"inputs": inputs, "layers": layers, "loss": loss}, params, layout(names, shapes), width or 0)
