"""Networks of arrays; types, strides and orders of arrays; labels of all kinds."""

import os
import subprocess
import sys

import numpy as np
import pytest

import costate


def network(rng, act="tanh", loss="ce", widths=(4, 5, 3), bias=True):
    weights = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in zip(widths, widths[1:])]
    biases = [rng.standard_normal(w.shape[0]) for w in weights] if bias else None
    return costate.mlp(weights, biases, act, loss)


def differences(net, X, y, h=1e-5):
    """The Hessian by differences of the gradient."""
    n = net.parameters.size
    out = np.empty((n, n))
    for i in range(n):
        e = np.zeros(n)
        e[i] = h
        up, down = (net.with_parameters(net.parameters + s * e).hessian(X, y).gradient for s in (1, -1))
        out[i] = (up - down) / (2 * h)
    return out


@pytest.mark.parametrize("act", ["tanh", "silu", ("softplus", 2.0), ("elu", 1.5), ["gelu", "gelu_tanh"], [("leaky_relu", 0.2), None]])
@pytest.mark.parametrize("loss", ["ce", "mse", "bce"])
def test_mlp(act, loss):
    rng = np.random.default_rng(3)
    net = network(rng, act, loss)
    X = rng.standard_normal((6, 4))
    y = rng.integers(0, 3, 6) if loss == "ce" else rng.random((6, 3))
    H = net.hessian(X, y)
    A = H.toarray()
    assert np.abs(A - A.T).max() < 1e-14
    assert np.abs(A - differences(net, X, y)).max() < 1e-6 * np.abs(A).max()
    assert [p.name for p in H.params] == ["W1", "b1", "W2", "b2"]
    assert H.params[2].shape == (3, 5)
    W, b = net.arrays()
    assert W[1].shape == (3, 5) and b[1].shape == (3,)
    assert costate.hessian(net, None, X, y).loss == H.loss


def test_no_bias_and_jax_layout():
    rng = np.random.default_rng(4)
    W1, W2 = rng.standard_normal((4, 5)), rng.standard_normal((5, 3))  # inputs × outputs
    net = costate.mlp([W1.T, W2.T], None, "tanh", "mse")
    X, T = rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    H = net.hessian(X, T)
    assert np.abs(H.outputs - np.tanh(X @ W1) @ W2).max() < 1e-14
    assert abs(H.loss - np.mean((H.outputs - T) ** 2)) < 1e-14
    mixed = costate.mlp([W1.T, W2.T], [None, np.zeros(3)], "tanh", "mse")
    assert mixed.parameters.size == 38


class Foreign:
    """An array of another library, which has its numbers only by NumPy's protocol, as those of JAX."""

    def __init__(self, a):
        self._a = a

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._a, dtype)


def test_arrays_of_other_libraries():
    rng = np.random.default_rng(14)
    W, b = [rng.standard_normal((5, 4)), rng.standard_normal((3, 5))], [rng.standard_normal(5), rng.standard_normal(3)]
    X, y, v = rng.standard_normal((6, 4)), rng.integers(0, 3, 6), rng.standard_normal(43)
    want = costate.mlp(W, b).hessian(X, y)
    H = costate.mlp([Foreign(w) for w in W], [Foreign(c) for c in b]).hessian(Foreign(X), Foreign(y))
    assert np.array_equal(H @ Foreign(v), want @ v)
    x = H.factor(0.2).solve(Foreign(v))
    assert type(x) is np.ndarray and np.array_equal(x, want.factor(0.2).solve(v))


def forms(a):
    """The same numbers in other forms."""
    yield "fortran", np.asfortranarray(a)
    yield "reversed", np.ascontiguousarray(a[::-1])[::-1]
    wide = np.zeros(tuple(2 * d for d in a.shape), a.dtype)
    wide[tuple(slice(None, None, 2) for _ in a.shape)] = a
    yield "strided", wide[tuple(slice(None, None, 2) for _ in a.shape)]
    yield "big-endian", a.astype(a.dtype.newbyteorder(">"))
    yield "list", a.tolist()
    read_only = a.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only


def test_forms_of_arrays():
    rng = np.random.default_rng(5)
    W = [rng.standard_normal((5, 4)), rng.standard_normal((3, 5))]
    b = [rng.standard_normal(5), rng.standard_normal(3)]
    X, T = rng.standard_normal((6, 4)), rng.random((6, 3))
    v = rng.standard_normal((43, 2))
    H = costate.mlp(W, b, "tanh", "mse").hessian(X, T)
    F = H.factor(0.3)
    want = H @ v, F.solve(v)
    for name in ("fortran", "reversed", "strided", "big-endian", "list", "read-only"):
        form = lambda a: dict(forms(a))[name]
        h = costate.mlp([form(w) for w in W], [form(c) for c in b], "tanh", "mse").hessian(form(X), form(T))
        u = form(v)
        assert np.array_equal(h.gradient, H.gradient), name
        assert np.array_equal(h @ np.asarray(u), want[0]), name
        assert np.array_equal(h.factor(0.3).solve(u), want[1]), name


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "?", ">f4", ">i4", "longdouble"])
def test_types_of_numbers(dtype):
    rng = np.random.default_rng(6)
    net = network(rng)
    X = rng.integers(0, 2, (5, 4)).astype(dtype)
    y = np.array([0, 1, 2, 1, 0])
    want = net.hessian(X.astype("f8"), y)
    H = net.hessian(X, y)
    assert np.array_equal(H.gradient, want.gradient)
    v = rng.integers(0, 2, H.shape[0]).astype(dtype)
    assert np.array_equal(H @ v, want @ v.astype("f8"))


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i8", ">i2"])
def test_types_of_labels(dtype):
    rng = np.random.default_rng(7)
    net = network(rng)
    X = rng.standard_normal((5, 4))
    y = np.array([0, 1, 2, 1, 0])
    want = net.hessian(X, y)
    assert net.hessian(X, y.astype(dtype)).loss == want.loss
    one_hot = np.eye(3)[y]
    for t in (one_hot, one_hot.astype("i4"), one_hot.astype("?"), one_hot.astype("f4"), np.asfortranarray(one_hot)):
        assert abs(net.hessian(X, t).loss - want.loss) < 1e-15


