"""What factorizations know, and their errors."""

import numpy as np
import pytest

import costate


@pytest.fixture(scope="module")
def H():
    rng = np.random.default_rng(11)
    W = [rng.standard_normal((6, 5)), rng.standard_normal((6, 6)), rng.standard_normal((3, 6))]
    return costate.mlp(W, [rng.standard_normal(len(w)) for w in W], "tanh", "ce").hessian(rng.standard_normal((8, 5)), rng.integers(0, 3, 8))


@pytest.fixture(scope="module")
def A(H):
    return H.toarray()


@pytest.mark.parametrize("method", ["auto", "chain", "block", "dense"])
def test_methods(H, A, method):
    eps = -0.05
    F = H.factor(eps, method=method)
    assert F.method == (method if method != "auto" else "chain") or method == "auto"
    n = H.shape[0]
    M = A + eps * np.eye(n)
    B = np.random.default_rng(0).standard_normal((n, 100))
    X = F.solve(B)
    assert np.linalg.norm(M @ X - B) <= 1e-13 * np.linalg.norm(M) * np.linalg.norm(X)
    assert np.array_equal(F.solve(B[:, 0]), F.solve(B[:, :1])[:, 0])
    assert F.backward_error <= 1e-14
    e = np.linalg.eigvalsh(M)
    assert F.inertia == ((e < 0).sum(), 0, (e > 0).sum(), True)
    sign, log = np.linalg.slogdet(M)
    assert F.sign == sign and abs(F.logdet - log) < 1e-9 * n
    assert abs(F.logdet - log) <= F.logdet_error + 1e-14 * n * abs(log) and F.logdet_error < 1e-6
    true = np.linalg.cond(M, 1)
    assert 0.1 * true <= F.cond() <= 1.0001 * true
    r = F.report
    assert r.eps == eps and r.flops > 0 and r.bytes > 0 and r.growth > 0
    F.refactor(0.5)
    assert np.allclose(F.solve(B), np.linalg.solve(A + 0.5 * np.eye(n), B), rtol=0, atol=1e-11)


def test_damping_by_stage(H, A):
    eps = [0.1, 0.2, 0.3]
    assert H.stages == 3
    D = np.concatenate([np.full(36, 0.1), np.full(42, 0.2), np.full(21, 0.3)])
    F = H.factor(eps)
    b = np.arange(99.0)
    assert np.allclose(F.solve(b), np.linalg.solve(A + np.diag(D), b), atol=1e-10)
    true = np.linalg.cond(A + np.diag(D), 1)
    assert 0.1 * true <= F.cond() <= 1.0001 * true


def test_gauss_newton(H):
    rng = np.random.default_rng(12)
    W = [rng.standard_normal((6, 5)), rng.standard_normal((2, 6))]
    G = costate.mlp(W, None, "tanh", "mse").hessian(rng.standard_normal((4, 5)), rng.standard_normal((4, 2)), curvature="ggn")
    A = G.toarray()
    assert np.linalg.eigvalsh(A)[0] > -1e-12
    for method in ("gram", "chain", "auto"):
        F = G.factor(0.1, method=method)
        assert F.inertia.negative == 0
        b = np.arange(float(len(A)))
        assert np.allclose(F.solve(b), np.linalg.solve(A + 0.1 * np.eye(len(A)), b), atol=1e-10)


def test_counts(H, A):
    e = np.linalg.eigvalsh(A)
    shifts = np.array([-1.0, -0.1, -0.01, 0.013, 0.1, 10])
    assert np.array_equal(H.count_below(shifts), [(e < s).sum() for s in shifts])
    assert H.count_below(0.1) == (e < 0.1).sum()


def test_diagonal_of_residual_and_normalized(H, A):
    assert np.allclose(H.diagonal(), np.diag(A), atol=1e-14)


def test_eigsh(H, A):
    linalg = pytest.importorskip("scipy.sparse.linalg")
    e = np.linalg.eigvalsh(A)
    sigma = -0.2
    values = linalg.eigsh(H, k=4, sigma=sigma, OPinv=H.factor(-sigma), return_eigenvectors=False)
    near = np.sort(e[np.argsort(np.abs(e - sigma))[:4]])
    assert np.abs(np.sort(values) - near).max() < 1e-9
    ours = H.eigenpairs(4, near=sigma)
    assert ours.complete and np.abs(np.sort(ours.values) - np.sort(values)).max() < 1e-9
    assert np.abs(linalg.eigsh(H, k=2, which="LA", return_eigenvectors=False).max() - e[-1]) < 1e-9
    for v, k in zip(near, range(4)):
        assert H.count_below(v + 1e-6) - H.count_below(v - 1e-6) >= 1


