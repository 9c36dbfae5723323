"""The LDLᵀ of sparse symmetric matrices."""

import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse")

import costate  # noqa: E402


def saddle(n=150, m=60, seed=0):
    """[H Aᵀ; A 0], which has m negative eigenvalues."""
    rng = np.random.default_rng(seed)
    H = sparse.diags([np.full(n, 4.0), np.full(n - 1, -1.0), np.full(n - 1, -1.0)], [0, 1, -1])
    A = sparse.random(m, n, 0.03, random_state=rng) + sparse.eye(m, n)
    return sparse.bmat([[H, A.T], [A, None]])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "bsr", "dense", "csr_array", "unsorted", "duplicates", "float32", "int64 indices"])
def test_forms(form):
    A = saddle().tocsr()
    D = A.toarray()
    given = {
        "dense": lambda: D,
        "csr_array": lambda: sparse.csr_array(A),
        "float32": lambda: A.astype("f4"),
    }.get(form)
    if form in ("csr", "csc", "coo", "lil", "bsr"):
        B = A.asformat(form)
    elif form == "unsorted":
        B = A.copy()
        for i in range(B.shape[0]):
            lo, hi = B.indptr[i], B.indptr[i + 1]
            B.indices[lo:hi], B.data[lo:hi] = B.indices[lo:hi][::-1].copy(), B.data[lo:hi][::-1].copy()
        B.has_sorted_indices = B.has_canonical_format = False
    elif form == "duplicates":
        c = A.tocoo()
        B = sparse.coo_matrix((np.concatenate([c.data / 2, c.data / 2]), (np.tile(c.row, 2), np.tile(c.col, 2))), c.shape)
    elif form == "int64 indices":
        B = A.copy()
        B.indices, B.indptr = B.indices.astype("i8"), B.indptr.astype("i8")
    else:
        B = given()
    if form == "float32":
        D = D.astype("f4").astype("f8")
    L = costate.ldl(B)
    b = np.arange(210.0)
    x = L.solve(b)
    assert np.linalg.norm(D @ x - b) <= 1e-13 * np.linalg.norm(D, 2) * np.linalg.norm(x)
    assert L.inertia == (60, 0, 150, True)
    sign, log = np.linalg.slogdet(D)
    assert L.sign == sign and abs(L.logdet - log) < 1e-9
    assert L.backward_error <= 1e-14 and L.blocks >= 1 and L.block_max >= 1


def test_fill():
    assert costate.ldl(np.ones((9, 9)) + np.eye(9)).nnz == 45
    assert 9 <= costate.ldl(np.eye(9)).nnz <= 45
    # An arrow has no fill in the right order; whole fronts may hold zeros besides.
    arrow = sparse.bmat([[sparse.eye(1) * 50, np.ones((1, 40))], [np.ones((40, 1)), sparse.eye(40) * 2]])
    assert 81 <= costate.ldl(arrow).nnz < 300


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_no_copy(form):
    """Nothing of the size of the matrix is made in Python: its numbers go to shared memory."""
    import tracemalloc

    from costate import _server

    if not _server.current()._arenas._folder:
        pytest.skip("there is no shared memory")
    A = sparse.diags([np.full(40000, 4.0), np.full(39999, -1.0), np.full(39999, -1.0)], [0, 1, -1], format=form)
    A.sum_duplicates()
    costate.ldl(A)
    tracemalloc.start()
    try:
        L = costate.ldl(A)
        L.refactor(A)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < A.data.nbytes / 4, peak
    assert L.inertia == (0, 0, 40000, True)


def test_lower_triangle():
    A = saddle()
    for T in (sparse.tril(A, format="csr"), sparse.tril(A, format="csc"), sparse.tril(A, format="coo")):
        L = costate.ldl(T, lower=True)
        assert np.allclose(A @ L.solve(np.ones(210)), 1, atol=1e-10)
    with pytest.raises(costate.InputError, match="lower triangle"):
        costate.ldl(sparse.triu(A, format="csr"), lower=True)


def test_many_right_hand_sides_and_operator():
    A = saddle().tocsr()
    L = costate.ldl(A)
    B = np.random.default_rng(1).standard_normal((210, 130))
    X = L.solve(np.asfortranarray(B))
    assert np.abs(A @ X - B).max() < 1e-11
    assert np.allclose(L @ B[:, 0], X[:, 0])
    true = np.linalg.cond(A.toarray(), 1)
    assert 0.1 * true <= L.cond() <= 1.001 * true
    assert np.allclose(L.inverse_diagonal(), np.diag(np.linalg.inv(A.toarray())), atol=1e-10)


