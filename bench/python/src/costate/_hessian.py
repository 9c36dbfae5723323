"""The Hessian of a network's loss, and factorizations of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _server
from ._arrays import like, numeric, vectors
from ._errors import Inertia, InputError, inertia_of
from ._operator import Symmetric
from ._problem import Param, Problem
from ._spectrum import Eigenpairs, eigenpairs, function, samples

if TYPE_CHECKING:
    from ._influence import Influence
    from ._laplace import Laplace

_CURVATURES = {"hessian": "hessian", "ggn": "ggn", "gauss-newton": "ggn", "gauss_newton": "ggn"}


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
        head, out = self._handle.request("solve", arrays={"b": (a, "<f8")}, room=8 * a.size)
        self._facts["report"] = head.get("report", self._facts["report"])
        return back(out["x"])

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
        return like(self._handle.request("inverse_diagonal", room=8 * self.shape[0])[1]["x"], self.hessian._like)

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
        return like(samples(self._handle, self.shape[0], count, seed), self.hessian._like)

    def __repr__(self) -> str:
        return f"<costate.Factorization of order {self.shape[0]}, {self.method}, eps={self.report.eps:g}>"


def damping(eps: Any) -> list:
    a = np.atleast_1d(np.asarray(numeric(eps, "eps"), dtype=np.float64))
    if a.ndim != 1 or not np.isfinite(a).all():
        raise InputError(f"eps is {eps!r}; it must be a finite number, or one for each stage")
    return a.tolist()


class Hessian(Symmetric):
    """The exact Hessian of a loss in all parameters of a network, on one batch.

    A SciPy LinearOperator of float64 (without SciPy an object with ``@``, ``matvec``
    and ``matmat``): ``H @ v`` is a product, for arrays and tensors. It is never
    formed. Made by `hessian`; threads may share it.

    Attributes
    ----------
    params : tuple of Param
        Names, shapes and places of the parameters in the flat order.
    loss : float
        The loss at these parameters.
    """

    def __init__(self, problem: Problem, curvature: str = "hessian"):
        if curvature not in _CURVATURES:
            raise InputError(f"curvature is {curvature!r}; it must be 'hessian' or 'ggn'")
        super().__init__(problem.params.size)
        server = _server.current()
        head, _ = server.request("network", {"network": problem.spec, "curvature": _CURVATURES[curvature]}, problem.arrays())
        self._handle = _server.Handle(server, head["handle"], self)
        self._head = head
        self._like = problem.like
        self._samples = problem.inputs.shape[0]
        self._problem = problem.without_data()
        self.params: Tuple[Param, ...] = problem.layout
        self.curvature = _CURVATURES[curvature]

    @property
    def loss(self) -> float:
        return float(self._head["loss"])

    @property
    def stages(self) -> int:
        """How many stages the network has: the length of a list of dampings."""
        return self._head["stages"]

    def _apply(self, v: Any) -> Any:
        a, back = vectors(v, self.shape[0], "v")
        _, out = self._handle.request("multiply", arrays={"v": (a, "<f8")}, room=8 * a.size)
        return back(out["x"])

    @property
    def gradient(self) -> Any:
        """The gradient of the loss, flat: a tensor if the model is one of torch."""
        _, out = self._handle.request("gradient", room=8 * self.shape[0])
        return like(out["gradient"], self._like)

    @property
    def outputs(self) -> Any:
        """The outputs of the network, of the shape of the model's: (samples, …)."""
        _, out = self._handle.request("gradient", room=8 * self.shape[0])
        return like(out["outputs"].reshape((self._samples,) + self._problem.outputs), self._like)

    def diagonal(self) -> Any:
        """The diagonal, exactly. One pass through the layers; with layers that are
        learned scales, act on positions or tokens, or are in a residual block of several,
        a product for each parameter."""
        _, out = self._handle.request("diagonal", room=8 * self.shape[0])
        return like(out["x"], self._like)

    def toarray(self) -> np.ndarray:
        """The whole matrix, by products with all unit vectors: for small ones."""
        return self @ np.eye(self.shape[0])

    def factor(self, eps: Union[float, Sequence[float]] = 0.0, *, method: str = "auto", tolerance: float = 0.0) -> Factorization:
        """Factor H + εI.

        Parameters
        ----------
        eps : float, or one float a stage
            The damping ε; negative for a shift.
        method : {'auto', 'chain', 'gram', 'block', 'dense'}
            'auto' takes the exact one that counts the fewest operations.
        tolerance : float
            The backward error that solutions must reach; 0 is 1e-14.

        Raises
        ------
        SingularError
            If H + εI is singular to working accuracy.
        MemoryError
            If it would need more memory than is allowed; nothing was allocated.
        """
        return Factorization(self, eps, method, tolerance)

    def count_below(self, shifts: Any) -> Any:
        """Count the eigenvalues of H below each shift, by one factorization each.

        Parameters
        ----------
        shifts : float or array of shape (k,)

        Returns
        -------
        counts : int or array of int64 of shape (k,)

        Raises
        ------
        InputError
            If a count is not certain, because an eigenvalue is too close to a shift.
        """
        a = numeric(shifts, "shifts")
        if a.ndim > 1:
            raise InputError(f"shifts has the shape {a.shape}; it must be a number or (k,)")
        _, out = self._handle.request("count", arrays={"shifts": (a.reshape(-1), "<f8")}, room=16 * a.size)
        if not out["certain"].all():
            bad = int(np.flatnonzero(out["certain"] == 0)[0])
            raise InputError(f"an eigenvalue is too close to {a.reshape(-1)[bad]} to tell on which side it is")
        return out["below"] if a.ndim else int(out["below"][0])

    def eigenpairs(
        self, k: int = 6, which: str = "near", *, near: float = 0.0, tolerance: float = 0.0, products: bool = False
    ) -> Eigenpairs:
        """Find k eigenvalues of H with their vectors, and prove that none is missing.

        Parameters
        ----------
        k : int
        which : {'near', 'negative', 'smallest', 'largest'}
            The nearest to `near`; the most negative, of which there may be fewer; those at
            an end of the spectrum.
        tolerance : float
            The residual ‖Hv − λv‖/‖H‖ that pairs must reach; 0 is 1e-12.
        products : bool
            Factor nothing, for what is too large: only for the two ends, and then nothing
            is proved (`complete` is false).

        Returns
        -------
        Eigenpairs

        Raises
        ------
        ConvergenceError
            If fewer were found.
        MemoryError
            If H - shift·I would need more memory than is allowed.
        """
        return eigenpairs(self, k, which, near, tolerance, products)

    def inverse_abs(self, v: Any, eps: float, *, tolerance: float = 0.0) -> Any:
        """(H² + ε²)^-½ v by products: a smooth |H|⁻¹ v, the step of saddle-free Newton
        methods for the gradient v. v is of shape (n,) or (n, k); the tolerance is a
        relative error, 0 is 1e-10. ConvergenceError if it is not reached."""
        return function(self, "inverse_abs", v, eps, 0.0, tolerance)

    def sign(self, v: Any, eps: float, *, tolerance: float = 0.0) -> Any:
        """H (H² + ε²)^-½ v: a smooth sign of H times v; see `inverse_abs`."""
        return function(self, "sign", v, eps, 0.0, tolerance)

    def project_above(self, v: Any, near: float, eps: float, *, tolerance: float = 0.0) -> Any:
        """v projected on the eigenvectors with eigenvalues above `near`, where none is
        within a multiple of eps of it; see `inverse_abs`."""
        return function(self, "projector", v, eps, near, tolerance)

    def influence(self, damping: float = 0.0, *, tolerance: float = 0.0) -> "Influence":
        """Factor for the influence of this batch's samples; see `Influence`.

        `damping` is what training had as weight decay, ½·damping·‖θ‖². With
        curvature='ggn' influences are those of the Gauss–Newton matrix.
        """
        from ._influence import Influence

        return Influence(self, damping, tolerance)

    def laplace(
        self,
        prior_precision: Union[float, Sequence[float]] = 1.0,
        *,
        groups: str = "scalar",
        noise: float = 0.0,
        temperature: float = 0.0,
        prior_mean: Any = None,
    ) -> "Laplace":
        """The Laplace approximation at these parameters, with this batch as all of the
        training data; see `costate.laplace` and `Laplace`. The matrix is that of
        `curvature`."""
        from ._laplace import Laplace

        return Laplace(self, prior_precision, groups, noise, temperature, prior_mean)

    def move(self, params: Any) -> "Hessian":
        """Take other parameters: the Hessian is then that at the new point.

        Factorizations stay at the old one until `Factorization.update`.

        Parameters
        ----------
        params : torch.nn.Module or array or tensor of shape (n,)
            The model with its new parameters, or all of them, flat.
        """
        if hasattr(params, "named_parameters"):
            from ._torch import flat_parameters

            params = flat_parameters(params, self.params)
        a = numeric(params, "params")
        if a.shape != (self.shape[0],):
            raise InputError(f"params has the shape {a.shape}; it must be ({self.shape[0]},)")
        self._head = self._handle.request("move", arrays={"params": (a, "<f8")})[0]
        return self

    def split(self, v: Any) -> Dict[str, Any]:
        """Cut a flat vector into arrays of the shapes of the parameters, by name."""
        if v.shape != (self.shape[0],):
            raise InputError(f"v has the shape {tuple(v.shape)}; it must be ({self.shape[0]},)")
        return {p.name: v[p.start : p.stop].reshape(p.shape) for p in self.params}

    def close(self) -> None:
        """Free the server's memory now, not when this object goes."""
        self._handle.close()

    def __enter__(self) -> "Hessian":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<costate.Hessian of order {self.shape[0]}, {len(self.params)} arrays, {self._samples} samples, loss {self.loss:.6g}>"