def test_operator_algebra(H, A):
    scipy_linalg = pytest.importorskip("scipy.sparse.linalg")
    assert isinstance(H, scipy_linalg.LinearOperator)
    v = np.arange(99.0)
    assert np.allclose((2 * H + H.T) @ v, 3 * A @ v)
    F = H.factor(0.5)
    assert np.allclose((F @ H) @ v + 0.5 * (F @ v), v, atol=1e-8)
    x, info = scipy_linalg.minres(H, A @ v, M=None, tol=1e-12)
    assert np.linalg.norm(A @ x - A @ v) < 1e-4 * np.linalg.norm(A @ v)


def test_singular():
    net = costate.mlp([np.zeros((3, 2)), np.zeros((2, 3))], None, "tanh", "mse")
    H = net.hessian(np.ones((2, 2)), np.zeros((2, 2)))
    with pytest.raises(costate.SingularError) as e:
        H.factor(0.0)
    assert e.value.eps == 0 and isinstance(e.value, np.linalg.LinAlgError) and e.value.inertia.negative == 0
    F = H.factor(1.0)
    assert F.inertia == (0, 0, 12, True)
    with pytest.raises(costate.SingularError):
        F.refactor(0.0)
    for call in (lambda: F.solve(np.ones(12)), lambda: F.inertia, lambda: F.logdet):
        with pytest.raises(costate.InputError, match="factor again"):
            call()
    assert np.allclose(F.refactor(1.0).solve(np.ones(12)), 1)


def test_accuracy(H):
    with pytest.raises(costate.AccuracyError) as e:
        H.factor(0.1, tolerance=1e-30).solve(np.ones((99, 70)))
    assert e.value.wanted == 1e-30 and 0 < e.value.reached < 1e-14 and 0 <= e.value.column < 70


def test_not_finite(H):
    F = H.factor(1.0)
    b = np.ones((99, 2))
    b[7, 1] = np.inf
    for call in (lambda: F.solve(b), lambda: H @ b):
        with pytest.raises(costate.NotFiniteError) as e:
            call()
        assert e.value.index == (7, 1) and e.value.value == np.inf and e.value.name in ("b", "v")
    W = np.ones((2, 2))
    with pytest.raises(costate.NotFiniteError) as e:
        costate.mlp([W], None, "tanh", "ce").hessian(np.array([[1, np.nan]]), [0])
    assert e.value.name == "X" and e.value.index == (0, 1) and np.isnan(e.value.value)
    W[1, 0] = -np.inf
    with pytest.raises(costate.NotFiniteError) as e:
        costate.mlp([W], None, "tanh", "ce").hessian(np.ones((1, 2)), [0])
    assert e.value.name == "params" and e.value.index == (2,)
    with pytest.raises(costate.InputError, match="too large"):
        costate.mlp([np.full((2, 2), 1e300)], None, "tanh", "mse").hessian(np.full((1, 2), 1e300), np.zeros((1, 2)))


def test_train_arrays():
    rng = np.random.default_rng(13)
    net = costate.mlp([rng.standard_normal((8, 2)), rng.standard_normal((1, 8))], [np.zeros(8), np.zeros(1)], "tanh", "mse")
    X = rng.standard_normal((20, 2))
    y = np.sin(X[:, :1])
    h = costate.train(net, None, X, y, steps=40)
    assert h.model is not net and h.loss[-1] < 1e-3 * h.loss[0]
    assert h.model.hessian(X, y).loss == h.loss[-1]
    assert repr(h).startswith(f"<costate.History of {len(h.step) - 1} steps, loss ") and len(repr(h)) < 120
    assert len(h.step) == len(h.loss) == len(h.damping) == len(h.seconds) and np.isnan(h.damping[0])
    with pytest.raises(costate.InputError):
        costate.train(net, None, X, y, steps=-1)


def test_closed(H):
    F = H.factor(1.0)
    with F:
        F.solve(np.ones(99))
    with pytest.raises(costate.ServerError, match="closed"):
        F.solve(np.ones(99))
