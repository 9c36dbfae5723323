"""Factorizations, and what they know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _server
from ._arrays import like, numeric, vectors
from ._errors import Inertia, InputError, inertia_of
from ._operator import Symmetric
from ._problem import Problem
from ._spectrum import samples

if TYPE_CHECKING:
    from ._hessian import Hessian


class Report(NamedTuple):
    """What a factorization and its last solve did.

    Attributes
    ----------
    eps : float
        The damping asked for.
    shift : float
        By how much more was factored, away from a singular pivot block; solutions
        are refined against `eps`.
    backward_error : float
        ‖b − (H+εI)x‖ / (‖H‖‖x‖ + ‖b‖) of the last solve, measured by products
        with H: the worst of its columns. 0 before the first.
    refinements : int
        Steps of iterative refinement of the last solve.
    growth : float
        Largest element of the pivot blocks over the norm of the matrix.
    norm : float
        A lower bound of ‖H‖, with which the backward error was measured.
    flops, bytes : int
        Floating-point operations of the factorization, and the memory it holds.
    """

    eps: float
    shift: float
    backward_error: float
    refinements: int
    growth: float
    norm: float
    flops: int
    bytes: int


def report_of(d: Dict[str, Any]) -> Report:
    return Report(
        float(d["eps"]),
        float(d["shift"]),
        float(d["backward_error"]),
        d["refinements"],
        float(d["growth"]),
        float(d["norm"]),
        d["flops"],
        d["bytes"],
    )


class Factored(Symmetric):
    """What factorizations have in common. As an operator it is the inverse matrix."""

    _handle: _server.Handle
    _facts: Dict[str, Any]
    _problem: Optional[Problem] = None  # whose parameters the unknowns are

    def _apply(self, x: Any) -> Any:
        return self.solve(x)

    def solve(self, b: Any) -> Any:
        """Solve for one or many right-hand sides.

        Parameters
        ----------
        b : array or tensor of shape (n,) or (n, k)
            The columns are right-hand sides.

        Returns
        -------
        x : of the shape of b
            float64; for a tensor one of its type on its device.

        Raises
        ------
        AccuracyError
            If the measured backward error is above the tolerance (1e-14 if none was
            given): no bad answer is returned.
        """
        a, back = vectors(b, self.shape[0], "b")
        p = self._problem
        head, out = self._handle.request("solve", arrays={"b": (p.sent(a) if p else a, "<f8")}, room=8 * a.size)
        self._facts["report"] = head.get("report", self._facts["report"])
        return back(p.received(out["x"]) if p else out["x"])

    def _again(self, op: str, fields: Mapping[str, Any] = {}, arrays: _server.Arrays = {}) -> None:
        """Factor anew. Where that fails the old inertia is not known any more either."""
        self._facts = {k: v for k, v in self._facts.items() if k not in ("inertia", "logdet")}
        self._facts = {**self._facts, **self._handle.request(op, fields, arrays)[0]}

    def _known(self) -> Dict[str, Any]:
        """Inertia and determinant of the last factorization, asked for when they are
        first wanted, since to certify them may take as long as to factor."""
        facts = self._facts
        if "inertia" not in facts:
            facts.update(self._handle.request("inertia")[0])
        return facts

    @property
    def inertia(self) -> Inertia:
        """Numbers of negative, zero and positive eigenvalues."""
        return inertia_of(self._known()["inertia"])

    @property
    def logdet(self) -> float:
        """log|det| of the matrix that was factored."""
        return float(self._known()["logdet"]["log"])

    @property
    def logdet_error(self) -> float:
        """A bound of the absolute error of `logdet`, infinite where none is known."""
        return float(self._known()["logdet"]["error"])

    @property
    def sign(self) -> float:
        """The sign of its determinant, 0 if the inertia is not certain."""
        return float(self._known()["logdet"]["sign"])

    @property
    def report(self) -> Report:
        """What the factorization and its last solve did."""
        return report_of(self._facts["report"])

    @property
    def backward_error(self) -> float:
        """The measured backward error of the last solve."""
        return self.report.backward_error

    def cond(self) -> float:
        """Estimate the condition number in the 1-norm, by a few solves.

        Rarely less than a third of it and never more.
        """
        head, _ = self._handle.request("condition")
        return float(head["condition"])

    def close(self) -> None:
        """Free the server's memory now, not when this object goes."""
        self._handle.close()

    def __enter__(self) -> "Factored":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Factorization(Factored):
    """A factorization of H + εI, made by `Hessian.factor`.

    It is the inverse (H + εI)⁻¹ as a SciPy LinearOperator, so that
    ``eigsh(H, sigma=s, OPinv=H.factor(-s))`` works. Threads may share it.
    """

    def __init__(self, hessian: "Hessian", eps: Any, method: str, tolerance: float):
        super().__init__(hessian.shape[0])
        server = hessian._handle.server
        head, _ = hessian._handle.request("factor", {"eps": damping(eps), "method": method, "tolerance": tolerance})
        self._facts = head
        self._handle = _server.Handle(server, head["handle"], self)
        self.hessian = hessian
        self._problem = hessian._problem

    @property
    def method(self) -> str:
        """How it was factored: chain, gram, block or dense."""
        return self._facts["method"]

    def refactor(self, eps: Union[float, Sequence[float]]) -> "Factorization":
        """Factor with another damping, in the same memory. Returns self.

        If it fails, solving raises until a refactor succeeds.
        """
        self._again("refactor", {"eps": damping(eps)})
        return self

    def update(self, eps: Optional[Union[float, Sequence[float]]] = None) -> "Factorization":
        """Factor at the parameters where the Hessian is now, after `Hessian.move`.

        The damping is the last one unless another is given. Returns self.
        """
        self._again("update", {} if eps is None else {"eps": damping(eps)})
        return self

    def inverse_diagonal(self) -> Any:
        """The diagonal of (H + εI)⁻¹, flat (n,). Not for the method 'block'."""
        x = self._handle.request("inverse_diagonal", room=8 * self.shape[0])[1]["x"]
        return like(self.hessian._problem.received(x), self.hessian._like)

    def sample(self, count: int = 1, *, seed: int = 0) -> Any:
        """Draw from the normal distribution N(0, (H + εI)⁻¹).

        Parameters
        ----------
        count : int
        seed : int
            The same seed gives the same samples.

        Returns
        -------
        array or tensor of shape (n, count)
            The columns are samples.

        Raises
        ------
        IndefiniteError
            If H + εI is not positive definite.
        """
        x = samples(self._handle, self.shape[0], count, seed)
        return like(self.hessian._problem.received(x), self.hessian._like)

    def __repr__(self) -> str:
        return f"<costate.Factorization of order {self.shape[0]}, {self.method}, eps={self.report.eps:g}>"


def damping(eps: Any) -> list:
    a = np.atleast_1d(np.asarray(numeric(eps, "eps"), dtype=np.float64))
    if a.ndim != 1 or not np.isfinite(a).all():
        raise InputError(f"eps is {eps!r}; it must be a finite number, or one for each stage")
    return a.tolist()
