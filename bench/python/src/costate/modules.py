"""Modules for torch models that this package knows. Needs torch."""

from __future__ import annotations

import torch


class Residual(torch.nn.Module):
    """A residual block: x ↦ x + block(x).

    `block` is a Linear of equal widths, or a Sequential of one and an activation.
    """

    def __init__(self, block: torch.nn.Module):
        super().__init__()
        self.block = block

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.block(x)
