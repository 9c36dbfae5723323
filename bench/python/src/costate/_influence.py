"""What training samples have to do with what a network has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

import numpy as np

from . import _server
from ._arrays import like, numeric
from ._errors import Inertia, InputError, inertia_of

if TYPE_CHECKING:
    from ._hessian import Hessian


class Influence:
    """Influences of the training samples, those of a Hessian's batch.

    At a minimum of (1/N) Σ w_i ℓ_i + ½·damping·‖θ‖² the parameters follow the weight of
    training sample i as dθ/dw_i = −(1/N)(H + damping·I)⁻¹∇ℓ_i, with the exact inverse.
    Made by `influence` or `Hessian.influence`. The parameters and the batch are those of
    the moment it was made. Threads may share it, one at a time is answered.

    Attributes
    ----------
    samples : int
        N, of the training batch.
    """

    def __init__(self, hessian: "Hessian", damping: float, tolerance: float):
        hessian._problem.require_mean("influence")
        if not np.isfinite(damping):
            raise InputError(f"damping is {damping}; it must be finite")
        head, _ = hessian._handle.request("influence", {"damping": float(damping), "tolerance": float(tolerance)})
        self._facts: Dict[str, Any] = head
        self._handle = _server.Handle(hessian._handle.server, head["handle"], self)
        self._problem = hessian._problem
        self._like = hessian._like
        self._order = hessian.shape[0]
        self.samples: int = head["samples"]

    @property
    def gradient_norm(self) -> float:
        """‖∇loss + damping·θ‖: where it is not of the size of rounding the network is at
        no minimum, and influences are no derivatives of training."""
        return float(self._facts["gradient_norm"])

    @property
    def inertia(self) -> Inertia:
        """That of H + damping·I: with negative eigenvalues it is a saddle point."""
        return inertia_of(self._facts["inertia"])

    @property
    def backward_error(self) -> float:
        """The worst of the solves so far, measured."""
        return float(self._facts["backward_error"])

    def _ask(self, op: str, name: str, head: Any = None, arrays: Any = None, size: int = 0) -> np.ndarray:
        self._facts, out = self._handle.request(op, head or {}, arrays or {}, room=8 * size)
        return out[name]

    def pairs(self, X: Any, y: Any) -> np.ndarray:
        """The influence of each training sample on the losses of other samples.

        Parameters
        ----------
        X, y : as for `hessian`
            The other samples, t of them.

        Returns
        -------
        array of float64 of shape (t, samples)
            ∇ℓ_tᵀ(H + damping·I)⁻¹∇ℓ_i, not divided by N, of losses without sample
            weights: positive where training sample i helps with sample t. Leaving a part
            of its weight out changes ℓ_t by about part/N times it.
        """
        p = self._problem.other(X, y)
        arrays = p.arrays()
        del arrays["params"]
        return self._ask("influence_pairs", "pairs", arrays=arrays, size=p.inputs.shape[0] * self.samples)

    def self_influence(self) -> np.ndarray:
        """The influence of each training sample on its own loss, of shape (samples,):
        large for those that are fitted by themselves, such as ones with a wrong label."""
        return self._ask("influence_self", "x", size=self.samples)

    def on_params(self, i: int) -> Any:
        """dθ/dw_i, flat: how the trained parameters follow the weight of sample i."""
        if not 0 <= i < self.samples:
            raise InputError(f"i is {i}; it must be from 0 to {self.samples - 1}")
        return like(self._ask("influence_on_params", "x", {"index": int(i)}, size=self._order), self._like)

    def on_scalar(self, gradient: Any) -> np.ndarray:
        """∇sᵀ(H + damping·I)⁻¹∇ℓ_i of each training sample, of shape (samples,), for any
        scalar s of the parameters with the given gradient (n,); ds/dw_i is −1/N times it."""
        g = numeric(gradient, "gradient")
        if g.shape != (self._order,):
            raise InputError(f"gradient has the shape {g.shape}; it must be ({self._order},)")
        return self._ask("influence_on_scalar", "x", arrays={"v": (g, "<f8")}, size=self.samples)

    def close(self) -> None:
        """Free the server's memory now, not when this object goes."""
        self._handle.close()

    def __enter__(self) -> "Influence":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
