"""Eigenpairs and functions of a Hessian, and its inverse by samples and its diagonal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, NamedTuple

import numpy as np

from ._arrays import like, numeric, vectors
from ._errors import InputError

if TYPE_CHECKING:
    from ._hessian import Hessian
    from ._server import Handle

_NAMES = {"near": "near", "negative": "negative", "smallest": "smallest", "largest": "largest", "SA": "smallest", "LA": "largest"}


class Eigenpairs(NamedTuple):
    """Eigenvalues of H with their vectors.

    Attributes
    ----------
    values : array of float64 of shape (k,)
        The outermost first, or the nearest.
    vectors : array or tensor of shape (n, k)
        The columns, of unit length.
    residuals : array of float64 of shape (k,)
        ‖Hv − λv‖/‖H‖ of each pair, measured.
    complete : bool
        Whether counts by inertia prove that none of those asked for is missing.
    counts : list of (float, int, bool)
        Shifts, the numbers of eigenvalues below them, and whether these are certain: what
        the proof rests on.
    """

    values: np.ndarray
    vectors: Any
    residuals: np.ndarray
    complete: bool
    counts: list


def eigenpairs(h: "Hessian", k: int, which: str, near: float, tolerance: float, products: bool) -> Eigenpairs:
    """See `Hessian.eigenpairs`."""
    if which not in _NAMES:
        raise InputError(f"which is {which!r}; it must be one of {', '.join(_NAMES)}")
    n = h.shape[0]
    if not 1 <= k <= n:
        raise InputError(f"k is {k}; it must be from 1 to the order, {n}")
    if not np.isfinite(near) or not 0 <= tolerance < np.inf:
        raise InputError(f"near is {near} and tolerance {tolerance}; they must be finite, and the tolerance not negative")
    head, out = h._handle.request(
        "eigenpairs",
        {"count": int(k), "which": _NAMES[which], "near": float(near), "tolerance": float(tolerance), "products": bool(products)},
        room=8 * (n + 16) * k,
    )
    counts = [(float(c["shift"]), c["below"], c["certain"]) for c in head["counts"]]
    return Eigenpairs(out["values"], like(h._problem.received(out["vectors"]), h._like), out["residuals"], head["complete"], counts)


def function(h: "Hessian", name: str, v: Any, eps: float, near: float, tolerance: float) -> Any:
    """f(H) v for one vector or for each column."""
    a, back = vectors(v, h.shape[0], "v")
    a = h._problem.sent(a)
    if not 0 < eps < np.inf or not np.isfinite(near) or not 0 <= tolerance < np.inf:
        raise InputError(f"eps is {eps}, near {near} and tolerance {tolerance}; eps must be positive, and all finite")
    head: Dict[str, Any] = {"function": name, "eps": [float(eps)], "near": float(near), "tolerance": float(tolerance)}
    out = np.empty(a.shape)
    for j in range(a.shape[1]):
        out[:, j] = h._handle.request("function", head, {"v": (a[:, j : j + 1], "<f8")}, room=8 * a.shape[0])[1]["x"][:, 0]
    return back(h._problem.received(out))


def samples(handle: "Handle", order: int, count: int, seed: int) -> np.ndarray:
    """Samples as columns, order × count."""
    if not 1 <= count <= 1 << 20:
        raise InputError(f"count is {count}; it must be from 1 to {1 << 20}")
    return handle.request("sample", {"count": int(count), "seed": seed_of(seed)}, room=8 * order * count)[1]["x"]


def seed_of(seed: Any) -> int:
    """A seed as the protocol has it."""
    s = numeric(seed, "seed")
    if s.ndim or s.dtype.kind not in "iu" or not 0 <= s < 1 << 63:
        raise InputError(f"seed is {seed!r}; it must be an integer that is not negative")
    return int(s)
