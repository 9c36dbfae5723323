"""Compares bench mtx with SciPy on the same files.

    go run ./bench solve --mtx-out /tmp/p
    go run ./bench mtx /tmp/p_K.mtx /tmp/p_b.mtx --out /tmp/x.mtx --json > /tmp/r.json
    python3 bench/testdata/scipy_oracle.py /tmp/p_K.mtx /tmp/p_b.mtx /tmp/x.mtx /tmp/r.json

checks order and entries, the solution against SuperLU, the log-determinant, and
for orders up to 3000 the inertia against all eigenvalues. Needs NumPy and SciPy.
"""
import json
import sys

import numpy as np
import scipy.io
import scipy.sparse.linalg

a, b, x = (scipy.io.mmread(p) for p in sys.argv[1:4])
with open(sys.argv[4]) as f:
    r = json.load(f)
a = a.tocsc()
b, x = np.asarray(b).ravel(), np.asarray(x).ravel()
lu = scipy.sparse.linalg.splu(a)
y = lu.solve(b)
diagonal = np.abs(lu.U.diagonal())
error = np.linalg.norm(a @ x - b) / (scipy.sparse.linalg.norm(a) * np.linalg.norm(x) + np.linalg.norm(b))
checks = {
    "order": r["order"] == a.shape[0],
    "entries": r["nnz"] == a.nnz,
    "backward error %.1e" % error: error <= 1e-14,
    "distance from SuperLU %.1e" % (np.linalg.norm(x - y) / np.linalg.norm(y)): np.linalg.norm(x - y) <= 1e-6 * np.linalg.norm(y),
    "log-determinant": np.isclose(r["logdet"]["log"], np.log(diagonal).sum(), rtol=1e-8),
}
if a.shape[0] <= 3000:
    w = np.linalg.eigvalsh(a.toarray())
    checks["inertia"] = [r["inertia"][k] for k in ("negative", "zero", "positive")] == [(w < 0).sum(), 0, (w > 0).sum()]
for what, ok in checks.items():
    print("ok  " if ok else "FAIL", what)
sys.exit(not all(checks.values()))
