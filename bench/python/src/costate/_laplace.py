"""The Laplace approximation: uncertainty of parameters and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from . import _server
from ._arrays import like, numeric
from ._errors import Inertia, InputError, inertia_of
from ._spectrum import samples, seed_of

if TYPE_CHECKING:
    from ._hessian import Hessian

_GROUPS = ("scalar", "layer", "tensor", "ard")
_LINKS = ("probit", "bridge", "montecarlo")


class Prediction(NamedTuple):
    """The normal distribution of the outputs of samples.

    Attributes
    ----------
    mean : array of float64 of shape (samples, outputs)
        The outputs of the network.
    cov : array of float64 of shape (samples, outputs, outputs)
        Their covariances, from the parameters alone.
    noise_variance : float
        Of the targets, for MSELoss: what to add to the variances of the outputs for those
        of targets. 0 for other losses.
    probabilities : array of float64 of shape (samples, outputs), or None
        Of the classes, with the covariances taken into account.
    """

    mean: np.ndarray
    cov: np.ndarray
    noise_variance: float
    probabilities: Optional[np.ndarray]

    @property
    def variance(self) -> np.ndarray:
        """Variances of the outputs, samples × outputs."""
        return np.diagonal(self.cov, axis1=1, axis2=2).copy()


class Laplace:
    """The normal distribution N(θ, (Σ_n H_n + Λ)⁻¹) of the parameters of a trained network.

    H_n is the Gauss–Newton matrix, or the Hessian, of the negative log-likelihood of
    training sample n, and Λ holds the prior precisions: sums, so that a precision λ is a
    damping λ/N of the mean loss. Nothing of the order of parameters squared is formed.
    Made by `laplace` or `Hessian.laplace`. Threads may share it, one at a time is
    answered.

    Attributes
    ----------
    groups : tuple of str
        The groups of parameters with one prior precision each.
    """

    def __init__(self, hessian: "Hessian", prior_precision: Any, groups: str, noise: float, temperature: float, prior_mean: Any):
        hessian._problem.require_mean("laplace")
        if groups not in _GROUPS:
            raise InputError(f"groups is {groups!r}; it must be one of {', '.join(_GROUPS)}")
        precision = np.atleast_1d(np.asarray(numeric(prior_precision, "prior_precision"), dtype=np.float64))
        if precision.ndim != 1 or not (np.isfinite(precision) & (precision > 0)).all() or not (np.isfinite(noise) and np.isfinite(temperature)):
            raise InputError(f"prior_precision is {prior_precision!r}, noise {noise} and temperature {temperature}; all must be finite, and precisions positive: one, or one a group")
        head: Dict[str, Any] = {"groups": groups, "precision": precision.tolist(), "noise": float(noise), "temperature": float(temperature)}
        arrays = {}
        if prior_mean is not None:
            mean = numeric(prior_mean, "prior_mean")
            if mean.shape != (hessian.shape[0],):
                raise InputError(f"prior_mean has the shape {mean.shape}; it must be ({hessian.shape[0]},)")
            arrays["prior_mean"] = (hessian._problem.sent(mean), "<f8")
        self._facts, out = hessian._handle.request("laplace", head, arrays, room=1 << 12)
        self._precision = out["precision"]
        self._handle = _server.Handle(hessian._handle.server, self._facts["handle"], self)
        self._problem = hessian._problem
        self._like = hessian._like
        self._order = hessian.shape[0]
        self.groups: Tuple[str, ...] = tuple(self._facts["groups"])

    @property
    def log_marginal(self) -> float:
        """The log evidence: log p(targets) with the parameters integrated out."""
        return float(self._facts["log_marginal"])

    @property
    def prior_precision(self) -> np.ndarray:
        """One for each of `groups`."""
        return self._precision.copy()

    @property
    def noise(self) -> float:
        """The standard deviation of the targets, for MSELoss; 0 for other losses."""
        return float(self._facts["noise"])

    @property
    def relative_gradient(self) -> float:
        """The norm of the gradient of the log-posterior over the norms of its two parts.

        Where it is not small the network is at no minimum of loss and prior together, and
        the evidence is not the evidence.
        """
        return float(self._facts["relative_gradient"])

    @property
    def inertia(self) -> Inertia:
        """That of Σ H_n + Λ."""
        return inertia_of(self._facts["inertia"])

    def maximize_evidence(self, *, fixed_noise: bool = False, max_steps: int = 0) -> "Laplace":
        """Take the prior precisions, and the noise, of the greatest evidence.

        The parameters stay. The evidence has one maximum in the logarithms of all of them,
        which Newton's method finds. Needs curvature='ggn'. Returns self.

        Parameters
        ----------
        fixed_noise : bool
            Leave the noise of MSELoss as it is.
        max_steps : int
            At most so many steps; 0 is 100.
        """
        if max_steps < 0:
            raise InputError(f"max_steps is {max_steps}; it must be at least 0")
        handle = self._facts["handle"]
        facts, out = self._handle.request("evidence", {"fixed_noise": bool(fixed_noise), "steps": int(max_steps)}, room=1 << 12)
        self._facts, self._precision = {**facts, "handle": handle}, out["precision"]
        return self

    def effective_params(self) -> np.ndarray:
        """How many parameters of each group the data determine, of shape (groups,)."""
        return self._handle.request("effective_params", room=1 << 12)[1]["x"]

    def variances(self) -> Any:
        """The marginal variances of all parameters, flat (n,)."""
        x = self._handle.request("inverse_diagonal", room=8 * self._order)[1]["x"]
        return like(self._problem.received(x), self._like)

    def sample(self, count: int = 1, *, seed: int = 0) -> Any:
        """Parameters drawn from the distribution, of shape (n, count): the columns.

        The same seed gives the same ones.
        """
        return like(self._problem.received(samples(self._handle, self._order, count, seed)), self._like)

    def predict(self, X: Any, *, link: str = "probit", count: int = 1000, seed: int = 0) -> Prediction:
        """Means, covariances and class probabilities of the outputs.

        Parameters
        ----------
        X : array or tensor of shape (samples, …)
        link : {'probit', 'bridge', 'montecarlo'}
            How probabilities come from the normal distribution of the outputs: MacKay's
            approximation, the Laplace bridge to Dirichlet distributions, or means over
            samples of it.
        count, seed : int
            How many samples 'montecarlo' takes, and which.
        """
        if link not in _LINKS:
            raise InputError(f"link is {link!r}; it must be one of {', '.join(_LINKS)}")
        x = self._problem.rows(X)
        c = int(np.prod(self._problem.outputs))
        head, out = self._handle.request(
            "predict", {"link": link, "count": int(count), "seed": seed_of(seed)}, {"X": (x, "<f8")}, room=8 * x.shape[0] * c * (c + 2) + 256
        )
        return Prediction(out["mean"], out["cov"], float(head["noise_variance"]), out.get("probabilities"))

    def close(self) -> None:
        """Free the server's memory now, not when this object goes."""
        self._handle.close()

    def __enter__(self) -> "Laplace":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
