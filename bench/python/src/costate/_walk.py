"""The walk through a torch model that collects its layers. Imported only where one comes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch

from ._errors import InputError, UnsupportedModule

Take = Callable[["Walk", Any, str], None]
"""Takes a module at its path: adds layers and parameters to the walk."""


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


class Walk:
    """Collects the layers of a model and its parameters, in order.

    `shape` is that of a sample where the walk is, as torch has it. The numbers of a
    sample stand in torch's order, or where `moved` is true with the channels, which are
    first in `shape`, last: the order of the server's convolutions.
    """

    def __init__(self, shape: Tuple[int, ...], module: Take) -> None:
        self._module = module
        self.layers: List[Dict[str, Any]] = []
        self.names: List[str] = []
        self.tensors: List[torch.Tensor] = []
        self.moves: List[Tuple[int, np.ndarray]] = []  # of parameters that the server has in another order
        self.owners: Dict[int, str] = {}
        self.shape = shape
        self.moved = False
        self.checked = False  # whether a module has said what it takes
        self.lengths = False  # whether samples say how many of their tokens count
        self.masked = 0  # modules that keep to it

    def module(self, m: Any, path: str) -> None:
        """Take a module of any kind."""
        self._module(self, m, path)

    # Parameters.

    def parameter(self, t: Any, name: str, m: Any, path: str) -> None:
        if id(t) in self.owners:
            raise UnsupportedModule(path, m, f"it shares {name} with {self.owners[id(t)] or 'another module'}; parameters that are used twice are not supported")
        if not t.requires_grad:
            raise UnsupportedModule(path, m, f"{name} is frozen (requires_grad is false), but the Hessian is in all parameters of a model; frozen layers at the beginning can be left out, with what they make of the data as X")
        if t.is_complex():
            raise UnsupportedModule(path, m, f"{name} is complex")
        self.owners[id(t)] = path
        self.names.append(join(path, name))
        self.tensors.append(t)

    def weights(self, m: Any, path: str) -> None:
        self.parameter(m.weight, "weight", m, path)
        if m.bias is not None:
            self.parameter(m.bias, "bias", m, path)

    def order(self) -> Optional[np.ndarray]:
        """The places in torch's order of the parameters in the server's; None if it is the
        same."""
        order = np.arange(sum(t.numel() for t in self.tensors))
        same = True
        for start, index in self.moves:
            same = same and bool((order[start : start + index.size] == index).all())
            order[start : start + index.size] = index
        return None if same else order

    # Samples.

    def expect(self, m: Any, path: str, fits: bool, takes: str) -> None:
        """Whether a module fits to what comes; to the first one it is X that comes."""
        if not fits:
            if not self.checked:
                raise InputError(f"X has samples of the shape {self.shape}, but {path or 'the model'} ({type(m).__name__}) {takes}")
            raise UnsupportedModule(path, m, f"it {takes}, but {self.shape} comes")
        self.checked = True

    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def image(self) -> Dict[str, int]:
        """The shape (channels, …) as the protocol has it."""
        height, width = self.shape[1:] if len(self.shape) == 3 else (1, self.shape[1])
        return {"height": height, "width": width, "channels": self.shape[0]}

    def channels_last(self) -> None:
        """Let the numbers of a sample stand by position, then channel."""
        if not self.moved:
            self.layers.append({"kind": "unflatten", **self.image()})
            self.moved = True

    def as_torch(self) -> None:
        """Let the numbers of a sample stand as torch has them."""
        if self.moved and self.shape[0] > 1 and self.size() > self.shape[0]:
            self.layers.append({"kind": "flatten", **self.image()})
        self.moved = False
