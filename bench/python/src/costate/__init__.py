"""Exact second-order linear algebra for deep networks, and a sparse symmetric LDLᵀ.

    H = costate.hessian(model, torch.nn.CrossEntropyLoss(), X, y)
    F = H.factor(0.1)            # F.solve(g), F.inertia, F.logdet
    L = costate.ldl(A)           # A: scipy.sparse, symmetric, definite or not

The work is done by a server process that is started on first use and ends with this
one. All numbers are float64. See `hessian`, `mlp`, `ldl`, `train`,
`influence` and `laplace`.
"""

from __future__ import annotations

from typing import Any

from ._errors import (
    AccuracyError,
    AsymmetricError,
    Cancelled,
    ConvergenceError,
    Error,
    IndefiniteError,
    Inertia,
    InputError,
    InverseError,
    MemoryError,
    NotFiniteError,
    NotMinimumError,
    ServerError,
    SingularError,
    UnsupportedModule,
)
from ._factorization import Factorization, Report
from ._hessian import Hessian
from ._influence import Influence
from ._laplace import Laplace, Prediction
from ._ldl import LDL, ldl
from ._mlp import Network, mlp
from ._problem import Param, Problem
from ._server import shutdown
from ._spectrum import Eigenpairs
from ._train import History, train

__version__ = "0.2.0"


def problem_of(model: Any, loss: Any, X: Any, y: Any, sample_weight: Any = None) -> Problem:
    """What is sent of a model, a loss and a batch."""
    if isinstance(model, Network):
        if loss is not None:
            raise InputError("a network of mlp has its loss already; give None")
        return model.problem(X, y, sample_weight)
    if not hasattr(model, "named_modules"):
        raise InputError(f"model is a {type(model).__name__}; it must be a torch.nn.Module or come from costate.mlp")
    from ._torch import problem

    return problem(model, loss, X, y, sample_weight)


def hessian(
    model: Any, loss: Any, X: Any, y: Any, *, curvature: str = "hessian", sample_weight: Any = None
) -> Hessian:
    """The exact Hessian of a loss in all parameters of a model, on one batch.

    Parameters
    ----------
    model : torch.nn.Module or Network
        A Sequential, nested as you like, of Linear, Conv1d and Conv2d,
        AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and -2d to 1, Tanh, ReLU, GELU (both
        forms), SiLU, Sigmoid, Softplus, LeakyReLU, ELU, Identity, LayerNorm, Flatten,
        Unflatten, Dropout in eval mode, and `Residual`, `SelfAttention`, `TokenMean`,
        `Lengths` and `Sine` of `costate.modules`; or what `mlp` made. Parameters
        count in the order of ``model.parameters()``, each flattened by rows, as in
        ``torch.nn.utils.parameters_to_vector``.
    loss : torch.nn loss module, or 'ce', 'mse', 'bce'
        CrossEntropyLoss (weight, ignore_index, label_smoothing), MSELoss,
        BCEWithLogitsLoss (weight, pos_weight) or PoissonNLLLoss (of logarithms), reduction 'mean' or 'sum', or
        `costate.modules.GaussianNLL`; None for a Network.
    X : array or tensor of shape (samples, …)
        The inputs, of any floating type.
    y : array or tensor
        Class labels (samples,) or probabilities (samples, classes) for the
        cross-entropy, else targets of the shape of the outputs.
    curvature : {'hessian', 'ggn'}
        The Hessian, or its Gauss–Newton part.
    sample_weight : array of shape (samples,), optional
        Multiplies the loss of each sample.

    Raises
    ------
    UnsupportedModule
        Naming the path of the module in the model.
    """
    return Hessian(problem_of(model, loss, X, y, sample_weight), curvature)


def influence(
    model: Any, loss: Any, X: Any, y: Any, *, damping: float = 0.0, curvature: str = "hessian", sample_weight: Any = None
) -> Influence:
    """The influence of training samples on losses, outputs and parameters.

    Parameters
    ----------
    model, loss, X, y, curvature, sample_weight
        As for `hessian`: the trained model and all of its training data. The loss has
        reduction='mean'. With weights of classes ℓ_i has that of its class, and all w_i
        are samples over the sum of these, by which torch divides.
    damping : float
        What training had as weight decay, ½·damping·‖θ‖² added to the mean loss. A larger
        one makes an indefinite Hessian definite, but then influences are no derivatives
        of training.

    Raises
    ------
    SingularError
        If H + damping·I is singular; a larger damping is the cure.
    """
    with hessian(model, loss, X, y, curvature=curvature, sample_weight=sample_weight) as h:
        return h.influence(damping)


def laplace(
    model: Any,
    loss: Any,
    X: Any,
    y: Any,
    *,
    prior_precision: Any = 1.0,
    groups: str = "scalar",
    noise: float = 0.0,
    temperature: float = 0.0,
    prior_mean: Any = None,
    curvature: str = "ggn",
    sample_weight: Any = None,
) -> Laplace:
    """The Laplace approximation of a trained model, with all of its curvature.

    Parameters
    ----------
    model, loss, X, y, curvature, sample_weight
        As for `hessian`: the trained model and all of its training data. The loss stands
        for the negative log-likelihood, MSELoss for that of a normal distribution; it has
        reduction='mean', and samples times the loss, or times targets where it is a mean
        over these, is the negative log-likelihood, also where samples, classes or targets
        have weights. With curvature='ggn' samples times outputs
        have to be a few thousand at most, and layer norms without weights; 'hessian' needs
        a minimum.
    prior_precision : float, or one a group
    groups : {'scalar', 'layer', 'tensor', 'ard'}
        Which parameters have a prior precision in common: all, those of a layer, of one
        weight matrix or bias, or with 'ard' those of one input of the first layer.
    noise : float
        The standard deviation of the targets of MSELoss; 0 is 1.
    temperature : float
        Divides the log-likelihood; 0 is 1.
    prior_mean : array of shape (n,), optional
        The mean of the prior, flat; zeros if it is not given.

    Raises
    ------
    NotMinimumError
        With curvature='hessian', if the matrix is not positive definite.
    MemoryError
        If output space does not fit; it says how many samples would.
    """
    with hessian(model, loss, X, y, curvature=curvature, sample_weight=sample_weight) as h:
        return h.laplace(prior_precision, groups=groups, noise=noise, temperature=temperature, prior_mean=prior_mean)


def __getattr__(name: str) -> Any:
    """The modules for torch, which are imported only where they are used."""
    if name in _MODULES:
        from . import modules

        return getattr(modules, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_MODULES = ("GaussianNLL", "Lengths", "Residual", "SelfAttention", "Sine", "TokenMean")

__all__ = [
    "AccuracyError",
    "AsymmetricError",
    "Cancelled",
    "ConvergenceError",
    "Eigenpairs",
    "Error",
    "Factorization",
    "Hessian",
    "History",
    "IndefiniteError",
    "Inertia",
    "Influence",
    "InputError",
    "InverseError",
    "LDL",
    "Laplace",
    "MemoryError",
    "Network",
    "NotFiniteError",
    "NotMinimumError",
    "Param",
    "Prediction",
    "Report",
    "ServerError",
    "SingularError",
    "UnsupportedModule",
    "hessian",
    "influence",
    "laplace",
    "ldl",
    "mlp",
    "shutdown",
    "train",
]
