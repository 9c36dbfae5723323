"""The modules of a torch model by their kind. Imported only where one comes.

Plain ones are in `_activations`, `_images` and `_tokens`; here is what has modules inside.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from torch import nn

from . import _activations, _images, _tokens
from ._errors import UnsupportedModule
from ._walk import Take, Walk, join
from .modules import Residual

_SUPPORTED = (
    "Sequential, Linear, Conv1d, Conv2d, AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and -2d to 1, Flatten, Unflatten, LayerNorm, Tanh, ReLU, GELU, SiLU, "
    "Sigmoid, Softplus, LeakyReLU, ELU, Identity, Dropout in eval mode, and costate.modules.Residual, SelfAttention, TokenMean, Lengths and Sine"
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


def walk_through(model: Any, shape: Tuple[int, ...]) -> Walk:
    """The layers and parameters of a model, for samples of a shape."""
    walk = Walk(shape, module)
    walk.module(model, "")
    walk.as_torch()
    return walk


def module(walk: Walk, m: Any, path: str) -> None:
    """Take a module of any kind."""
    for hooks in ("_forward_hooks", "_forward_pre_hooks"):
        if getattr(m, hooks, None):
            raise UnsupportedModule(path, m, "it has forward hooks, which may change what it computes; remove them")
    kind = type(m)
    if is_sequential(m):
        for name, child in m._modules.items():
            walk.module(child, join(path, name))
    elif kind in _KINDS:
        _KINDS[kind](walk, m, path)
    else:
        raise UnsupportedModule(path, m, f"{_INSTEAD.get(kind.__name__, _OTHERWISE)}; supported are {_SUPPORTED}")


def is_sequential(m: Any) -> bool:
    """Whether m applies its modules one after the other and nothing else."""
    return isinstance(m, nn.Sequential) and type(m).forward is nn.Sequential.forward


def identity(walk: Walk, m: Any, path: str) -> None:
    pass


def dropout(walk: Walk, m: Any, path: str) -> None:
    if m.training and m.p > 0:
        raise UnsupportedModule(path, m, "it is in training mode, where the loss is random; call model.eval()")


def residual(walk: Walk, m: Any, path: str) -> None:
    parts = list(_flat(m.block, join(path, "block")))
    if _is_dense_skip(parts, walk.shape):
        walk.module(parts[0][1], parts[0][0])
        walk.layers[-1]["skip"] = True
        if len(parts) == 2:
            walk.layers[-1].update(_activations.ACTIVATIONS[type(parts[1][1])](parts[1][1], parts[1][0]))
        return
    if any(type(p) in _images.CHANNELED for _, p in parts[:1]):
        walk.channels_last()
    shape, moved, outer = walk.shape, walk.moved, walk.layers
    walk.layers = []
    walk.module(m.block, join(path, "block"))
    if walk.shape != shape:
        raise UnsupportedModule(path, m, f"its block makes {walk.shape} of {shape}; they must be equal")
    if moved:
        walk.channels_last()
    else:
        walk.as_torch()
    if not walk.layers:
        raise UnsupportedModule(path, m, "its block does nothing")
    outer.append({"kind": "residual", "layers": walk.layers})
    walk.layers = outer


def _is_dense_skip(parts: List[Tuple[str, Any]], shape: Tuple[int, ...]) -> bool:
    """Whether a block is a Linear, with or without an activation, which is a layer with
    a skip of its own: it costs no states."""
    if len(shape) != 1 or not parts or len(parts) > 2 or type(parts[0][1]) is not nn.Linear:
        return False
    if any(p._forward_hooks or p._forward_pre_hooks for _, p in parts):
        return False
    same = parts[0][1].in_features == parts[0][1].out_features
    return same and (len(parts) == 1 or type(parts[1][1]) in _activations.ACTIVATIONS)


def _flat(m: Any, path: str) -> Iterator[Tuple[str, Any]]:
    """The modules inside of Sequentials, without Identity."""
    if is_sequential(m):
        for name, child in m._modules.items():
            yield from _flat(child, join(path, name))
    elif type(m) is not nn.Identity:
        yield path, m


_KINDS: Dict[type, Take] = {
    **_activations.KINDS,
    **_images.KINDS,
    **_tokens.KINDS,
    Residual: residual,
    nn.Identity: identity,
    **{kind: dropout for kind in _DROPOUTS},
}
