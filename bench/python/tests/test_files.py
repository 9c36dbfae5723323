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
