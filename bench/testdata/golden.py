"""Writes golden.npz: a small network with a batch, and x = (H + 0.1 I)^-1 g.

The gradient is written out by hand and the Hessian is its derivative by complex
steps, which is exact to rounding: nothing here is shared with the Go code.
Needs only NumPy: python3 golden.py
"""
import os
import numpy as np

rng = np.random.default_rng(2026)
widths, samples, eps = [4, 5, 3, 3], 6, 0.1
shapes = [(o, i) for i, o in zip(widths, widths[1:])]
X = rng.standard_normal((samples, widths[0]))
T = rng.integers(0, widths[-1], samples)


def unpack(theta):
    layers, at = [], 0
    for o, i in shapes:
        W = theta[at:at + o * i].reshape(o, i)
        at += o * i
        layers.append((W, theta[at:at + o]))
        at += o
    return layers


def gradient(theta):
    """Of the mean softmax cross-entropy; tanh between the layers."""
    layers, z = unpack(theta), [X.astype(theta.dtype)]
    for k, (W, b) in enumerate(layers):
        u = z[-1] @ W.T + b
        z.append(np.tanh(u) if k + 1 < len(layers) else u)
    e = np.exp(z[-1])
    delta = e / e.sum(axis=1, keepdims=True)
    delta[np.arange(samples), T] -= 1
    delta = delta / samples
    grads = []
    for k in reversed(range(len(layers))):
        grads[:0] = [(delta.T @ z[k]).ravel(), delta.sum(axis=0)]
        if k:
            delta = (delta @ layers[k][0]) * (1 - z[k] ** 2)
    return np.concatenate(grads)


parts = []
for o, i in shapes:
    parts += [rng.standard_normal(o * i) / np.sqrt(i), 0.1 * rng.standard_normal(o)]
theta = np.concatenate(parts)
n, h = len(theta), 1e-100
H = np.stack([gradient(theta + 1j * h * np.eye(n)[j]).imag / h for j in range(n)], axis=1)
assert np.abs(H - H.T).max() < 1e-14
g = gradient(theta)
x = np.linalg.solve(H + eps * np.eye(n), g)
arrays = {"X": X, "T": T, "g": g, "x": x}
for k, (W, b) in enumerate(unpack(theta)):
    arrays["W%d" % (k + 1)], arrays["b%d" % (k + 1)] = W, b
here = os.path.dirname(os.path.abspath(__file__))
np.savez(os.path.join(here, "golden.npz"), **arrays)
print(n, "parameters;", (np.linalg.eigvalsh(H) < -eps).sum(), "eigenvalues below", -eps)
