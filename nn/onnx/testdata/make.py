"""Writes the files of this folder: networks as torch exports them, with outputs.

    python3 make.py

Needs torch. controller.onnx is a feedback controller of five layers with ReLU, of
random weights; exported.onnx has every kind of layer of units that an export has,
images.onnx and sequence.onnx those of images and sequences."""

import io
import json
import os

import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


class Residual(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        return x + self.block(x)


class View(nn.Module):
    """nn.Unflatten, which cannot be exported."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(-1, *self.shape)


class Normalized(nn.Module):
    """By unit, or by channel with behind=2 dimensions behind it."""

    def __init__(self, body, inputs, behind=0):
        super().__init__()
        self.body = body
        self.register_buffer("mean", torch.linspace(-1, 1, inputs).reshape(-1, *[1] * behind))
        self.register_buffer("std", torch.linspace(0.5, 2, inputs).reshape(-1, *[1] * behind))

    def forward(self, x):
        return self.body((x - self.mean) / self.std)


def write(name, model, *inputs):
    model = model.eval()
    X = torch.randn(3, *inputs)
    torch.onnx.export(model, X, os.path.join(HERE, name + ".onnx"), opset_version=13, input_names=["x"], dynamic_axes={"x": {0: "batch"}})
    out = {"X": X.flatten(1).tolist(), "outputs": model(X).tolist(), "parameters": sum(p.numel() for p in model.parameters())}
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump(out, f)


torch.manual_seed(1)
layers = [nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 2)]
write("controller", Normalized(nn.Sequential(*layers), 6), 6)
write(
    "exported",
    nn.Sequential(
        nn.Flatten(), nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 6, bias=False), nn.SiLU(), Residual(nn.Sequential(nn.Linear(6, 6), nn.Tanh())),
        nn.Linear(6, 4), nn.ELU(0.7), nn.Linear(4, 4), nn.LeakyReLU(0.2), nn.Dropout(), nn.Linear(4, 4), nn.Softplus(), nn.Sigmoid(), nn.Identity(), nn.Linear(4, 3),
    ),
    5,
)
write(
    "images",
    Normalized(
        nn.Sequential(
            nn.Conv2d(2, 4, (3, 2), padding=(1, 0)), nn.ReLU(), nn.AvgPool2d((1, 2), stride=1), nn.Conv2d(4, 6, 3, stride=(2, 1), dilation=(1, 2), groups=2), nn.GELU(),
            nn.Conv2d(6, 4, 1, bias=False), nn.SiLU(), nn.Flatten(), nn.Linear(24, 12), nn.Tanh(), View(3, 2, 2), nn.Conv2d(3, 3, 2, padding=1, groups=3),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2),
        ),
        2,
        2,
    ),
    2, 6, 9,
)
write(
    "sequence",
    nn.Sequential(nn.Conv1d(3, 4, 3, stride=2), nn.Tanh(), nn.AvgPool1d(2), nn.Conv1d(4, 2, 2, padding=1), nn.ELU(), nn.Flatten(), nn.Linear(6, 2)),
    3, 12,
)
