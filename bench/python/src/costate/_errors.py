"""Exceptions: those of the Go library with their fields, and the package's own."""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple, Optional, Tuple, Type

import numpy as np


class Inertia(NamedTuple):
    """Numbers of negative, zero and positive eigenvalues of a symmetric matrix.

    `certain` is false where rounding could have moved an eigenvalue across zero.
    """

    negative: int
    zero: int
    positive: int
    certain: bool


def inertia_of(d: dict) -> Inertia:
    return Inertia(d["negative"], d["zero"], d["positive"], d["certain"])


class Error(Exception):
    """Base of all exceptions of this package."""


class InputError(Error, ValueError):
    """What was given does not fit together, or numbers overflow in a network."""


class SingularError(Error, np.linalg.LinAlgError):
    """The matrix is singular to working accuracy.

    Attributes
    ----------
    block, pivot : int
        Where the elimination met it: stage or pivot block, and pivot inside of it.
    row : int
        For a sparse matrix, the row without pivot.
    eps : float
        The damping at which the matrix is singular.
    suggest : float
        A damping at which it is not; 0 if none is known.
    cond : float
        Estimated condition number; 0 if it is not known.
    inertia : Inertia
        What is known of the signs of the eigenvalues.
    """

    block: int
    pivot: int
    row: int
    eps: float
    suggest: float
    cond: float
    inertia: Inertia


class AccuracyError(Error, np.linalg.LinAlgError):
    """A solution did not reach the backward error that was asked for.

    Attributes
    ----------
    reached, wanted : float
        Measured backward error, and the one asked for.
    column : int
        Which right-hand side, from 0.
    """

    reached: float
    wanted: float
    column: int


class MemoryError(Error, builtins.MemoryError):  # noqa: A001 - it is one
    """A factorization would need more memory than is allowed.

    Attributes
    ----------
    needed, limit : int
        Bytes.
    what, instead : str
        What needs it, and what would need less (may be empty).
    """

    needed: int
    limit: int
    what: str
    instead: str


class NotFiniteError(Error, ValueError):
    """There is a NaN or an infinity in what was given.

    Attributes
    ----------
    name : str
        The array.
    index : tuple of int
        Its first element that is not finite.
    value : float
    """

    name: str
    index: Tuple[int, ...]
    value: float


class AsymmetricError(Error, ValueError):
    """A matrix is not symmetric.

    Attributes
    ----------
    i, j : int
        The first pair of elements across the diagonal that differ.
    a, b : float
        The elements (i, j) and (j, i).
    """

    i: int
    j: int
    a: float
    b: float


class InverseError(Error, np.linalg.LinAlgError):
    """Elements of the inverse cannot be had accurately from the factors."""


class IndefiniteError(Error, np.linalg.LinAlgError):
    """A matrix is not positive definite, and its inverse no covariance.

    Attributes
    ----------
    inertia : Inertia
        The signs of its eigenvalues.
    """

    inertia: Inertia


class NotMinimumError(Error, ValueError):
    """The exact Hessian with the prior is not positive definite where a network is.

    Attributes
    ----------
    negative : int
        Negative eigenvalues of the sum of Hessians plus prior precisions.
    certain : bool
        Whether their number is.
    min_eigenvalue : float
        The smallest one.
    min_precision : float
        A prior precision above this makes it definite.
    """

    negative: int
    certain: bool
    min_eigenvalue: float
    min_precision: float


class ConvergenceError(Error, ArithmeticError):
    """An iteration did not reach what was wanted of it.

    Attributes
    ----------
    reached, wanted : float
        Numbers of eigenpairs, or relative errors of a function of H.
    """

    reached: float
    wanted: float


class ServerError(Error, RuntimeError):
    """The server has ended, could not be started, or does not answer.

    Attributes
    ----------
    output : str
        The last words of the server, if it said any.
    """

    def __init__(self, message: str, output: str = ""):
        super().__init__(message + (f"; its last words:\n{output}" if output else ""))
        self.output = output


class UnsupportedModule(Error, TypeError):
    """A model has a module that is not supported.

    Attributes
    ----------
    path : str
        Where it is in the model, as in ``model.named_modules()``; empty for the
        model itself.
    module : object
    """

    def __init__(self, path: str, module: Any, why: str):
        kind = type(module)
        name = f"{kind.__module__}.{kind.__qualname__}"
        super().__init__(f"{path or 'the model'} ({name}): {why}")
        self.path = path
        self.module = module


class Cancelled(Error):
    """A request was cancelled; raised only if it was not by an interrupt."""


_KINDS = {
    c.__name__: c
    for c in (
        InputError,
        SingularError,
        AccuracyError,
        MemoryError,
        NotFiniteError,
        AsymmetricError,
        InverseError,
        IndefiniteError,
        NotMinimumError,
        ConvergenceError,
        Cancelled,
    )
}


def error_of(d: dict) -> Error:
    """The exception for the error of an answer."""
    kind: Optional[Type[Error]] = _KINDS.get(d.get("type", ""))
    message = d.get("message", "an error without a message")
    if kind is None:
        return ServerError(message, d.get("stack", ""))
    e = kind(message)
    for key, value in d.items():
        if key in ("type", "message"):
            continue
        if key == "inertia":
            value = inertia_of(value)
        elif key == "index":
            value = tuple(value or ())
        elif value in ("NaN", "Infinity", "-Infinity") or isinstance(value, (int, float)) and key in _FLOATS:
            value = float(value)
        setattr(e, key, value)
    return e


_FLOATS = frozenset(("eps", "suggest", "cond", "reached", "wanted", "value", "a", "b", "min_eigenvalue", "min_precision"))
