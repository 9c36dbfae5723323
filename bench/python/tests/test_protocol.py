"""Every message of the protocol is sent by a method of the package."""

import os
import re
import signal
import threading

import numpy as np

import costate
from costate import _frame, _server

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "PROTOCOL.md")


def operations():
    """Those in the table of the page."""
    with open(PAGE, encoding="utf-8") as f:
        table = f.read().split("| op | handle |", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.M))


def interrupted(work):
    """Whether an interrupt ends work()."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    return False


def test_every_message(monkeypatch):
    sent, pack = set(), _frame.pack

    def record(head, arrays):
        sent.add(head["op"])
        return pack(head, arrays)

    monkeypatch.setattr(_frame, "pack", record)
    rng = np.random.default_rng(1)
    net = costate.mlp([rng.standard_normal((5, 4)), rng.standard_normal((3, 5))], None, "tanh", "ce")
    X, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
    v = rng.standard_normal(35)

    H = net.hessian(X, y)  # network
    A = H.toarray()  # multiply
    assert np.allclose(H.diagonal(), np.diag(A), atol=1e-14)
    e, Q = np.linalg.eigh(A)
    pairs = H.eigenpairs(2, "largest")
    assert np.allclose(np.sort(pairs.values), e[-2:], atol=1e-12) and pairs.complete
    assert H.count_below(0.01) == (e < 0.01).sum()
    assert np.allclose(H.inverse_abs(v, 0.1), Q @ (Q.T @ v / np.hypot(e, 0.1)), atol=1e-8)  # function

    F = H.factor(5.0)
    M = A + 5 * np.eye(35)
    assert np.allclose(F.solve(v), np.linalg.solve(M, v), atol=1e-12)
    assert np.allclose(F.inverse_diagonal(), np.diag(np.linalg.inv(M)), atol=1e-12)
    assert F.inertia == (0, 0, 35, True)
    assert 0 < F.cond() <= 1.0001 * np.linalg.cond(M, 1)  # condition
    assert F.sample(3, seed=1).shape == (35, 3)
    assert F.refactor(6.0).report.eps == 6
    g = H.gradient
    H.move(net.parameters - 0.1 * g)
    assert np.allclose(F.update().solve(v), np.linalg.solve(H.toarray() + 6 * np.eye(35), v), atol=1e-12)

    history = costate.train(net, None, X, y, steps=2)
    assert history.loss[-1] < history.loss[0]

    I = costate.influence(net, None, X, y, damping=5.0)
    own = I.self_influence()  # influence_self
    assert np.allclose(np.diag(I.pairs(X, y)), own, atol=1e-12)
    assert np.allclose(I.on_scalar(v), [-6 * v @ I.on_params(i) for i in range(6)], atol=1e-12)

    P = costate.laplace(net, None, X, y)
    start = P.log_marginal
    assert P.maximize_evidence().log_marginal > start
    assert P.effective_params().shape == (1,) and P.variances().shape == (35,)
    assert np.allclose(P.predict(X).mean, net.hessian(X, y).outputs)

    L = costate.ldl(np.diag([2.0, -4.0]))  # sparse
    assert L.refactor(np.diag([4.0, 2.0])).inertia.negative == 0  # values
    del L  # free
    _server.current().request("ping", {}, {})
    assert interrupted(lambda: [H.count_below(np.linspace(-1, 1, 1000)) for _ in range(1000)])  # cancel
    assert sent == operations()
