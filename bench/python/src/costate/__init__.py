"""Exact second-order linear algebra for deep networks, and a sparse symmetric LDLᵀ.

    H = costate.hessian(model, torch.nn.CrossEntropyLoss(), X, y)
    F = H.factor(0.1)            # F.solve(g), F.inertia, F.logdet
    L = costate.ldl(A)           # A: scipy.sparse, symmetric, definite or not

The work is done by a server process that is started on first use and ends with this
one. All numbers are float64. See `hessian`, `mlp`, `ldl` and `train`.
"""

from __future__ import annotations

from typing import Any

from ._errors import (
    AccuracyError,
    AsymmetricError,
    Cancelled,
    Error,
    Inertia,
    InputError,
    InverseError,
    MemoryError,
    NotFiniteError,
    ServerError,
    SingularError,
    UnsupportedModule,
)
from ._hessian import Factorization, Hessian, Report
from ._ldl import LDL, ldl
from ._mlp import Network, mlp
from ._problem import Param, Problem
from ._server import shutdown
from ._train import History, train

__version__ = "0.1.0"


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
        A Sequential, nested as you like, of Linear, Conv1d and Conv2d (of one group),
        AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and -2d to 1, Tanh, ReLU, GELU (both
        forms), SiLU, Sigmoid, Softplus, LeakyReLU, ELU, Identity, LayerNorm, Flatten,
        Unflatten, Dropout in eval mode, and `Residual`, `SelfAttention` and `Sine` of
        `costate.modules`; or what `mlp` made. Parameters
        count in the order of ``model.parameters()``, each flattened by rows, as in
        ``torch.nn.utils.parameters_to_vector``.
    loss : torch.nn loss module, or 'ce', 'mse', 'bce'
        CrossEntropyLoss (weight, ignore_index, label_smoothing), MSELoss,
        BCEWithLogitsLoss or PoissonNLLLoss (of logarithms), reduction 'mean' or 'sum', or
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


__all__ = [
    "AccuracyError",
    "AsymmetricError",
    "Cancelled",
    "Error",
    "Factorization",
    "Hessian",
    "History",
    "Inertia",
    "InputError",
    "InverseError",
    "LDL",
    "MemoryError",
    "Network",
    "NotFiniteError",
    "Param",
    "Report",
    "ServerError",
    "SingularError",
    "UnsupportedModule",
    "hessian",
    "ldl",
    "mlp",
    "shutdown",
    "train",
]
