"""The server process: its life, forks, threads, interrupts, and what is left behind."""

import copy
import gc
import glob
import os
import pickle
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import costate
from costate import _arena, _errors, _frame, _server

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def small(seed=0):
    rng = np.random.default_rng(seed)
    net = costate.mlp([rng.standard_normal((5, 4)), rng.standard_normal((3, 5))], None, "tanh", "ce")
    return net.hessian(rng.standard_normal((6, 4)), rng.integers(0, 3, 6))


# A process that a shell put in the background ignores interrupts, and its children do.
INTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"


def script(text, **env):
    """Run a program of its own, and return what it prints."""
    p = subprocess.run([sys.executable, "-c", INTERRUPTIBLE + textwrap.dedent(text)], capture_output=True, text=True, timeout=120, env=dict(os.environ, **env))
    assert p.returncode == 0, p.stderr
    return p.stdout


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


@linux
def test_create_and_free():
    """A thousand objects with flat memory on both sides."""

    def cycle():
        H = small()
        F = H.factor(0.5)
        F.solve(np.ones(35))
        costate.ldl(np.eye(20))
        big = np.ones((35, 4000))
        H @ big
        return None

    server = _server.current()
    pid = server.greeting["pid"]
    for _ in range(200):
        cycle()
    gc.collect()
    before = resident(pid), resident(os.getpid())
    for _ in range(1000):
        cycle()
    gc.collect()
    after = resident(pid), resident(os.getpid())
    assert after[0] - before[0] < 40_000 and after[1] - before[1] < 10_000, (before, after)
    assert _server.current() is server


