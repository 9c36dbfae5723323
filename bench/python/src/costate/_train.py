"""Training by Levenberg and Marquardt's method."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._hessian import Hessian
from ._mlp import Network


class History(NamedTuple):
    """How a training went.

    Attributes
    ----------
    reason : str
        Why it ended: target, steps, seconds or stalled (no step lowers the loss).
    step, loss, damping, seconds : array of float64
        One entry a step; the first is the start, whose damping is NaN.
    model : torch.nn.Module or Network
        With the parameters that were found: the module that was given, changed in
        place, or for a Network another one.
    """

    reason: str
    step: np.ndarray
    loss: np.ndarray
    damping: np.ndarray
    seconds: np.ndarray
    model: Any

    def __repr__(self) -> str:
        return f"<costate.History of {len(self.step) - 1} steps, loss {self.loss[0]:.6g} to {self.loss[-1]:.6g}, ended by {self.reason}>"


def train(
    model: Any,
    loss: Any = None,
    X: Any = None,
    y: Any = None,
    *,
    steps: int = 0,
    seconds: float = 0.0,
    target: float = 0.0,
    damping: float = 0.0,
) -> History:
    """Train on one batch by exact damped Gauss–Newton steps.

    Parameters
    ----------
    model, loss, X, y
        As for `hessian`. The parameters of a torch model are changed in place.
    steps : int
        At most so many steps; 0 is no limit, if `seconds` is one. 100 if neither is given.
    seconds : float
        At most so many seconds in steps.
    target : float
        Stop where the loss is at most this.
    damping : float
        The first damping; 0 chooses one.

    Returns
    -------
    History
    """
    from . import problem_of

    if not steps and not seconds:
        steps = 100
    with Hessian(problem_of(model, loss, X, y), "ggn") as h:
        head, out = h._handle.request(
            "train",
            {"steps": int(steps), "seconds": float(seconds), "target": float(target), "damping": float(damping)},
            room=8 * h.shape[0],
        )
        places, params = h.params, h._problem.received(out["params"])
    result: Any
    if isinstance(model, Network):
        result = model.with_parameters(params)
    else:
        from ._torch import write_parameters

        write_parameters(model, places, params)
        result = model
    return History(head["reason"], out["step"], out["loss"], out["damping"], out["seconds"], result)


