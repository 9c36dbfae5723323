"""The LDLᵀ factorization of sparse symmetric matrices."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from . import _server
from ._arrays import numeric
from ._errors import InputError, NotFiniteError
from ._factorization import Factored


class LDL(Factored):
    """A factored sparse symmetric matrix, definite or not; made by `ldl`.

    It is the inverse A⁻¹ as a SciPy LinearOperator. Threads may share it.
    """

    def __init__(self, A: Any, lower: bool, symmetry: float, tolerance: float):
        order, ptr, col, val = compressed(A, lower)
        super().__init__(order)
        self._lower = lower
        self._entries = val.size
        server = _server.current()
        try:
            self._facts, _ = server.request(
                "sparse",
                {"full": not lower, "symmetry": float(symmetry), "tolerance": float(tolerance)},
                {"ptr": (ptr, "<i8"), "col": (col, "<i8"), "val": (val, "<f8")},
            )
        except NotFiniteError as e:
            raise placed(e, A, lower, ptr, col) from None
        self._handle = _server.Handle(server, self._facts["handle"], self)

    def refactor(self, A: Any) -> "LDL":
        """Factor another matrix with the same pattern, in the same memory. Returns self.

        Nothing is ordered or analysed again.
        """
        order, ptr, col, val = compressed(A, self._lower)
        if order != self.shape[0] or val.size != self._entries:
            raise InputError(
                f"a matrix of order {order} with {val.size} entries; the pattern that was analysed has order {self.shape[0]} and {self._entries}"
            )
        try:
            self._again("values", arrays={"ptr": (ptr, "<i8"), "col": (col, "<i8"), "val": (val, "<f8")})
        except NotFiniteError as e:
            raise placed(e, A, self._lower, ptr, col) from None
        return self

    def inverse_diagonal(self) -> np.ndarray:
        """The diagonal of A⁻¹, without the rest of it."""
        _, out = self._handle.request("inverse_diagonal", room=8 * self.shape[0])
        return out["x"]

    @property
    def nnz(self) -> int:
        """How many elements L has, its diagonal and zeros inside of fronts included, but
        without those of pivots that were delayed."""
        return self._facts["factor"]

    @property
    def blocks(self) -> int:
        """How many fronts the elimination tree has."""
        return self._facts["blocks"]

    @property
    def block_max(self) -> int:
        """The order of the largest."""
        return self._facts["block_max"]

    def __repr__(self) -> str:
        return f"<costate.LDL of order {self.shape[0]}, {self.blocks} fronts, the largest of order {self.block_max}>"


def compressed(A: Any, lower: bool) -> Tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Order and compressed rows (ptr, col, val) of a matrix; shared with it where it has them."""
    if hasattr(A, "tocsr"):
        if A.shape[0] != A.shape[1]:
            raise InputError(f"A has the shape {A.shape}; it must be square")
        # The columns of a symmetric matrix are its rows.
        if A.format == "csr" or A.format == "csc" and not lower:
            c = A
        else:
            c = A.tocsr()
        if not c.has_canonical_format:
            c = c.copy()
            c.sum_duplicates()
        if c.data.dtype.kind not in "fiub":
            raise InputError(f"A has the type {c.data.dtype}; it must have real numbers")
        return c.shape[0], c.indptr, c.indices, c.data
    a = numeric(A, "A")
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise InputError(f"A has the shape {a.shape}; it must be square")
    row, col = np.nonzero(a)
    ptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=a.shape[0]))])
    return a.shape[0], ptr, col, a[row, col]


def placed(e: NotFiniteError, A: Any, lower: bool, ptr: np.ndarray, col: np.ndarray) -> NotFiniteError:
    """The same error with row and column of A in place of an index into its numbers."""
    if getattr(e, "name", "") != "val":
        return e
    k = e.index[0]
    index = int(np.searchsorted(ptr, k, "right")) - 1, int(col[k])
    if getattr(A, "format", "") == "csc" and not lower:
        index = index[::-1]
    text = str(e).split(" is ")[-1]
    there = NotFiniteError(f"A[{index[0]}, {index[1]}] is {text}")
    there.name, there.index, there.value = "A", index, e.value
    return there


def ldl(A: Any, *, lower: bool = False, symmetry: float = 0.0, tolerance: float = 0.0) -> LDL:
    """Factor a sparse symmetric matrix, definite or not: P A Pᵀ = L D Lᵀ.

    Parameters
    ----------
    A : scipy.sparse matrix or array of shape (n, n)
        Real and symmetric. Of CSR and CSC no copy is made here.
    lower : bool
        A holds the lower triangle only, diagonal included, and stands for the whole.
    symmetry : float
        By how much of the larger of them two elements across the diagonal may
        differ; their mean is used then.
    tolerance : float
        The backward error that solutions must reach; 0 is 1e-14.

    Raises
    ------
    AsymmetricError
        If A is not symmetric, naming the first two elements that differ.
    SingularError
        If it is singular to working accuracy, with its inertia as far as known.

    Examples
    --------
    >>> L = costate.ldl(A)
    >>> x = L.solve(b)
    >>> L.inertia, L.logdet, L.sign
    """
    return LDL(A, lower, symmetry, tolerance)
