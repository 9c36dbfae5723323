"""Activations of torch in the protocol's words. Imported only where a model of torch comes."""

from __future__ import annotations

from typing import Any, Callable, Dict

from torch import nn

from ._errors import UnsupportedModule
from ._walk import Take, Walk
from .modules import Sine

Words = Callable[[Any, str], Dict[str, Any]]  # given the module and its path

_WEIGHTED = ("dense", "conv", "conv1d", "tokens")


def _plain(name: str) -> Words:
    return lambda m, path: {"act": name}


def _gelu(m: Any, path: str) -> Dict[str, Any]:
    return {"act": "gelu" if getattr(m, "approximate", "none") == "none" else "gelu_tanh"}


def _softplus(m: Any, path: str) -> Dict[str, Any]:
    if m.threshold < 15 or not m.beta > 0:
        raise UnsupportedModule(path, m, f"beta={m.beta}, threshold={m.threshold}; beta must be positive and the threshold at least 15, beyond which the function is linear to single precision")
    return {"act": "softplus", "args": [float(m.beta)]}


ACTIVATIONS: Dict[type, Words] = {
    nn.Tanh: _plain("tanh"),
    nn.ReLU: _plain("relu"),
    nn.GELU: _gelu,
    nn.SiLU: _plain("silu"),
    nn.Sigmoid: _plain("sigmoid"),
    nn.Softplus: _softplus,
    nn.LeakyReLU: lambda m, path: {"act": "leaky_relu", "args": [float(m.negative_slope)]},
    nn.ELU: lambda m, path: {"act": "elu", "args": [float(m.alpha)]},
    Sine: lambda m, path: {"act": "sine", "args": [m.frequency]},
}


def activation(walk: Walk, m: Any, path: str) -> None:
    """Joins a layer with weights before it, or is a layer."""
    act = ACTIVATIONS[type(m)](m, path)
    last = walk.layers[-1] if walk.layers else {}
    if last.get("kind") in _WEIGHTED and "act" not in last and not last.get("skip"):
        last.update(act)
    else:
        walk.layers.append({"kind": "activation", **act})


KINDS: Dict[type, Take] = {kind: activation for kind in ACTIVATIONS}
