"""What is sent of a model, a loss and data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ._errors import InputError


class Param(NamedTuple):
    """A parameter array in the flat order: ``v[start:stop].reshape(shape)``."""

    name: str
    shape: Tuple[int, ...]
    start: int
    stop: int


def layout(names: Sequence[str], shapes: Sequence[Tuple[int, ...]]) -> Tuple[Param, ...]:
    out: List[Param] = []
    at = 0
    for name, shape in zip(names, shapes):
        size = int(np.prod(shape, dtype=np.int64))
        out.append(Param(name, tuple(shape), at, at + size))
        at += size
    return tuple(out)


@dataclass
class Problem:
    """A network, its parameters, a loss and a batch, as the protocol has them."""

    spec: Dict[str, Any]
    params: np.ndarray
    layout: Tuple[Param, ...]
    inputs: np.ndarray  # samples × inputs
    labels: Optional[np.ndarray] = None
    targets: Optional[np.ndarray] = None  # samples × numbers of a target
    weights: Optional[np.ndarray] = None
    like: Any = None  # a tensor whose type and device results take
    outputs: Tuple[int, ...] = ()  # the shape of those of a sample
    loss: Any = None  # as it was given
    fill: Optional[Callable[["Problem", np.ndarray], None]] = None  # takes labels or targets, and weights

    def without_data(self) -> "Problem":
        """The network alone."""
        return replace(self, inputs=self.inputs[:0], labels=None, targets=None, weights=None)

    def rows(self, X: Any) -> np.ndarray:
        """Other inputs for the same network, samples × inputs."""
        from ._arrays import numeric

        x = numeric(X, "X")
        if x.ndim < 2 or x.shape[0] < 1 or x.size != x.shape[0] * self.inputs.shape[1]:
            raise InputError(f"X has the shape {x.shape}; it must have samples of {self.inputs.shape[1]} numbers, at least one")
        return x.reshape(x.shape[0], -1)

    def other(self, X: Any, y: Any) -> "Problem":
        """The same network on other samples."""
        from ._arrays import numeric

        p = replace(self, inputs=self.rows(X), labels=None, targets=None, weights=None)
        assert self.fill is not None
        self.fill(p, numeric(y, "y"))
        return p

    def require_mean(self, what: str) -> None:
        """Refuse losses that are sums: a prior or weight decay is one of the mean loss."""
        if getattr(self.loss, "reduction", "mean") != "mean":
            raise InputError(f"{what} takes losses with reduction='mean', not {self.loss.reduction!r}")

    def arrays(self) -> Dict[str, Tuple[np.ndarray, str]]:
        out = {"params": (self.params, "<f8"), "X": (self.inputs, "<f8")}
        if self.labels is not None:
            out["labels"] = (self.labels, "<i8")
        else:
            out["T"] = (self.targets, "<f8")  # type: ignore[assignment]
        if self.weights is not None:
            out["weights"] = (self.weights, "<f8")
        return out


def sample_weights(w: Any, samples: int) -> np.ndarray:
    from ._arrays import numeric

    a = numeric(w, "sample_weight")
    if a.shape != (samples,):
        raise InputError(f"sample_weight has the shape {a.shape}; it must be ({samples},)")
    return a
