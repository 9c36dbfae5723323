"""The base of matrices: SciPy's LinearOperator, or what it takes without SciPy."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

try:
    from scipy.sparse.linalg import LinearOperator
except ImportError:

    class LinearOperator:  # type: ignore[no-redef]
        """The part of scipy.sparse.linalg.LinearOperator that needs no SciPy."""

        ndim = 2

        def __init__(self, dtype: Any, shape: Tuple[int, int]):
            self.dtype = np.dtype(dtype)
            self.shape = shape

        def matvec(self, x: Any) -> Any:
            return self @ np.asarray(x)

        def matmat(self, x: Any) -> Any:
            return self @ np.asarray(x)

        rmatvec, rmatmat = matvec, matmat

        def dot(self, x: Any) -> Any:
            return self @ x

        __call__ = dot

        @property
        def T(self) -> "LinearOperator":
            return self

        H = T


class Symmetric(LinearOperator):
    """A real symmetric matrix that is known by what it does to vectors."""

    def __init__(self, order: int):
        super().__init__(np.dtype(np.float64), (order, order))

    def _apply(self, x: Any) -> Any:
        raise NotImplementedError

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        return self._apply(x)

    def _matmat(self, x: np.ndarray) -> np.ndarray:
        return self._apply(x)

    _rmatvec = _matvec
    _rmatmat = _matmat

    def _adjoint(self) -> "Symmetric":
        return self

    def _transpose(self) -> "Symmetric":
        return self

    def __matmul__(self, x: Any) -> Any:
        if isinstance(x, LinearOperator) or np.isscalar(x):
            return super().__matmul__(x)
        return self._apply(x)
