"""Model files that torch writes, through the command."""

import json
import struct
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import costate  # noqa: E402
from costate import _server  # noqa: E402


def solve(model, tmp_path, *flags):
    out = tmp_path / "out.npz"
    p = subprocess.run([_server.program(), "solve", "--model", str(model), "--in", str(tmp_path / "data.npz"), "--out", str(out), "--json", "--repeat", "1", *flags], capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    with np.load(out) as z:
        return json.loads(p.stdout), dict(z)


def save_safetensors(path, state):
    """The format, written by hand: its library is not needed."""
    words = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, t in state.items():
        raw = (t.view(torch.int16) if t.dtype == torch.bfloat16 else t).numpy().tobytes()
        header[name] = {"dtype": words[t.dtype], "shape": list(t.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_safetensors(tmp_path, dtype):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.SiLU(), nn.Linear(6, 5, bias=False), nn.SiLU(), nn.Linear(5, 3)).to(dtype)
    save_safetensors(tmp_path / "m.safetensors", model.state_dict())
    X, y = torch.randn(7, 4, dtype=torch.float64), torch.randint(0, 3, (7,))
    np.savez(tmp_path / "data.npz", X=X.numpy(), T=y.numpy())
    result, out = solve(tmp_path / "m.safetensors", tmp_path, "--act", "silu", "--eps", "0.3")
    H = costate.hessian(model.double(), nn.CrossEntropyLoss(), X, y)
    assert np.abs(out["g"] - H.gradient.numpy()).max() < 1e-14
    assert np.abs(out["x"] - H.factor(0.3).solve(out["g"])).max() < 1e-12
    assert result["params"] == H.shape[0] and np.array_equal(out["T"], y)


def test_onnx(tmp_path):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.GELU(), nn.Linear(6, 2)).eval()
    torch.onnx.export(model, torch.zeros(1, 4), str(tmp_path / "m.onnx"), dynamic_axes={"input": {0: "n"}}, input_names=["input"])
    X, T = torch.randn(5, 4, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    g = np.random.default_rng(0).standard_normal(sum(p.numel() for p in model.parameters()))
    np.savez(tmp_path / "data.npz", X=X.numpy(), T=T.numpy(), g=g)
    _, out = solve(tmp_path / "m.onnx", tmp_path, "--loss", "mse")
    F = costate.hessian(model.double(), nn.MSELoss(), X, T).factor(0.1)
    assert np.array_equal(out["g"], g) and np.abs(out["x"] - F.solve(g)).max() < 1e-6 * np.abs(out["x"]).max()


def field(number, value):
    """A field of a message in the encoding of ONNX's files: a whole number, a float, or bytes."""
    varint = lambda n: bytes([n & 127 | 128]) + varint(n >> 7) if n > 127 else bytes([n])
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx_file(nodes, constants, opset=17):
    """A graph from x to y: nodes are (operator, inputs, output, attributes)."""
    graph = b""
    for op, inputs, out, attributes in nodes:
        node = b"".join(field(1, i) for i in inputs) + field(2, out) + field(4, op)
        for name, value in attributes.items():
            node += field(5, field(1, name) + field(2 if isinstance(value, float) else 3, value))
        graph += field(1, node)
    numbers = {torch.float32: 1, torch.float16: 10, torch.float64: 11, torch.bfloat16: 16}
    for name, t in constants.items():
        raw = (t.contiguous().view(torch.int16) if t.dtype == torch.bfloat16 else t).numpy().tobytes()
        graph += field(5, b"".join(field(1, d) for d in t.shape) + field(2, numbers[t.dtype]) + field(8, name) + field(9, raw))
    graph += field(11, field(1, "x")) + field(12, field(1, "y"))
    return field(1, 8) + field(7, graph) + field(8, field(2, opset))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_onnx_forms(tmp_path, dtype):
    """MatMul with Add, and Gemm as it is, transposed, and with factors, of weights of every type."""
    g = torch.Generator().manual_seed(3)
    make = lambda *shape: torch.randn(shape, generator=g, dtype=torch.float64).to(dtype)
    W, b = [make(4, 6), make(5, 6), make(5, 3)], [make(6), make(5), make(3)]
    nodes = [
        ("MatMul", "xU", "a", {}), ("Add", "ac", "d", {}), ("Tanh", "d", "e", {}), ("Flatten", "e", "f", {"axis": 1}),
        ("Gemm", "fVh", "i", {"transB": 1}), ("Softplus", "i", "j", {}), ("Gemm", "jWk", "y", {"alpha": 0.5, "beta": -2.0}),
    ]  # fmt: skip
    (tmp_path / "m.onnx").write_bytes(onnx_file(nodes, {"U": W[0], "c": b[0], "V": W[1], "h": b[1], "W": W[2], "k": b[2]}))
    X, y = torch.randn(7, 4, generator=g, dtype=torch.float64), torch.arange(7) % 3
    np.savez(tmp_path / "data.npz", X=X.numpy(), T=y.numpy())
    _, out = solve(tmp_path / "m.onnx", tmp_path, "--eps", "0.3")
    W, b = [w.double() for w in W], [c.double() for c in b]
    H = costate.mlp([W[0].T, W[1], 0.5 * W[2].T], [b[0], b[1], -2 * b[2]], ["tanh", "softplus", None]).hessian(X, y)
    assert np.abs(out["g"] - H.gradient).max() < 1e-14
    assert np.abs(out["x"] - H.factor(0.3).solve(out["g"])).max() < 1e-12


def test_onnx_errors(tmp_path):
    np.savez(tmp_path / "data.npz", X=np.ones((2, 4)), T=np.ones((2, 4)))
    for file, words in (
        (onnx_file([("Erf", "x", "y", {})], {}), ("Erf of operator set 17", "not known")),
        (onnx_file([("Tanh", "x", "y", {})], {}, opset=6), ("operator set 6", "are read")),
        (onnx_file([("LSTM", "x", "y", {})], {}, opset=11), ("LSTM of operator set 11",)),
    ):
        (tmp_path / "m.onnx").write_bytes(file)
        p = subprocess.run([_server.program(), "solve", "--model", "m.onnx", "--in", "data.npz"], cwd=tmp_path, capture_output=True, text=True)
        assert p.returncode == 1 and all(w in p.stderr for w in words), p.stderr


def test_onnx_of_images(tmp_path):
    torch.manual_seed(2)
    model = nn.Sequential(nn.Conv2d(2, 3, (2, 3), padding=(0, 1)), nn.Tanh(), nn.AvgPool2d((1, 2)), nn.Conv2d(3, 2, 2, stride=(2, 1), bias=False), nn.SiLU(), nn.Flatten(), nn.Linear(2, 3)).eval()
    X, y = torch.randn(4, 2, 4, 5, dtype=torch.float64), torch.tensor([0, 2, 1, 1])
    torch.onnx.export(model, X.float(), str(tmp_path / "m.onnx"), dynamic_axes={"input": {0: "n"}}, input_names=["input"])
    np.savez(tmp_path / "data.npz", X=X.flatten(1).numpy(), T=y.numpy())
    result, out = solve(tmp_path / "m.onnx", tmp_path, "--eps", "0.4")
    H = costate.hessian(model.double(), nn.CrossEntropyLoss(), X, y)
    assert result["params"] == H.shape[0] and result["backward_error"] <= 1e-14
    assert np.abs(out["g"] - H.gradient.numpy()).max() < 1e-12
    assert np.abs(out["x"] - H.factor(0.4).solve(out["g"])).max() < 1e-10


def test_refusals(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"nothing")
    (tmp_path / "m.safetensors").write_bytes(b"nothing")
    np.savez(tmp_path / "data.npz", X=np.ones((2, 4)), T=np.ones((2, 1)))
    for flags, status in (
        (["--model", "m.onnx", "--in", "data.npz"], 1),
        (["--model", "m.safetensors", "--in", "data.npz", "--act", "relu"], 1),
        (["--model", "m.safetensors", "--in", "data.npz"], 2),
        (["--model", "m.onnx"], 2),
        (["--model", "m.pt", "--in", "data.npz"], 2),
        (["--model", "m.onnx", "--in", "data.npz", "--act", "relu"], 2),
    ):
        p = subprocess.run([_server.program(), "solve", *flags], cwd=tmp_path, capture_output=True, text=True)
        assert p.returncode == status and p.stderr.startswith("costate: "), p.stderr
