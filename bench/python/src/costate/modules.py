"""Modules and a loss for torch models that this package knows. Needs torch."""

from __future__ import annotations

import threading
from typing import Any, Optional

import torch

# How many tokens count of each sample of the batch that a Lengths of this thread is at.
_batch = threading.local()


def _padding(tokens: int) -> Optional[torch.Tensor]:
    """Where tokens do not count, samples × tokens; None if all do."""
    lengths = getattr(_batch, "lengths", None)
    if lengths is None:
        return None
    return torch.arange(tokens, device=lengths.device)[None, :] >= lengths[:, None]


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
        return self.attention(x, x, x, attn_mask=mask, key_padding_mask=_padding(x.shape[-2]), need_weights=True)[0]


class TokenMean(torch.nn.Module):
    """The mean over the tokens of a sample: (samples, tokens, width) to (samples, width).

    Inside of `Lengths` it is the mean over those that count.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padding = _padding(x.shape[1])
        if padding is None:
            return x.mean(1)
        counts = (~padding).to(x.dtype)
        return (counts[:, :, None] * x).sum(1) / counts.sum(1)[:, None]


class Lengths(torch.nn.Module):
    """A model of sequences of unequal length, padded to the same number of tokens.

    The first number of a sample says how many of its tokens count; behind it are the
    tokens: X is (samples, 1 + tokens·width), as `join` makes it. In the model, which takes
    (samples, tokens, width), `SelfAttention` lets no token attend to those that do not
    count, and `TokenMean` leaves them out. Other modules take all tokens.

    Parameters
    ----------
    model : torch.nn.Module
    width : int
        Of a token.
    """

    def __init__(self, model: torch.nn.Module, width: int):
        super().__init__()
        self.model = model
        self.width = int(width)

    @staticmethod
    def join(tokens: Any, lengths: Any) -> torch.Tensor:
        """X from tokens of shape (samples, tokens, width) and lengths of shape (samples,)."""
        x = torch.as_tensor(tokens)
        n = torch.as_tensor(lengths, dtype=x.dtype, device=x.device)
        return torch.cat([n[:, None], x.flatten(1)], dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outer = getattr(_batch, "lengths", None)
        _batch.lengths = x[:, 0].detach()
        try:
            return self.model(x[:, 1:].unflatten(1, (-1, self.width)))
        finally:
            _batch.lengths = outer


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