def test_one_output():
    rng = np.random.default_rng(8)
    X, y = rng.standard_normal((5, 4)), np.array([0, 1, 1, 0, 1])
    net = network(rng, loss="bce", widths=(4, 3, 1))
    z = net.hessian(X, y.reshape(5, 1)).loss
    assert net.hessian(X, y).loss == net.hessian(X, y.astype(float)).loss == z
    net = network(rng, loss="mse", widths=(4, 3, 1))
    assert net.hessian(X, 7 * y).loss > 0


def test_wrong_arrays():
    rng = np.random.default_rng(9)
    net = network(rng)
    X, y = rng.standard_normal((5, 4)), np.array([0, 1, 2, 1, 0])
    H = net.hessian(X, y)
    F = H.factor(1.0)
    for call in (
        lambda: net.hessian(X[:, :3], y),
        lambda: net.hessian(X, y[:4]),
        lambda: net.hessian(X, y.astype(float)),
        lambda: net.hessian(X, y + 1),
        lambda: net.hessian(X + 1j, y),
        lambda: net.hessian(X.astype(object), y),
        lambda: net.hessian(X.astype(str), y),
        lambda: net.hessian(X, y, curvature="fisher"),
        lambda: net.hessian(X, y, sample_weight=np.ones(4)),
        lambda: net.hessian(X, y, sample_weight=-np.ones(5)),
        lambda: H @ np.ones(H.shape[0] + 1),
        lambda: H @ np.ones((2, H.shape[0])),
        lambda: F.solve(np.ones(3)),
        lambda: H.factor(np.nan),
        lambda: H.factor([0.1, 0.2, 0.3]),
        lambda: H.factor(0.1, method="magic"),
        lambda: H.factor(0.1, method="gram"),
        lambda: H.factor(0.1, tolerance=-1),
        lambda: H.move(np.ones(3)),
        lambda: H.split(np.ones(3)),
        lambda: costate.mlp([], None),
        lambda: costate.mlp([np.ones((3, 2)), np.ones((3, 2))]),
        lambda: costate.mlp([np.ones((3, 2))], [np.ones(2)]),
        lambda: costate.mlp([np.ones((3, 2))], act="swish"),
        lambda: costate.mlp([np.ones((3, 2))], loss="mae"),
        lambda: costate.hessian(net, "ce", X, y),
        lambda: costate.hessian(object(), "ce", X, y),
    ):
        with pytest.raises(costate.InputError):
            call()


def test_empty_right_hand_sides():
    rng = np.random.default_rng(10)
    H = network(rng).hessian(rng.standard_normal((5, 4)), np.array([0, 1, 2, 1, 0]))
    none = np.empty((H.shape[0], 0))
    assert (H @ none).shape == none.shape and H.factor(1.0).solve(none).shape == none.shape


SCRIPT = """
import numpy as np, costate
rng = np.random.default_rng(0)
net = costate.mlp([rng.standard_normal((40, 30)), rng.standard_normal((10, 40))], None, "tanh", "ce")
H = net.hessian(rng.standard_normal((20, 30)), rng.integers(0, 10, 20))
F = H.factor(0.1)
print(repr((H.loss, F.logdet, float(F.solve(H.gradient).sum()), float(np.abs(H @ rng.standard_normal((1600, 9))).sum()))))
"""


def test_without_shared_memory():
    outputs = {
        subprocess.run([sys.executable, "-c", SCRIPT], env=dict(os.environ, COSTATE_SHARED=s), check=True, capture_output=True, text=True).stdout
        for s in ("0", "1")
    }
    assert len(outputs) == 1 and outputs.pop().startswith("(")


def test_without_scipy_and_torch():
    hide = "import sys\nfor m in ('scipy', 'scipy.sparse', 'scipy.sparse.linalg', 'torch'): sys.modules[m] = None\n"
    more = """
import numpy.testing as t
v = np.ones(1600)
t.assert_array_equal(H.matvec(v), H @ v)
t.assert_array_equal(H.T @ v, H.dot(v))
t.assert_array_equal(costate.ldl(np.diag([1.0, -2.0])).solve([1, 1]), [1, -0.5])
"""
    subprocess.run([sys.executable, "-c", hide + SCRIPT + more], env=dict(os.environ), check=True)
