"""costate.ldl against scipy.sparse.linalg.splu on symmetric matrices.

    python bench/python/benchmarks/splu.py FILE.mtx.gz …

For each Matrix Market file: order, entries, seconds to factor and to solve, backward
errors, numbers in the factors (L with its diagonal, and L + U), and what splu cannot
tell, the inertia. splu has two of its orderings, its default and the one for symmetric
patterns, of which the faster counts; what takes longer than LIMIT seconds is given up.
Seconds are the best of REPEAT, where one takes less than a second. A table in Markdown.
"""

import multiprocessing
import sys
import time
import warnings

import numpy as np
from scipy import io, sparse
from scipy.sparse import linalg

import costate


def timed(call):
    """What call returns, and the least seconds that it took."""
    best = np.inf
    for _ in range(REPEAT):
        start = time.perf_counter()
        value = call()
        best = min(best, time.perf_counter() - start)
        if best > 1:
            break
    return value, best


def error(A, x, b):
    """The normwise backward error, with the largest 2-norm of a column for the norm of A."""
    norm = np.sqrt(np.asarray(A.multiply(A).sum(0)).max())
    return np.linalg.norm(A @ x - b) / (norm * np.linalg.norm(x) + np.linalg.norm(b))


LIMIT = 60.0
REPEAT = 3
ORDERINGS = ("COLAMD", "MMD_AT_PLUS_A")


def other(A, b, ordering, pipe):
    """Factor and solve by splu, in a process of its own."""
    warnings.simplefilter("ignore")
    C = A.tocsc()
    try:
        U, factor = timed(lambda: linalg.splu(C, permc_spec=ordering))
        x, solve = timed(lambda: U.solve(b))
        pipe.send((factor, solve, error(A, x, b), U.L.nnz + U.U.nnz, ordering))
    except (RuntimeError, MemoryError) as e:
        pipe.send(" ".join(str(e).split()))


def faster(A, b):
    """The better of splu's orderings: a tuple of numbers, or why there is none."""
    results = []
    for ordering in ORDERINGS:
        ours, theirs = multiprocessing.Pipe(False)
        p = multiprocessing.Process(target=other, args=(A, b, ordering, theirs))
        p.start()
        results.append(ours.recv() if ours.poll(LIMIT) else f"more than {LIMIT:g} s")
        p.kill()
        p.join()
    good = [r for r in results if not isinstance(r, str)]
    return min(good) if good else results[0]


def main():
    print("| matrix | order | entries | ldl: factor | solve | error | numbers in L | inertia | splu: factor | solve | error | numbers in L + U (ordering) |")
    print("|" + " --- |" * 12)
    for path in sys.argv[1:]:
        A = sparse.csr_matrix(io.mmread(path))
        b = A @ np.ones(A.shape[0])
        name = path.rsplit("/", 1)[-1].split(".")[0]
        try:
            L, factor = timed(lambda: costate.ldl(A))
            x, solve = timed(lambda: L.solve(b))
            i = L.inertia
            ours = f"{factor:.3f} | {solve:.4f} | {error(A, x, b):.0e} | {L.nnz:,} | {i.negative}, {i.zero}, {i.positive}{'' if i.certain else ' ?'}"
        except costate.Error as e:
            ours = f"{type(e).__name__} | | | | {getattr(e, 'inertia', '')}"
        r = faster(A, b)
        theirs = f"{r} | | | " if isinstance(r, str) else f"{r[0]:.3f} | {r[1]:.4f} | {r[2]:.0e} | {r[3]:,} ({r[4]})"
        print(f"| {name} | {A.shape[0]:,} | {A.nnz:,} | {ours} | {theirs} |", flush=True)


if __name__ == "__main__":
    main()
