"""Hessians by torch's automatic differentiation, in double precision."""

import torch

try:
    from torch.func import functional_call
except ImportError:
    from torch.nn.utils.stateless import functional_call


def flat(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


def named(model, v):
    out, at = {}, 0
    for name, p in model.named_parameters():
        out[name] = v[at : at + p.numel()].reshape(p.shape)
        at += p.numel()
    return out


def loss_of(model, loss, X, y):
    """The loss as a function of the flat parameters."""
    return lambda v: loss(functional_call(model, named(model, v), (X,)), y)


def hessian(model, loss, X, y):
    return torch.autograd.functional.hessian(loss_of(model, loss, X, y), flat(model)).numpy()


def gauss_newton(model, loss, X, y):
    """JᵀRJ with R the second derivative of the loss in the outputs."""
    f = lambda v: functional_call(model, named(model, v), (X,)).reshape(-1)
    J = torch.autograd.functional.jacobian(f, flat(model))
    z = model(X).detach()
    R = torch.autograd.functional.hessian(lambda o: loss(o.reshape(z.shape), y), z.reshape(-1))
    return (J.T @ R @ J).numpy()
