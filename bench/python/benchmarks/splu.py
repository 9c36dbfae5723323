"""costate.ldl against scipy.sparse.linalg.splu on symmetric matrices.

    python bench/python/benchmarks/splu.py FILE.mtx.gz …

For each Matrix Market file: order, entries, seconds to factor and to solve, numbers
in the factors, and what splu cannot tell, the inertia. splu gets a minimum-degree ordering of A + Aᵀ, which suits
symmetric matrices best. A table in Markdown.
"""

import sys
import time
import warnings

import numpy as np
from scipy import io, sparse
from scipy.sparse import linalg

import costate


def timed(call):
    start = time.perf_counter()
    value = call()
    return value, time.perf_counter() - start


def error(A, x, b):
    """The normwise backward error, with the largest 2-norm of a column for the norm of A."""
    norm = np.sqrt(np.asarray(A.multiply(A).sum(0)).max())
    return np.linalg.norm(A @ x - b) / (norm * np.linalg.norm(x) + np.linalg.norm(b))


def main():
    print("| matrix | order | entries | ldl: factor | solve | error | inertia | splu: factor | solve | error | numbers in L + U |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for path in sys.argv[1:]:
        A = sparse.csr_matrix(io.mmread(path))
        b = A @ np.ones(A.shape[0])
        name = path.rsplit("/", 1)[-1].split(".")[0]
        try:
            L, factor = timed(lambda: costate.ldl(A))
            x, solve = timed(lambda: L.solve(b))
            i = L.inertia
            ours = f"{factor:.3f} | {solve:.4f} | {error(A, x, b):.0e} | {i.negative}, {i.zero}, {i.positive}{'' if i.certain else ' ?'}"
        except costate.Error as e:
            ours = f"{type(e).__name__} | | | {getattr(e, 'inertia', '')}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                C = A.tocsc()
                U, factor = timed(lambda: linalg.splu(C, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": False}))
            x, solve = timed(lambda: U.solve(b))
            theirs = f"{factor:.3f} | {solve:.4f} | {error(A, x, b):.0e} | {U.L.nnz + U.U.nnz:,}"
        except (RuntimeError, MemoryError) as e:
            theirs = f"{type(e).__name__}: {e} | | |"
        print(f"| {name} | {A.shape[0]:,} | {A.nnz:,} | {ours} | {theirs} |", flush=True)


if __name__ == "__main__":
    main()
