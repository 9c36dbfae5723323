"""Arrays of NumPy and tensors of torch, in and out."""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional, Tuple

import numpy as np

from ._errors import InputError


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor of torch, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def numeric(x: Any, name: str) -> np.ndarray:
    """x as an array of numbers of any type, order and strides; no copy where none is needed."""
    if is_tensor(x):
        torch = sys.modules["torch"]
        if x.is_complex():
            raise InputError(f"{name} is complex; it must be real")
        x = x.detach()
        if x.is_sparse or x.is_quantized:
            raise InputError(f"{name} is a sparse or quantized tensor; it must be dense")
        if x.dtype in (torch.bfloat16, torch.float16):
            x = x.to(torch.float32)
        return x.cpu().numpy()
    if x is None:
        raise InputError(f"{name} is missing")
    a = np.asarray(x)
    if a.dtype.kind not in "fiub":
        raise InputError(f"{name} has the type {a.dtype}; it must have real numbers")
    return a


def is_integer(a: np.ndarray) -> bool:
    return a.dtype.kind in "iub"


Back = Callable[[np.ndarray], Any]


def vectors(x: Any, order: int, name: str) -> Tuple[np.ndarray, Back]:
    """x, of shape (order,), (order, 1) or (order, k), as a matrix of columns.

    Returns with it the function that gives a result of the same shape the form of
    x: for a tensor one of its type on its device, for an array one of float64.
    """
    a = numeric(x, name)
    if a.ndim not in (1, 2) or a.shape[0] != order:
        raise InputError(f"{name} has the shape {a.shape}; it must be ({order},) or ({order}, k)")
    shape = a.shape
    tensor = x if is_tensor(x) else None

    def back(y: np.ndarray) -> Any:
        return like(y.reshape(shape), tensor)

    return a.reshape(order, 1) if a.ndim == 1 else a, back


def like(y: np.ndarray, tensor: Optional[Any]) -> Any:
    """y as a tensor of the type and on the device of `tensor`; y itself without one."""
    if tensor is None:
        return y
    torch = sys.modules["torch"]
    dtype = tensor.dtype if tensor.dtype.is_floating_point else torch.float64
    return torch.from_numpy(np.ascontiguousarray(y)).to(device=tensor.device, dtype=dtype)