def test_threads_share_objects():
    H = small()
    F = H.factor(0.5)
    v = np.arange(35.0)
    want = H @ v, F.solve(v)
    wrong = []

    def work():
        for _ in range(100):
            if not np.array_equal(H @ v, want[0]) or not np.array_equal(F.solve(v), want[1]):
                wrong.append(1)
            small().factor(1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_refactor_beside_solves():
    H = small()
    A = H.toarray()
    F = H.factor(1.0)
    b = np.arange(35.0)
    answers = {e: np.linalg.solve(A + e * np.eye(35), b) for e in (1.0, 2.0)}
    wrong = []
    stop = threading.Event()

    def solve():
        while not stop.is_set():
            x = F.solve(b)
            if min(np.abs(x - y).max() for y in answers.values()) > 1e-10:
                wrong.append(x)

    threads = [threading.Thread(target=solve) for _ in range(2)]
    for t in threads:
        t.start()
    for i in range(100):
        F.refactor(1.0 + i % 2)
    stop.set()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_fork():
    H = small()
    F = H.factor(0.5)
    parent = _server.current().greeting["pid"]
    v = np.ones(35)
    want = F.solve(v)
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"fail"
        try:
            try:
                H @ v
            except costate.ServerError as e:
                assert "forked" in str(e)
                del H, F
                gc.collect()
                assert np.array_equal(small().factor(0.5).solve(v), want)
                assert _server.current().greeting["pid"] != parent
                said = b"good"
            costate.shutdown()
        finally:
            os.write(w, said)
            os._exit(0)
    assert os.read(r, 10) == b"good"
    os.waitpid(child, 0)
    assert np.array_equal(F.solve(v), want) and _server.current().greeting["pid"] == parent
    os.close(r), os.close(w)


def test_multiprocessing():
    out = script(
        """
        import multiprocessing, numpy as np, costate
        def work(seed):
            rng = np.random.default_rng(seed)
            return costate.ldl(np.diag(rng.standard_normal(30))).inertia.negative
        if __name__ == "__main__":
            work(0)
            with multiprocessing.get_context("fork").Pool(2) as pool:
                assert pool.map(work, range(8)) == [work(i) for i in range(8)]
            print("done")
        """
    )
    assert out == "done\n"


def test_killed_server():
    H = small()
    F = H.factor(0.5)
    server = _server.current()
    os.kill(server.greeting["pid"], signal.SIGKILL)
    with pytest.raises(costate.ServerError, match="ended"):
        for _ in range(1000):
            F.solve(np.ones(35))
    with pytest.raises(costate.ServerError):
        H @ np.ones(35)
    del H, F
    assert small().factor(0.5).solve(np.ones(35)).shape == (35,)
    assert _server.current() is not server
    server._reader.join(5)
    assert not [a for a in glob.glob(f"/dev/shm/costate-py-{os.getpid()}-*") if a not in {b.path for b in _server.current()._arenas._spare}]


def test_killed_while_computing():
    H = small()
    server = _server.current()
    threading.Timer(0.5, os.kill, (server.greeting["pid"], signal.SIGKILL)).start()
    with pytest.raises(costate.ServerError, match="ended"):
        while True:
            H.count_below(np.linspace(-1, 1, 2000) + 1e-5)
    small()


def test_server_that_cannot_start():
    out = script(
        """
        import costate, numpy as np
        try:
            costate.ldl(np.eye(2))
        except costate.ServerError as e:
            print("unknown flag" in e.output, "unknown flag" in str(e))
        """,
        COSTATE_FLAGS="--nonsense",
    )
    assert out == "True True\n"
    out = script("import costate, numpy as np\ntry: costate.ldl(np.eye(2))\nexcept costate.ServerError as e: print('no')", COSTATE_PROGRAM="/nonexistent/costate")
    assert out == "no\n"


def test_memory_limit():
    out = script(
        """
        import costate, numpy as np
        rng = np.random.default_rng(0)
        H = costate.mlp([rng.standard_normal((60, 60)), rng.standard_normal((60, 60))], None, "tanh", "mse").hessian(rng.standard_normal((40, 60)), rng.standard_normal((40, 60)))
        try:
            H.factor(0.1)
        except costate.MemoryError as e:
            import builtins
            print(e.needed > e.limit == 1 << 20, isinstance(e, builtins.MemoryError), bool(e.what))
        """,
        COSTATE_FLAGS="--memory 1MiB",
    )
    assert out == "True True True\n"


INTERRUPT = """
import os, signal, threading, time
import numpy as np, costate
from costate import _server
rng = np.random.default_rng(0)
n, layers, batch = 30, 8, 40
net = costate.mlp([rng.standard_normal((n, n)) / n**0.5 for _ in range(layers)], None, "tanh", "mse")
X, T = rng.standard_normal((batch, n)), rng.standard_normal((batch, n))
H = net.hessian(X, T)
small = costate.mlp([rng.standard_normal((3, 4))], None, "tanh", "ce").hessian(rng.standard_normal((5, 4)), [0, 1, 2, 0, 1])
F = small.factor(0.5)
v = np.ones(12)
want = F.solve(v)
pid = _server.current().greeting["pid"]
def interrupt(work, after):
    t = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    t.start()
    start = time.monotonic()
    try:
        work()
        took = None
    except KeyboardInterrupt:
        took = time.monotonic() - start - after
    t.join()
    return took
"""


@linux
def test_interrupt():
    out = script(
        INTERRUPT
        + """
took = interrupt(lambda: [H.factor(0.1) for _ in range(20)], 0.4)
assert took is not None and took < 3, took
took = interrupt(lambda: costate.train(net, None, X, T, seconds=60), 0.4)
assert took is not None and took < 3, took
took = interrupt(lambda: H.count_below(np.linspace(-1, 1, 500)), 0.4)
assert took is not None and took < 3, took
assert np.array_equal(F.solve(v), want)
# What was interrupted does not go on computing.
def busy():
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
start = b = busy()  # in hundredths of a second of processors, whatever else they do
while True:
    time.sleep(0.5)
    before, b = b, busy()
    if b - before <= 5:
        break
    assert b - start < 400, "the server goes on computing"
assert _server.current().greeting["pid"] == pid
print("usable", abs(small.factor(0.7).backward_error))
"""
    )
    assert out == "usable 0.0\n"


@linux
def test_interrupted_refactor():
    out = script(
        INTERRUPT
        + """
net = costate.mlp([rng.standard_normal((n, n)) / n**0.5 for _ in range(3)], None, "tanh", "mse")
H = net.hessian(X[:20], T[:20])
G = H.factor(0.5)
b = np.ones(H.shape[0])
x = G.solve(b)
took = interrupt(lambda: [G.refactor(0.1) for _ in range(10000)], 0.3)
assert took is not None and took < 3, took
try:
    G.solve(b)
except costate.InputError as e:
    assert "factor again" in str(e)
assert np.array_equal(G.refactor(0.5).solve(b), x)
print("again")
"""
    )
    assert out == "again\n"


@linux
def test_interrupted_questions():
    """Eigenpairs, functions, influence and posteriors end soon after an interrupt."""
    out = script(
        INTERRUPT
        + """
def ends(work):
    took = interrupt(lambda: [work() for _ in range(10000)], 0.3)
    assert took is not None and took < 3, took
ends(lambda: H.eigenpairs(20, near=0.01))
ends(lambda: H.eigenpairs(20, "largest", products=True))
ends(lambda: H.inverse_abs(np.ones(H.shape[0]), 0.01))
I = small.influence(0.5)
want_self = I.self_influence()
ends(lambda: H.influence(0.5).self_influence())
G = net.hessian(X, T, curvature="ggn")
ends(lambda: G.laplace().maximize_evidence())
P = G.laplace()
ends(lambda: P.predict(X))
try:
    P.predict(X[:1])
except costate.InputError as e:
    assert "anew" in str(e)
assert np.array_equal(I.self_influence(), want_self) and np.array_equal(F.solve(v), want)
assert _server.current().greeting["pid"] == pid
print("usable")
"""
    )
    assert out == "usable\n"


@linux
def test_interrupted_before_sending():
    """Where nothing was sent there is nothing to cancel, to wait for, or to forget."""
    out = script(
        INTERRUPT
        + """
server = _server.current()
F.free_me = small.factor(0.6)
server._stream.writing.acquire()
del F.free_me  # its handle waits for the next request
waits = list(server._unused)
assert len(waits) == 1
t = threading.Timer(1.5, server._stream.writing.release)
t.start()
took = interrupt(lambda: F.solve(v), 0.3)
assert took is not None and took < 1, took
assert not server._pending, server._pending
assert list(server._unused) == waits
assert not server._arenas._lent
t.join()
assert np.array_equal(F.solve(v), want)
assert not server._unused
print("usable")
"""
    )
    assert out == "usable\n"


@linux
def test_interrupted_without_answer():
    """A server that does not answer, not even to a cancel, is waited for in vain, but leaves nothing."""
    out = script(
        INTERRUPT
        + """
_server._PATIENCE = 0.3
server = _server.current()
os.kill(pid, signal.SIGSTOP)
took = interrupt(lambda: F.solve(v), 0.3)
assert took is not None and took < 3, took
assert not server._pending, server._pending
os.kill(pid, signal.SIGCONT)
assert np.array_equal(F.solve(v), want)
print("usable")
"""
    )
    assert out == "usable\n"


def test_arrays_that_cannot_be_placed():
    server = _server.current()
    lent, files = set(server._arenas._lent), set(glob.glob(f"/dev/shm/costate-py-{os.getpid()}-*"))
    with pytest.raises((TypeError, ValueError)):
        _arena.place(server._arenas, {"b": (np.array([1.0, "x"], dtype=object), "<f8")}, 0)
    assert server._arenas._lent == lent
    assert set(glob.glob(f"/dev/shm/costate-py-{os.getpid()}-*")) <= files


def test_interrupts_at_any_moment():
    """Many interrupts of small and large requests leave the stream whole."""
    out = script(
        """
        import os, random, signal, threading, time
        import numpy as np, costate
        L = costate.ldl(np.eye(500) * 2)
        b = np.ones((500, 300))
        armed = False
        def handler(*_):
            if armed:
                raise KeyboardInterrupt
        signal.signal(signal.SIGINT, handler)
        stop = threading.Event()
        def shoot():
            r = random.Random(1)
            while not stop.is_set():
                time.sleep(r.uniform(0.001, 0.03) * r.choice([1, 1, 1, 10]))
                os.kill(os.getpid(), signal.SIGINT)
        t = threading.Thread(target=shoot)
        t.start()
        hits = rounds = 0
        start = time.monotonic()
        while time.monotonic() < start + 4 or (hits <= 5 or not rounds) and time.monotonic() < start + 90:
            try:
                try:
                    armed = True
                    x = L.solve(b)
                    y = L.solve(b[:, 0])
                finally:
                    armed = False
                assert (x == 0.5).all() and (y == 0.5).all()
                rounds += 1
            except KeyboardInterrupt:
                hits += 1
                armed = False
        stop.set()
        t.join()
        assert (L.solve(b) == 0.5).all()
        print(hits > 5, rounds > 0)
        """,
        COSTATE_SHARED="0",
    )
    assert out == "True True\n"


@linux
def test_nothing_is_left():
    """When Python ends, in peace or killed, the server and its shared memory go."""
    text = """
        import costate, numpy as np, os, signal
        from costate import _server
        L = costate.ldl(np.eye(3))
        L.solve(np.ones(3))
        print(_server.current().greeting["pid"], os.getpid(), flush=True)
        {end}
        """
    for end in ("", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(3)", "raise SystemExit(1)"):
        p = subprocess.run([sys.executable, "-c", textwrap.dedent(text.format(end=end))], capture_output=True, text=True, timeout=60)
        pid, python = map(int, p.stdout.split())
        for _ in range(100):
            if not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.05)
        assert not os.path.exists(f"/proc/{pid}"), end
        assert not glob.glob(f"/dev/shm/costate-py-{python}-*"), end


@linux
def test_what_both_left_is_swept():
    """Killed together, a client and its server leave a file, which the next client removes,
    and only that one."""
    text = """
        import costate, numpy as np, os, signal
        from costate import _server
        costate.ldl(np.eye(300)).solve(np.ones((300, 20)))
        s = _server.current()
        paths = [a.path for a in s._arenas._spare]
        assert paths and all(map(os.path.exists, paths))
        os.kill(s.greeting["pid"], signal.SIGSTOP)  # so that it cannot tidy up
        print(s.greeting["pid"], *paths, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    small().factor(0.5).solve(np.ones(35))
    mine = [a.path for a in _server.current()._arenas._spare]
    p = subprocess.run([sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, timeout=60)
    pid, *left = p.stdout.split()
    os.kill(int(pid), signal.SIGKILL)
    script("import costate, numpy as np\ncostate.ldl(np.eye(3))")
    assert left and not any(map(os.path.exists, left))
    assert mine and all(map(os.path.exists, mine))


def test_names_in_the_folder(tmp_path):
    """Only files of this package's naming that are not locked are removed."""
    arena = _arena.Arena(str(tmp_path), 1 << 16)
    stale = tmp_path / "costate-py-77-0123456789ab"
    others = [tmp_path / n for n in ("costate-77-0123456789ab", "costate-py-77", "costate-py-77-0123456789abc", "data")]
    for f in (stale, *others):
        f.write_bytes(b"x")
    link = tmp_path / "costate-py-78-0123456789ab"
    link.symlink_to(others[0])
    _arena.sweep(str(tmp_path))
    assert not stale.exists() and link.is_symlink() and all(f.exists() for f in others) and os.path.exists(arena.path)
    view = arena.view("<f8", (4,), 0)
    arena.close(unlink=False)  # the view keeps the mapping, and the lock
    _arena.sweep(str(tmp_path))
    assert os.path.exists(arena.path) and view.shape == (4,)
    del view
    arena.map.close()
    _arena.sweep(str(tmp_path))
    assert not os.path.exists(arena.path)


@linux
def test_nothing_is_left_of_answers():
    """Killed while answers come, Python leaves no shared memory either."""
    text = """
        import costate, numpy as np, os, threading
        rng = np.random.default_rng(0)
        net = costate.mlp([rng.standard_normal((5, 4)), rng.standard_normal((30, 5))], None, "tanh", "mse")
        H = net.hessian(rng.standard_normal((500, 4)), rng.standard_normal((500, 30)))
        def work():
            while True:
                H.outputs
        threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
        for t in threads:
            t.start()
        print("ready", flush=True)
        for t in threads:
            t.join()
        """
    for _ in range(10):
        p = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], stdout=subprocess.PIPE, text=True)
        try:
            assert p.stdout.readline() == "ready\n"
            time.sleep(0.2)
        finally:
            p.kill()
            p.wait()
            p.stdout.close()
        for _ in range(100):
            left = glob.glob(f"/dev/shm/costate-py-{p.pid}-*")
            if not left:
                break
            time.sleep(0.05)
        for path in left:
            os.unlink(path)
        assert not left


