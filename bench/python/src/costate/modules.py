"""Modules and a loss for torch models that this package knows. Needs torch."""

from __future__ import annotations

import torch


class Residual(torch.nn.Module):
    """A residual block: x ↦ x + block(x).

    `block` is any module that is supported, such as a Sequential, whose outputs have the
    shape of its inputs.
    """

    def __init__(self, block: torch.nn.Module):
        super().__init__()
        self.block = block

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.block(x)


class SelfAttention(torch.nn.Module):
    """Attention of the tokens of a sample to each other, for a Sequential.

    torch's MultiheadAttention of x, x and x, which by itself takes three arguments and
    returns two results.

    Parameters
    ----------
    width : int
        Of a token: the input is (samples, tokens, width), and so is the output.
    heads : int
        Divides the width.
    bias : bool
        Whether the projections have biases.
    causal : bool
        A token attends only to itself and those before.
    """

    def __init__(self, width: int, heads: int, bias: bool = True, causal: bool = False):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(width, heads, bias=bias, batch_first=True)
        self.causal = bool(causal)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = None
        if self.causal:
            mask = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool, device=x.device).triu(1)
        # With its weights asked for, torch can differentiate it twice on every device.
        return self.attention(x, x, x, attn_mask=mask, need_weights=True)[0]


class Sine(torch.nn.Module):
    """The activation x ↦ sin(frequency·x)."""

    def __init__(self, frequency: float = 1.0):
        super().__init__()
        self.frequency = float(frequency)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sin(self.frequency * x)


class GaussianNLL(torch.nn.Module):
    """The loss of a model that gives means and logarithms of variances.

    Of 2m outputs of a sample the first m are means μ, the others log-variances s, for
    targets t of shape (samples, m): the mean over all of ½(s + (t − μ)² exp(−s)), which is
    torch's GaussianNLLLoss with var = exp(s) and eps = 0.
    """

    def forward(self, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        mean, log = z.chunk(2, dim=-1)
        return (0.5 * (log + (t - mean) ** 2 * torch.exp(-log))).mean()
