"""Layers of units and of tokens. Imported only where a model of torch comes."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
from torch import nn

from ._errors import UnsupportedModule
from ._walk import Take, Walk, join
from .modules import Lengths, SelfAttention, TokenMean


def linear(walk: Walk, m: Any, path: str) -> None:
    out, width = m.weight.shape
    walk.expect(m, path, bool(walk.shape) and walk.shape[-1] == width, f"has {width} inputs")
    walk.as_torch()
    walk.weights(m, path)
    tokens = walk.size() // width
    where = {"kind": "dense"} if tokens == 1 else {"kind": "tokens", "tokens": tokens}
    walk.layers.append({**where, "out": out, "bias": m.bias is not None})
    walk.shape = walk.shape[:-1] + (out,)


def layer_norm(walk: Walk, m: Any, path: str) -> None:
    units = tuple(m.normalized_shape)
    walk.expect(m, path, walk.shape[-len(units) :] == units, f"normalizes {units[0] if len(units) == 1 else units}")
    walk.as_torch()
    parts = walk.size() // int(np.prod(units))
    tokens = {"tokens": parts} if parts > 1 else {}
    walk.layers.append({"kind": "layernorm", "eps": float(m.eps), **tokens})
    if m.weight is not None:
        walk.weights(m, path)
        shift = {} if m.bias is not None else {"no_shift": True}
        walk.layers.append({"kind": "scale", **tokens, **shift})


def attention(walk: Walk, m: Any, path: str) -> None:
    a, inner = m.attention, join(path, "attention")
    width = a.embed_dim
    if a.bias_k is not None or a.add_zero_attn or not a._qkv_same_embed_dim or not a.batch_first:
        raise UnsupportedModule(inner, a, "only what SelfAttention makes is supported")
    if a.training and a.dropout > 0:
        raise UnsupportedModule(inner, a, "it is in training mode with dropout, where the loss is random; call model.eval()")
    walk.expect(m, path, len(walk.shape) == 2 and walk.shape[1] == width, f"takes (tokens, {width})")
    walk.as_torch()
    tokens = walk.shape[0]
    walk.parameter(a.in_proj_weight, "in_proj_weight", a, inner)
    if a.in_proj_bias is not None:
        walk.parameter(a.in_proj_bias, "in_proj_bias", a, inner)
    walk.layers.append({"kind": "tokens", "tokens": tokens, "out": 3 * width, "bias": a.in_proj_bias is not None})
    _keep(walk, m, path, tokens)
    walk.layers.append({"kind": "attention", "tokens": tokens, "heads": a.num_heads, "causal": m.causal})
    walk.weights(a.out_proj, join(inner, "out_proj"))
    walk.layers.append({"kind": "tokens", "tokens": tokens, "out": width, "bias": a.out_proj.bias is not None})


def token_mean(walk: Walk, m: Any, path: str) -> None:
    walk.expect(m, path, len(walk.shape) == 2, "takes (tokens, width)")
    walk.as_torch()
    _keep(walk, m, path, walk.shape[0])
    walk.layers.append({"kind": "mean", "tokens": walk.shape[0]})
    walk.shape = walk.shape[1:]


def _keep(walk: Walk, m: Any, path: str, tokens: int) -> None:
    """Note that a module keeps to the lengths of the samples, if they have some."""
    if walk.lengths and walk.masked not in (0, tokens):
        raise UnsupportedModule(path, m, f"it takes {tokens} tokens, but a module before it {walk.masked}; the lengths of samples must mean the same to both")
    walk.masked = tokens


def lengths(walk: Walk, m: Any, path: str) -> None:
    if walk.layers:
        raise UnsupportedModule(path, m, "it must come first: the first number of a sample of X is its length")
    numbers = walk.shape[0] - 1 if len(walk.shape) == 1 else 0
    walk.expect(m, path, numbers > 0 and numbers % m.width == 0, f"takes a length and then tokens of {m.width} numbers each; see Lengths.join")
    walk.layers.append({"kind": "lengths"})
    walk.shape, walk.lengths, walk.masked = (numbers // m.width, m.width), True, 0
    walk.module(m.model, join(path, "model"))
    if not walk.masked:
        raise UnsupportedModule(path, m, "nothing in it keeps to the lengths: SelfAttention and TokenMean do")


KINDS: Dict[type, Take] = {
    nn.Linear: linear,
    nn.LayerNorm: layer_norm,
    SelfAttention: attention,
    TokenMean: token_mean,
    Lengths: lengths,
}
