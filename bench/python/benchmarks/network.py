"""Round trips, and a deep network from Python against the Go library.

    python bench/python/benchmarks/network.py [--go costate]

`--go` names the program whose `solve` is the other side; the server's by default. The
network is README's `deep`: 5 inputs, 1000 layers of width 10, 3 classes, 2 samples,
no bias, tanh, cross-entropy, the exact Hessian, ε = 0.1. Seconds are the best of the
repetitions, of factor and of solve, both sides in turns on the same machine.
"""

import argparse
import json
import subprocess
import time

import numpy as np

import costate
from costate import _server


def best(call, repeat):
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds), float(np.median(seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--go", default=_server.program())
    parser.add_argument("--repeat", type=int, default=20)
    args = parser.parse_args()

    server = _server.current()
    low, median = best(lambda: server.request("ping", {}, {}), 2000)
    print(f"empty round trip: best {low * 1e3:.3f} ms, median {median * 1e3:.3f} ms")

    rng = np.random.default_rng(1)
    widths = [5] + [10] * 999 + [3]
    weights = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in zip(widths, widths[1:])]
    X, y = rng.standard_normal((2, 5)), rng.integers(0, 3, 2)
    H = costate.mlp(weights, None, "tanh", "ce").hessian(X, y)
    F = H.factor(0.1, method="chain")
    g = H.gradient
    low, median = best(lambda: H @ g, args.repeat)
    print(f"H @ v, {H.shape[0]} parameters: best {low * 1e3:.2f} ms, median {median * 1e3:.2f} ms")

    ours, theirs = [], []
    for _ in range(5):
        ours.append((best(lambda: F.refactor(0.1), args.repeat)[0], best(lambda: F.solve(g), args.repeat)[0]))
        # The second of two dampings is factor and solve alone, at a point that is there.
        out = subprocess.run([args.go, "solve", "--data", "gaussian", "--input", "5", "--classes", "3", "--layers", "1000", "--width", "10", "--batch", "2",
                              "--bias=false", "--eps", "0.1,0.1", "--method", "chain", "--repeat", str(args.repeat), "--json"], check=True, capture_output=True).stdout
        s = json.loads(out)[1]["seconds"]
        theirs.append((s["factor"], s["solve"]))
    (pf, ps), (gf, gs) = (np.min(side, axis=0) * 1e3 for side in (ours, theirs))
    print(f"factor + solve: Python {pf:.2f} + {ps:.2f} ms, Go {gf:.2f} + {gs:.2f} ms, ratio {(pf + ps) / (gf + gs):.2f}; backward error {F.backward_error:.1e}")


if __name__ == "__main__":
    main()