def test_eigsh():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    A = saddle().tocsr()
    sigma = 0.3
    L = costate.ldl(A - sigma * sparse.eye(210))
    got = linalg.eigsh(A, k=5, sigma=sigma, OPinv=L, return_eigenvectors=False)
    e = np.linalg.eigvalsh(A.toarray())
    assert np.abs(np.sort(got) - np.sort(e[np.argsort(np.abs(e - sigma))[:5]])).max() < 1e-10
    assert L.inertia.negative == (e < sigma).sum()


def test_refactor():
    A = saddle().tocsr()
    L = costate.ldl(A)
    B = A.copy()
    B.data = B.data * 2
    assert np.allclose(B @ L.refactor(B).solve(np.ones(210)), 1, atol=1e-10)
    with pytest.raises(costate.InputError):
        L.refactor(saddle(seed=3))
    with pytest.raises(costate.InputError):
        L.refactor(sparse.eye(3, format="csr"))
    assert np.allclose(B @ L.solve(np.ones(210)), 1, atol=1e-10)


def test_wrong_matrices():
    A = saddle().tolil()
    A[3, 5] = 7
    with pytest.raises(costate.AsymmetricError) as e:
        costate.ldl(A)
    assert (e.value.i, e.value.j, e.value.a) == (3, 5, 7)
    A = saddle().tocsr()
    noisy = A.copy()
    noisy.data = noisy.data * (1 + 1e-12 * np.random.default_rng(0).standard_normal(A.nnz))
    with pytest.raises(costate.AsymmetricError):
        costate.ldl(noisy)
    assert costate.ldl(noisy, symmetry=1e-10).inertia.negative == 60
    A.data[17] = np.nan
    with pytest.raises(costate.NotFiniteError):
        costate.ldl(A)
    for bad in (sparse.eye(3, 4), np.ones((3, 4)), np.ones(3), sparse.eye(3) * 1j):
        with pytest.raises(costate.InputError):
            costate.ldl(bad)


def test_singular():
    with pytest.raises(costate.SingularError) as e:
        costate.ldl(sparse.diags([1.0, -2.0, 0.0, 3.0]))
    assert e.value.row == 2 and e.value.cond == np.inf and e.value.inertia[:3] == (1, 1, 2)
    L = costate.ldl(sparse.diags([1.0, -2.0, 4.0, 3.0]))
    with pytest.raises(costate.SingularError):
        L.refactor(sparse.csr_matrix((np.array([1.0, -2, 0, 3]), (range(4), range(4))), (4, 4)))
    with pytest.raises(costate.InputError, match="factor again"):
        L.solve(np.ones(4))


def test_order_zero_and_one():
    assert costate.ldl(np.array([[-2.0]])).solve([4.0]) == [-2.0]
    assert costate.ldl(np.empty((0, 0))).solve(np.empty(0)).shape == (0,)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_not_finite_settings(value):
    A = saddle()
    for name in ("symmetry", "tolerance"):
        with pytest.raises(costate.InputError, match=f"{name}.* finite"):
            costate.ldl(A, **{name: value})
    H = costate.hessian(costate.mlp([np.ones((2, 3))], None, "tanh", "mse"), None, np.ones((4, 3)), np.ones((4, 2)))
    for name in ("near", "tolerance"):
        with pytest.raises(costate.InputError, match=f"{name}.* finite"):
            H.eigenpairs(1, "near", **{name: value})
    for name in ("seconds", "target", "damping"):
        with pytest.raises(costate.InputError, match=f"{name}.* finite"):
            costate.train(costate.mlp([np.ones((2, 3))], None, "tanh", "mse"), None, np.ones((4, 3)), np.ones((4, 2)), **{name: value})
    assert costate.ldl(A).inertia == (60, 0, 150, True)  # the server goes on


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dense", "lower"])
def test_not_finite_place(form):
    """The error has the row and the column of the element."""
    A = saddle().tolil()
    A[7, 3] = np.nan
    A = A.tocsr()
    if form == "lower":
        given = sparse.tril(A)
    else:
        given = A.toarray() if form == "dense" else A.asformat(form)
    with pytest.raises(costate.NotFiniteError, match=r"A\[7, 3\] is NaN") as caught:
        costate.ldl(given, lower=form == "lower")
    assert caught.value.name == "A" and caught.value.index == (7, 3) and np.isnan(caught.value.value)
    good = A.tolil()
    good[7, 3] = good[3, 7] = 0.25
    good = good.tocsr()
    L = costate.ldl(good)
    b = L.solve(np.ones(210))
    good[7, 3] = np.inf
    with pytest.raises(costate.NotFiniteError, match=r"A\[7, 3\] is \+Inf"):
        L.refactor(good)
    assert np.array_equal(L.solve(np.ones(210)), b)
