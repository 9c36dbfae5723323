"""costate.ldl against scipy.sparse.linalg.splu on symmetric matrices.

    python bench/python/benchmarks/splu.py FILE.mtx.gz … >> table.md

For each Matrix Market file: order, entries, seconds to factor (the ordering with it) and
to solve, backward errors, numbers in the factors (L with its diagonal, and L + U), and
what splu cannot tell, the inertia. splu has two of its orderings, its default and the
one for symmetric patterns, of which the faster counts. Each side and ordering has a
process of its own, which is ended after --limit seconds, so that the table is always
whole. Both have one thread. Seconds are the best of ten, or of as many as fit into a
second. The table, in Markdown, has a row a file, printed when it is there;
--rows leaves its head out, to go on with one.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import warnings

import numpy as np
from scipy import __version__ as scipy_version
from scipy import io, sparse
from scipy.sparse import linalg

import costate

REPEAT = 10
ORDERINGS = ("COLAMD", "MMD_AT_PLUS_A")
HEAD = "| matrix | order | entries | ldl: factor | solve | error | numbers in L | inertia | splu: factor | solve | error | numbers in L + U (ordering) |"


def timed(call):
    """What call returns, and the least seconds that it took."""
    seconds = []
    while len(seconds) < REPEAT and sum(seconds) < 1:
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return value, min(seconds)


def error(A, x, b):
    """The normwise backward error, with the largest 2-norm of a column for the norm of A.
    Its residual is computed in extended precision, which rounding would fill else."""
    C = A.tocoo()
    r = -b.astype(np.longdouble)
    np.add.at(r, C.row, C.data.astype(np.longdouble) * x[C.col])
    norm = np.sqrt(np.asarray(A.multiply(A).sum(0)).max())
    return float(np.linalg.norm(r.astype(np.float64))) / (norm * np.linalg.norm(x) + np.linalg.norm(b))


def ours(A, b):
    try:
        L, factor = timed(lambda: costate.ldl(A))
        x, solve = timed(lambda: L.solve(b))
        return {"factor": factor, "solve": solve, "error": error(A, x, b), "numbers": L.nnz, "inertia": L.inertia}
    except costate.Error as e:
        return {"failed": type(e).__name__, "inertia": getattr(e, "inertia", None)}


def theirs(A, b, ordering):
    C = A.tocsc()
    try:
        U, factor = timed(lambda: linalg.splu(C, permc_spec=ordering))
        x, solve = timed(lambda: U.solve(b))
        return {"factor": factor, "solve": solve, "error": error(A, x, b), "numbers": U.L.nnz + U.U.nnz}
    except (RuntimeError, MemoryError) as e:
        return {"failed": "singular" if "singular" in str(e) else "fails"}


def read(path):
    A = sparse.csr_matrix(io.mmread(path))
    return A, A @ np.ones(A.shape[0])


def apart(side, path, limit):
    """One side's results, from a process of its own."""
    command = [sys.executable, os.path.abspath(__file__), "--side", side, path]
    try:
        p = subprocess.run(command, stdout=subprocess.PIPE, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"> {limit:g} s"}
    return json.loads(p.stdout) if p.returncode == 0 else {"failed": f"ended with status {p.returncode}"}


def signs(inertia):
    if not inertia:
        return ""
    negative, zero, positive, certain = inertia
    return f"{negative:,}, {zero:,}, {positive:,}{'' if certain else ' ?'}"


def row(path, limit):
    A, _ = read(path)
    r = apart("ldl", path, limit)
    left = f"{r['failed']} | | | " if "failed" in r else f"{r['factor']:.4f} | {r['solve']:.4f} | {r['error']:.0e} | {r['numbers']:,}"
    results = [(apart(o, path, limit), o) for o in ORDERINGS]
    good = [(s["factor"], o, s) for s, o in results if "failed" not in s]
    if good:
        _, o, s = min(good, key=lambda g: g[0])
        right = f"{s['factor']:.4f} | {s['solve']:.4f} | {s['error']:.0e} | {s['numbers']:,} ({o})"
    else:
        right = f"{results[0][0]['failed']} | | | "
    name = os.path.basename(path).split(".")[0]
    return f"| {name} | {A.shape[0]:,} | {A.nnz:,} | {left} | {signs(r.get('inertia'))} | {right} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each side and ordering of a matrix, reading with them")
    parser.add_argument("--rows", action="store_true", help="without the head of the table")
    parser.add_argument("--side", choices=("ldl",) + ORDERINGS, help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    # One thread each: SuperLU has no more, and the libraries below may.
    os.environ.setdefault("COSTATE_FLAGS", "--threads 1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if args.side:
        warnings.simplefilter("ignore")
        A, b = read(args.files[0])
        json.dump(ours(A, b) if args.side == "ldl" else theirs(A, b, args.side), sys.stdout)
        return
    if not args.rows:
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors; SciPy {scipy_version}, costate {costate.__version__}, one thread each", file=sys.stderr)
        print(HEAD + "\n|" + " --- |" * 12)
    for path in args.files:
        print(row(path, args.limit), flush=True)


if __name__ == "__main__":
    main()