def test_listen(tmp_path):
    path = str(tmp_path / "socket")
    server = subprocess.Popen([_server.program(), "serve", "--listen", "unix:" + path], stderr=subprocess.PIPE, text=True)
    try:
        assert "serving" in server.stderr.readline()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        code = """
            import costate, numpy as np
            from costate import _server
            assert (costate.ldl(np.eye(300) * 2).solve(np.ones((300, 20))) == 0.5).all()
            print(_server.current().greeting["pid"])
            """
        for shared in ("1", "0"):
            assert int(script(code, COSTATE_SERVER="unix:" + path, COSTATE_SHARED=shared)) == server.pid
        again = subprocess.run([_server.program(), "serve", "--listen", "unix:" + path], capture_output=True, text=True)
        assert again.returncode == 1 and "in use" in again.stderr
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 130
    assert not os.path.exists(path)
    out = script("import costate, numpy as np\ntry: costate.ldl(np.eye(2))\nexcept costate.ServerError: print('none')", COSTATE_SERVER="unix:" + path)
    assert out == "none\n"


def test_cancelled_by_another_thread():
    """A request that is cancelled by its number is answered by an exception."""
    H = small()
    server = _server.current()
    before = set(server._pending)

    def cancel():
        while True:
            numbers = set(server._pending) - before
            if numbers:
                server._stream.send(_frame.pack({"op": "cancel", "cancel": max(numbers)}, {}), [])
                return
            time.sleep(0.01)

    t = threading.Thread(target=cancel)
    t.start()
    with pytest.raises(costate.Cancelled):
        while True:
            H.count_below(np.linspace(-1, 1, 2000))
    t.join()
    assert H.count_below(10.0) == 35


def test_errors_keep_their_fields():
    e = _errors.error_of({"type": "NotFiniteError", "message": "X[1, 2] is NaN", "name": "X", "index": [1, 2], "value": "NaN"})
    assert isinstance(e, costate.NotFiniteError) and e.index == (1, 2) and np.isnan(e.value) and str(e) == "X[1, 2] is NaN"
    e = _errors.error_of({"type": "InternalError", "message": "internal error: x", "stack": "goroutine 1"})
    assert isinstance(e, costate.ServerError) and e.output == "goroutine 1" and "goroutine 1" in str(e)
    e = _errors.error_of({"type": "LaterError", "message": "of a later version"})
    assert isinstance(e, costate.ServerError) and "of a later version" in str(e)


def test_no_copies():
    H = small()
    for x in (H, H.factor(0.5), costate.ldl(np.eye(3))):
        for f in (copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="neither copied nor pickled"):
                f(x)


def test_shutdown():
    H = small()
    costate.shutdown()
    with pytest.raises(costate.ServerError):
        H @ np.ones(35)
    assert small().shape == (35, 35)
