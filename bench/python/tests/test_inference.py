"""Influence and the Laplace approximation against dense formulas of torch's derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import costate  # noqa: E402
from costate.modules import GaussianNLL  # noqa: E402

import reference  # noqa: E402
from test_torch import close, data, net  # noqa: E402


def gradients(model, loss, X, y):
    """The gradient of the loss of each sample, samples × parameters."""
    v = reference.flat(model)
    return np.stack([torch.autograd.functional.jacobian(reference.loss_of(model, loss, X[i : i + 1], y[i : i + 1]), v).numpy() for i in range(len(X))])


def problem(kind):
    X, labels, targets = data(samples=7)
    model = net(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3))
    if kind == "conv":
        X = X.reshape(7, 1, 4)
        model = net(nn.Conv1d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4, 3))
    return model, nn.MSELoss() if kind == "mse" else nn.CrossEntropyLoss(), X, targets if kind == "mse" else labels


@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("kind", ["ce", "mse", "conv"])
def test_influence(kind, curvature):
    model, loss, X, y = problem(kind)
    damping = 1.5
    dense = reference.hessian if curvature == "hessian" else reference.gauss_newton
    g = gradients(model, loss, X, y)
    S = np.linalg.solve(dense(model, loss, X, y) + damping * np.eye(g.shape[1]), g.T)
    I = costate.influence(model, loss, X, y, damping=damping, curvature=curvature)
    other = X[:3] + 0.1
    close(I.pairs(other, y[:3]), gradients(model, loss, other, y[:3]) @ S, 1e-11)
    close(I.self_influence(), np.einsum("ip,pi->i", g, S), 1e-11)
    close(I.on_params(2), -S[:, 2] / 7, 1e-11)
    v = np.arange(g.shape[1]) / 10
    close(I.on_scalar(v), v @ S, 1e-11)
    assert I.samples == 7 and I.inertia == (0, 0, g.shape[1], True) and I.backward_error < 1e-13
    close(I.gradient_norm, np.linalg.norm(g.mean(axis=0) + damping * reference.flat(model).numpy()))
    assert isinstance(I.on_params(0), torch.Tensor)


def test_influence_of_a_network_of_arrays():
    rng = np.random.default_rng(2)
    H = costate.mlp([rng.standard_normal((3, 4))], None, "tanh", "ce").hessian(rng.standard_normal((5, 4)), rng.integers(0, 3, 5))
    with H.influence(0.2) as I:
        X, y = rng.standard_normal((2, 4)), np.array([0, 1])
        assert I.pairs(X, y).shape == (2, 5)
        for bad in (lambda: I.pairs(X[:, :2], y), lambda: I.pairs(X, y[:1]), lambda: I.on_params(5), lambda: I.on_scalar(np.ones(2)), lambda: H.influence(np.nan)):
            with pytest.raises(costate.InputError):
                bad()
    with pytest.raises(costate.SingularError):
        H.influence(0.0)


def test_sums_have_no_influence():
    model, _, X, y = problem("ce")
    for f in (costate.influence, costate.laplace):
        with pytest.raises(costate.InputError, match="reduction"):
            f(model, nn.CrossEntropyLoss(reduction="sum"), X, y)


WEIGHTED = {
    "weights": {"weight": torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)},
    "ignored": {"ignore_index": 1},
    "all": {"weight": torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64), "label_smoothing": 0.1, "ignore_index": 0},
}


@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("options", WEIGHTED)
def test_influence_with_weights_of_classes(options, curvature):
    model, _, X, y = problem("ce")
    loss = nn.CrossEntropyLoss(**WEIGHTED[options])
    own = nn.CrossEntropyLoss(reduction="sum", **WEIGHTED[options])  # of one sample
    damping = 1.5
    dense = reference.hessian if curvature == "hessian" else reference.gauss_newton
    g = gradients(model, own, X, y)
    S = np.linalg.solve(dense(model, loss, X, y) + damping * np.eye(g.shape[1]), g.T)
    I = costate.influence(model, loss, X, y, damping=damping, curvature=curvature)
    other = X[:3] + 0.1
    close(I.pairs(other, y[:3]), gradients(model, own, other, y[:3]) @ S, 1e-11)
    close(I.self_influence(), np.einsum("ip,pi->i", g, S), 1e-11)
    close(I.on_params(2), -S[:, 2] / 7, 1e-11)
    v = reference.flat(model).requires_grad_()
    (mean,) = torch.autograd.grad(reference.loss_of(model, loss, X, y)(v), v)
    close(I.gradient_norm, np.linalg.norm(mean.numpy() + damping * v.detach().numpy()))


BINARY = {
    "outputs": {"weight": torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64), "pos_weight": torch.tensor([3.0, 0.5, 1.0], dtype=torch.float64)},
    "targets": {"weight": torch.linspace(0, 3, 21, dtype=torch.float64).reshape(7, 3), "pos_weight": torch.tensor(2.0, dtype=torch.float64)},
}


@pytest.mark.parametrize("curvature", ["hessian", "ggn"])
@pytest.mark.parametrize("options", BINARY)
def test_binary_cross_entropy_with_weights(options, curvature):
    """Influence and the Laplace approximation, whose likelihood is a sum over the outputs."""
    X, _, T = data(samples=7)
    model, loss = net(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3)), nn.BCEWithLogitsLoss(**BINARY[options])
    each = nn.BCEWithLogitsLoss(reduction="none", **BINARY[options])
    v = reference.flat(model)
    dense = reference.hessian if curvature == "hessian" else reference.gauss_newton
    own = torch.autograd.functional.jacobian(lambda p: reference.loss_of(model, each, X, T)(p).mean(dim=1), v).numpy()
    A = dense(model, loss, X, T)
    S = np.linalg.solve(A + 1.5 * np.eye(len(v)), own.T)
    I = costate.influence(model, loss, X, T, damping=1.5, curvature=curvature)
    close(I.self_influence(), np.einsum("ip,pi->i", own, S), 1e-11)
    close(I.on_params(2), -S[:, 2] / 7, 1e-11)
    close(I.pairs(X, T), own @ S, 1e-11)
    lam = 9.0
    M = 21 * A + lam * np.eye(len(v))
    assert np.linalg.eigvalsh(M)[0] > 0
    L = costate.laplace(model, loss, X, T, prior_precision=lam, curvature=curvature)
    close(L.variances(), np.diag(np.linalg.inv(M)), 1e-11)
    close(L.log_marginal, -21 * loss(model(X), T).item() - 0.5 * lam * (v @ v).item() - 0.5 * np.linalg.slogdet(M / lam)[1], 1e-11)


def test_probabilities_with_weights():
    X, y, _ = data(samples=7)
    T = (y > 0).double()[:, None]
    model = net(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    P = costate.laplace(model, nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0])), X, T, prior_precision=3.0).predict(X)
    close(P.probabilities, 1 / (1 + np.exp(-P.mean / np.sqrt(1 + np.pi / 8 * P.variance))))


def test_influence_of_means_and_variances():
    """A loss with half as many targets as outputs."""
    X, _, T = data(samples=7)
    model, loss = net(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 6)), GaussianNLL()
    g = gradients(model, loss, X, T)
    S = np.linalg.solve(reference.hessian(model, loss, X, T) + 30 * np.eye(g.shape[1]), g.T)
    I = costate.influence(model, loss, X, T, damping=30.0)
    close(I.pairs(X + 0.1, T), gradients(model, loss, X + 0.1, T) @ S, 1e-11)
    close(I.self_influence(), np.einsum("ip,pi->i", g, S), 1e-11)
    close(I.on_params(6), -S[:, 6] / 7, 1e-11)


def test_groups_have_the_order_of_torch():
    """A convolution in groups, whose parameters the server has in another order."""
    X, y, _ = data(samples=7)
    model, loss = net(nn.Unflatten(1, (2, 2)), nn.Conv1d(2, 4, 1, groups=2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3)), nn.CrossEntropyLoss()
    A, g = reference.hessian(model, loss, X, y), gradients(model, loss, X, y)
    n = g.shape[1]
    M = A + 3 * np.eye(n)
    v = np.arange(n) / 10
    H = costate.hessian(model, loss, X, y)
    assert H._problem.order is not None
    F = H.factor(3.0)
    close(F.inverse_diagonal(), np.diag(np.linalg.inv(M)), 1e-11)
    pairs = H.eigenpairs(2, "largest")
    vectors = pairs.vectors.numpy()
    close(A @ vectors, vectors * pairs.values, 1e-9)
    e, Q = np.linalg.eigh(A)
    close(H.inverse_abs(v, 0.1), Q @ (Q.T @ v / np.hypot(e, 0.1)), 1e-8)
    I = H.influence(3.0)
    close(I.on_params(1), -np.linalg.solve(M, g[1]) / 7, 1e-11)
    close(I.on_scalar(v), v @ np.linalg.solve(M, g.T), 1e-11)
    mean = reference.flat(model) / 2
    L = H.laplace(50.0, prior_mean=mean)
    close(L.variances(), np.diag(np.linalg.inv(7 * A + 50 * np.eye(n))), 1e-11)
    d = Dense(model, loss, X, y, curvature="hessian")
    d.theta = d.theta - mean.numpy()
    close(L.log_marginal, d.log_marginal(50.0), 1e-11)
    Z = np.linalg.cholesky(M).T @ F.sample(20000, seed=5).numpy()
    assert np.abs(Z @ Z.T / 20000 - np.eye(n)).max() < 6 * np.sqrt(2 / 20000)
    H.move(reference.flat(model) * 0.5)
    before = loss(model(X), y).item()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.5)
    close(H.toarray(), reference.hessian(model, loss, X, y))
    h = costate.train(model, loss, X, y, steps=5)
    close(loss(model(X), y).item(), h.loss[-1])
    assert h.loss[-1] < before


class Dense:
    """The Laplace approximation by dense matrices."""

    def __init__(self, model, loss, X, y, sigma=1.0, curvature="ggn"):
        self.theta = reference.flat(model).numpy()
        f = reference.gauss_newton if curvature == "ggn" else reference.hessian
        n, c = len(X), model(X).shape[1]
        self.kappa = n * c / (2 * sigma**2) if isinstance(loss, nn.MSELoss) else n
        self.like = -self.kappa * loss(model(X), y).item()
        if isinstance(loss, nn.MSELoss):
            self.like -= n * c * np.log(sigma * np.sqrt(2 * np.pi))
        self.G = self.kappa * f(model, loss, X, y)

    def precision(self, lam):
        return self.G + np.diag(np.broadcast_to(lam, self.theta.shape))

    def log_marginal(self, lam):
        lam = np.broadcast_to(lam, self.theta.shape)
        return self.like - 0.5 * (lam * self.theta**2).sum() - 0.5 * np.linalg.slogdet(self.precision(lam) / lam[:, None])[1]


@pytest.mark.parametrize("curvature", ["ggn", "hessian"])
@pytest.mark.parametrize("options", WEIGHTED)
def test_laplace_with_weights_of_classes(options, curvature):
    model, _, X, y = problem("ce")
    loss = nn.CrossEntropyLoss(**WEIGHTED[options])
    d = Dense(model, loss, X, y, curvature=curvature)
    lam = 9.0
    Sigma = np.linalg.inv(d.precision(lam))
    assert np.linalg.eigvalsh(Sigma)[0] > 0
    L = costate.laplace(model, loss, X, y, prior_precision=lam, curvature=curvature)
    close(L.log_marginal, d.log_marginal(lam), 1e-11)
    close(L.variances(), np.diag(Sigma), 1e-11)
    if curvature == "ggn":
        best = L.maximize_evidence().prior_precision[0]
        close(L.log_marginal, d.log_marginal(best), 1e-10)
        assert all(d.log_marginal(f * best) < L.log_marginal for f in (0.9, 1.1))


@pytest.mark.parametrize("curvature", ["ggn", "hessian"])
@pytest.mark.parametrize("kind", ["ce", "mse"])
def test_laplace(kind, curvature):
    model, loss, X, y = problem(kind)
    sigma, lam = (0.7, 9.0) if kind == "mse" else (1.0, 9.0)
    d = Dense(model, loss, X, y, sigma, curvature)
    if np.linalg.eigvalsh(d.precision(lam))[0] <= 0:
        lam = 1.1 * (lam - np.linalg.eigvalsh(d.precision(lam))[0])
    L = costate.laplace(model, loss, X, y, prior_precision=lam, noise=sigma if kind == "mse" else 0.0, curvature=curvature)
    Sigma = np.linalg.inv(d.precision(lam))
    close(L.log_marginal, d.log_marginal(lam), 1e-11)
    close(L.variances(), np.diag(Sigma), 1e-11)
    close(L.effective_params(), [len(Sigma) - lam * np.trace(Sigma)], 1e-10)
    test = X[:4] - 0.2
    P = L.predict(test)
    J = torch.autograd.functional.jacobian(lambda v: reference.functional_call(model, reference.named(model, v), (test,)), reference.flat(model)).numpy()
    close(P.mean, model(test).detach().numpy())
    close(P.cov, np.einsum("nip,pq,njq->nij", J, Sigma, J), 1e-11)
    close(P.variance, np.einsum("nip,pq,niq->ni", J, Sigma, J), 1e-11)
    assert L.groups and (L.prior_precision == lam).all() and L.inertia == (0, 0, len(Sigma), True)
    if kind == "mse":
        assert P.probabilities is None and abs(P.noise_variance - sigma**2) < 1e-15 and abs(L.noise - sigma) < 1e-15
    else:
        z = P.mean / np.sqrt(1 + np.pi / 8 * P.variance)
        close(P.probabilities, torch.softmax(torch.tensor(z), 1).numpy())
        assert P.noise_variance == 0
        for link in ("bridge", "montecarlo"):
            assert np.abs(L.predict(test, link=link, count=4000, seed=3).probabilities.sum(axis=1) - 1).max() < 1e-12
    count = 20000
    Z = np.linalg.cholesky(d.precision(lam)).T @ (L.sample(count, seed=5).numpy() - d.theta[:, None])
    assert np.abs(Z.mean(axis=1)).max() < 5 / np.sqrt(count)
    assert np.abs(Z @ Z.T / count - np.eye(len(Z))).max() < 6 * np.sqrt(2 / count)


def test_evidence():
    model, loss, X, y = problem("mse")
    L = costate.laplace(model, loss, X, y, groups="tensor")
    assert len(L.groups) == 4
    start = L.log_marginal
    assert L.maximize_evidence() is L and L.log_marginal > start
    sizes = [p.numel() for p in model.parameters()]
    value = lambda lam, sigma: Dense(model, loss, X, y, sigma).log_marginal(np.repeat(lam, sizes))
    best, sigma = L.prior_precision, L.noise
    top = value(best, sigma)
    close(top, L.log_marginal, 1e-10)
    for i in range(4):
        for factor in (0.9, 1.1):
            moved = best.copy()
            moved[i] *= factor
            assert value(moved, sigma) < top
    assert value(best, 0.97 * sigma) < top and value(best, 1.03 * sigma) < top
    M = costate.laplace(model, loss, X, y, noise=0.8).maximize_evidence(fixed_noise=True)
    assert abs(M.noise - 0.8) < 1e-15
    assert all(Dense(model, loss, X, y, 0.8).log_marginal(f * M.prior_precision[0]) < M.log_marginal for f in (0.9, 1.1))


def test_prior_mean():
    model, loss, X, y = problem("ce")
    mean = reference.flat(model)
    L = costate.laplace(model, loss, X, y, prior_precision=2.0, prior_mean=mean)
    d = Dense(model, loss, X, y)
    close(L.log_marginal, d.log_marginal(2.0) + (d.theta**2).sum(), 1e-11)


def test_laplace_errors():
    model, loss, X, y = problem("ce")
    with pytest.raises(costate.NotMinimumError) as e:
        costate.laplace(model, loss, X, y, prior_precision=1e-3, curvature="hessian")
    lowest = np.linalg.eigvalsh(7 * reference.hessian(model, loss, X, y))[0] + 1e-3
    assert e.value.negative > 0 and abs(e.value.min_eigenvalue - lowest) < 0.02 * abs(lowest)
    costate.laplace(model, loss, X, y, prior_precision=1.1 * e.value.min_precision, curvature="hessian")
    for options in ({"prior_precision": -1.0}, {"prior_precision": [1.0, 2.0]}, {"groups": "some"}, {"noise": -1.0}, {"prior_mean": np.ones(2)}):
        with pytest.raises(costate.InputError):
            costate.laplace(model, loss, X, y, **options)
    with costate.laplace(model, loss, X, y) as L:
        for bad in (lambda: L.predict(X[:, :2]), lambda: L.predict(X, link="none"), lambda: L.maximize_evidence(max_steps=-1)):
            with pytest.raises(costate.InputError):
                bad()
