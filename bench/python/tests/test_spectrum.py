"""Eigenpairs, functions of H and its inverse, against dense NumPy."""

import numpy as np
import pytest

import costate


def make(curvature="hessian", widths=(4, 5, 3), samples=8, seed=21):
    rng = np.random.default_rng(seed)
    W = [rng.standard_normal((b, a)) for a, b in zip(widths, widths[1:])]
    net = costate.mlp(W, [rng.standard_normal(len(w)) for w in W], "tanh", "ce")
    return net.hessian(rng.standard_normal((samples, widths[0])), rng.integers(0, widths[-1], samples), curvature=curvature)


@pytest.fixture(scope="module")
def H():
    return make()


@pytest.fixture(scope="module")
def A(H):
    return H.toarray()


def check_pairs(p, A, want):
    norm = np.linalg.norm(A, 2)
    assert np.abs(p.values - want).max() <= 1e-11 * norm
    assert p.vectors.shape == (len(A), len(want)) and np.abs(p.vectors.T @ p.vectors - np.eye(len(want))).max() < 1e-9
    r = np.linalg.norm(A @ p.vectors - p.vectors * p.values, axis=0) / norm
    assert r.max() < 1e-11 and p.residuals.max() < 2e-12 and p.residuals.shape == want.shape


@pytest.mark.parametrize("k", [1, 3])
def test_eigenpairs(H, A, k):
    e = np.linalg.eigvalsh(A)
    assert e[k - 1] < -1e-3 * e[-1]
    for which, want in {"smallest": e[:k], "largest": e[::-1][:k], "LA": e[::-1][:k], "negative": e[:k]}.items():
        p = H.eigenpairs(k, which)
        check_pairs(p, A, want)
        assert p.complete and all(below == (e < shift).sum() for shift, below, certain in p.counts if certain)
    near = 0.5 * (e[-1] + e[-3]) + 1e-3
    p = H.eigenpairs(k, near=near)
    check_pairs(p, A, e[np.argsort(np.abs(e - near))[:k]])
    assert p.complete


def test_all_negative_eigenpairs(H, A):
    e = np.linalg.eigvalsh(A)
    p = H.eigenpairs(len(e), "negative")
    negative = [below for shift, below, _ in p.counts if shift < 0][-1]
    assert 0 < len(p.values) == negative < len(e) and np.allclose(p.values, e[:negative])
    G = make("ggn")
    p = G.eigenpairs(3, "negative")
    assert p.values.shape == (0,) and p.vectors.shape == (len(e), 0) and p.residuals.shape == (0,) and p.complete


def test_eigenpairs_by_products(H, A):
    e = np.linalg.eigvalsh(A)
    for which, want in {"smallest": e[:2], "largest": e[::-1][:2]}.items():
        p = H.eigenpairs(2, which, products=True)
        check_pairs(p, A, want)
        assert not p.complete
    with pytest.raises(costate.InputError, match="products"):
        H.eigenpairs(2, "negative", products=True)


def test_eigenpairs_errors(H):
    for k, which, options in ((0, "near", {}), (44, "near", {}), (1, "middle", {}), (1, "near", {"near": np.inf}), (1, "near", {"tolerance": -1.0})):
        with pytest.raises(costate.InputError):
            H.eigenpairs(k, which, **options)
    with pytest.raises(costate.ConvergenceError) as e:
        H.eigenpairs(2, "largest", tolerance=1e-25)
    assert e.value.wanted == 2 and e.value.reached < 2


def test_functions(H, A):
    e, Q = np.linalg.eigh(A)
    V = np.random.default_rng(5).standard_normal((len(A), 3))
    eps = 0.02
    s = 1 / np.sqrt(e**2 + eps**2)
    close = lambda x, y: np.linalg.norm(x - y) <= 2e-10 * np.linalg.norm(y)
    assert close(H.inverse_abs(V, eps), Q @ (s[:, None] * (Q.T @ V)))
    assert close(H.sign(V[:, 0], eps), Q @ (e * s * (Q.T @ V[:, 0])))
    mu = 0.5 * (e[-1] + e[-2])
    d = e - mu
    assert close(H.project_above(V[:, 0], mu, eps), Q @ (0.5 * (1 + d / np.sqrt(d**2 + eps**2)) * (Q.T @ V[:, 0])))
    with pytest.raises(costate.InputError, match="positive"):
        H.sign(V, 0.0)
    with pytest.raises(costate.ConvergenceError) as error:
        H.inverse_abs(V[:, 0], 1e-9, tolerance=1e-14)
    assert error.value.reached > error.value.wanted


@pytest.mark.parametrize("method, curvature", [("auto", "hessian"), ("chain", "hessian"), ("dense", "hessian"), ("gram", "ggn"), ("auto", "ggn")])
def test_inverse_diagonal(method, curvature):
    H = make(curvature)
    M = H.toarray() + 0.3 * np.eye(H.shape[0])
    want = np.diag(np.linalg.inv(M))
    F = H.factor(0.3, method=method)
    assert np.abs(F.inverse_diagonal() - want).max() < 1e-10 * np.abs(want).max()
    F.refactor(0.7)
    assert np.allclose(F.inverse_diagonal(), np.diag(np.linalg.inv(M + 0.4 * np.eye(len(M)))), rtol=0, atol=1e-10)


def test_inverse_that_rounding_hides():
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.standard_normal((60, 60)))
    B = (Q * np.concatenate([[1e-14], np.ones(59)])) @ Q.T
    L = costate.ldl((B + B.T) / 2)
    with pytest.raises(costate.InverseError, match="condition"):
        L.inverse_diagonal()
    assert L.solve(np.ones(60)).shape == (60,)


def test_no_inverse_of_blocks(H):
    with pytest.raises(costate.InputError, match="block"):
        H.factor(0.3, method="block").inverse_diagonal()


@pytest.mark.parametrize("method, curvature, eps", [("chain", "hessian", 3.0), ("dense", "hessian", 3.0), ("gram", "ggn", 0.5), ("auto", "ggn", 0.5)])
def test_samples(method, curvature, eps):
    H = make(curvature, widths=(2, 3, 2))
    n = H.shape[0]
    M = H.toarray() + eps * np.eye(n)
    F = H.factor(eps, method=method)
    count = 20000
    X = F.sample(count, seed=4)
    assert X.shape == (n, count) and np.array_equal(F.sample(7, seed=9), F.sample(7, seed=9)) and not np.array_equal(F.sample(7, seed=9), F.sample(7, seed=8))
    # Whitened, the sums over samples have standard deviations of 1 or √2 over √count.
    Z = np.linalg.cholesky(M).T @ X
    assert np.abs(Z.mean(axis=1)).max() < 5 / np.sqrt(count)
    assert np.abs(Z @ Z.T / count - np.eye(n)).max() < 6 * np.sqrt(2 / count)


def test_samples_of_an_indefinite_matrix(H):
    with pytest.raises(costate.IndefiniteError) as e:
        H.factor(1e-3).sample()
    assert e.value.inertia.negative > 0
    for options in ({"count": 0}, {"seed": -1}, {"seed": 0.5}):
        with pytest.raises(costate.InputError):
            H.factor(3.0).sample(**options)
