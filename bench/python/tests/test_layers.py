"""Layers of images, sequences and tokens against automatic differentiation."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import costate  # noqa: E402
from costate.modules import Lengths, Residual, SelfAttention, TokenMean  # noqa: E402

from test_torch import check, close, net  # noqa: E402


def inputs(*shape, samples=4, seed=3):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(samples, *shape, generator=g, dtype=torch.float64)


def without_bias(norm):
    """As bias=False makes it where torch has that option."""
    norm.register_parameter("bias", None)
    return norm


LABELS = torch.tensor([0, 2, 1, 1])

IMAGES = {
    "image": (nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(18, 3)),
    "stride, padding": (nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Tanh(), nn.Conv2d(2, 3, 2, bias=False), nn.SiLU(), nn.Flatten(), nn.Linear(6, 3)),
    "dilation": (nn.Conv2d(2, 2, 2, dilation=2, padding=(1, 1)), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)),
    "directions": (nn.Conv2d(2, 3, (2, 3), stride=(1, 2), padding=(1, 0)), nn.Tanh(), nn.Conv2d(3, 2, (3, 1), dilation=(2, 1), bias=False), nn.Flatten(), nn.Linear(4, 3)),
    "same by direction": (nn.Conv2d(2, 2, (3, 5), padding="same"), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)),
    "depthwise": (nn.Conv2d(2, 2, 3, padding=1, groups=2), nn.Tanh(), nn.Conv2d(2, 3, 1), nn.Flatten(), nn.Linear(60, 3, bias=False)),
    "multiplied": (nn.Conv2d(2, 4, (2, 1), groups=2), nn.Tanh(), nn.Conv2d(4, 4, 3, groups=2, bias=False), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3)),
    "groups inside": (nn.Conv2d(2, 4, 3), nn.Tanh(), Residual(nn.Sequential(nn.Conv2d(4, 4, 1, groups=2), nn.Tanh())), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
    "same": (nn.Conv2d(2, 2, 3, padding="same"), nn.Tanh(), nn.Conv2d(2, 2, 2, padding="valid"), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(2, 3)),
    "pool": (nn.Conv2d(2, 3, 2), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(6, 3)),
    "pool, stride": (nn.AvgPool2d(2, stride=1), nn.Conv2d(2, 3, 2), nn.Tanh(), nn.AvgPool2d(2, 1), nn.Flatten(), nn.Linear(6, 3)),
    "pool by direction": (nn.AvgPool2d((2, 1), stride=(1, 2)), nn.Conv2d(2, 3, 1), nn.Tanh(), nn.AvgPool2d((1, 2), stride=(2, 1)), nn.Flatten(), nn.Linear(12, 3)),
    "pool of one row": (nn.Conv2d(2, 3, (4, 1)), nn.Tanh(), nn.AvgPool2d((1, 2)), nn.AvgPool2d((1, 2), stride=(3, 1)), nn.Flatten(), nn.Linear(3, 3)),
    "all directions": (nn.Conv2d(2, 3, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(2, 3)), nn.Tanh(), nn.AvgPool2d((1, 3)), nn.Flatten(), nn.Linear(6, 3)),
    "norm without bias": (nn.Conv2d(2, 2, 3), without_bias(nn.LayerNorm((2, 2, 3))), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3)),
    "norm": (nn.Conv2d(2, 2, 3, padding=1), nn.LayerNorm((2, 4, 5), elementwise_affine=False), nn.Tanh(), nn.AvgPool2d(3), nn.Flatten(), nn.Linear(2, 3)),
    "learned norm by row": (nn.Conv2d(2, 2, 3), nn.LayerNorm((2, 3)), nn.Tanh(), nn.LayerNorm(3), nn.Flatten(), nn.Linear(12, 3)),
    "learned norm": (nn.Conv2d(2, 2, 3), nn.LayerNorm((2, 2, 3)), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3)),
    "residual": (Residual(nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.Conv2d(3, 2, 3, padding=1))), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)),
    "residual inside": (nn.Conv2d(2, 2, 3), nn.Tanh(), Residual(nn.Sequential(nn.Tanh(), nn.Conv2d(2, 2, 1))), nn.Flatten(), nn.Linear(12, 3)),
    "unflatten": (nn.Flatten(), nn.Linear(40, 8), nn.Tanh(), nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(2, 3)),
    "last dimension": (nn.Conv2d(2, 2, 2), nn.Tanh(), nn.Linear(4, 2), nn.Flatten(), nn.Linear(12, 3)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_images(name):
    check(net(*IMAGES[name]), nn.CrossEntropyLoss(), inputs(2, 4, 5), LABELS)


SEQUENCES = {
    "sequence": (nn.Conv1d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(16, 3)),
    "options": (nn.Conv1d(3, 4, 2, stride=2, padding=1, dilation=2), nn.Tanh(), nn.Conv1d(4, 2, 1, bias=False), nn.Flatten(), nn.Linear(6, 3)),
    "groups": (nn.Conv1d(3, 6, 2, groups=3), nn.Tanh(), nn.Conv1d(6, 4, 2, groups=2), nn.Flatten(), nn.Linear(16, 3)),
    "pool": (nn.Conv1d(3, 2, 2), nn.Tanh(), nn.AvgPool1d(2), nn.Conv1d(2, 3, 2), nn.AdaptiveAvgPool1d(1), nn.Flatten()),
    "tokens": (nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2), nn.Flatten(), nn.Linear(6, 3)),
    "norm by token": (nn.Linear(6, 4), nn.LayerNorm(4, elementwise_affine=False), nn.GELU(), nn.Flatten(), nn.Linear(12, 3)),
    "learned norm by token": (nn.Linear(6, 4), nn.LayerNorm(4), nn.GELU(), nn.Flatten(), nn.Linear(12, 3)),
    "learned norm of X": (nn.LayerNorm(6), nn.Linear(6, 2), nn.Tanh(), nn.LayerNorm(2), nn.Flatten(), nn.Linear(6, 3)),
    "norm without bias": (without_bias(nn.LayerNorm(6)), nn.Linear(6, 4), without_bias(nn.LayerNorm(4, eps=0.1)), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3), without_bias(nn.LayerNorm(3))),
    "mean of tokens": (nn.Linear(6, 4), nn.Tanh(), TokenMean(), nn.Linear(4, 3)),
    "pool and stride": (nn.Conv1d(3, 2, 1), nn.Tanh(), nn.AvgPool1d(3, stride=2), nn.Flatten(), nn.Linear(4, 3)),
    "tokens as channels": (nn.Linear(6, 4), nn.Tanh(), nn.Conv1d(3, 2, 2), nn.Tanh(), nn.Linear(3, 2), nn.Flatten(), nn.Linear(4, 3)),
    "residual of tokens": (Residual(nn.Sequential(nn.LayerNorm(6, elementwise_affine=False), nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 6))), nn.Flatten(), nn.Linear(18, 3)),
    "residual that turns": (Residual(nn.Sequential(nn.Tanh(), nn.Conv1d(3, 3, 1))), nn.Linear(6, 2), nn.Flatten(), nn.Linear(6, 3)),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences(name):
    check(net(*SEQUENCES[name]), nn.CrossEntropyLoss(), inputs(3, 6), LABELS)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2])
def test_attention(heads, causal, bias):
    model = net(nn.Linear(2, 4), Residual(nn.Sequential(nn.LayerNorm(4), SelfAttention(4, heads, bias, causal))), nn.Flatten(), nn.Linear(12, 3))
    H = check(model, nn.CrossEntropyLoss(), inputs(3, 2), LABELS)
    assert [p.name for p in H.params] == [n for n, _ in model.named_parameters()]


LENGTHS = {
    "attention": (nn.Linear(2, 4), Residual(nn.Sequential(nn.LayerNorm(4), SelfAttention(4, 2))), nn.Tanh(), TokenMean(), nn.Linear(4, 3)),
    "causal": (SelfAttention(2, 1, causal=True), nn.Tanh(), TokenMean(), nn.Linear(2, 3)),
    "all tokens at the end": (SelfAttention(2, 2, bias=False), nn.Flatten(), nn.Linear(10, 3)),
    "two": (SelfAttention(2, 1), Residual(nn.Sequential(SelfAttention(2, 2), nn.Linear(2, 2), nn.GELU())), TokenMean(), nn.Linear(2, 3)),
    "mean": (nn.Linear(2, 4), nn.Tanh(), TokenMean(), nn.Linear(4, 3)),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths(name):
    """Sequences of unequal length, padded with numbers that must not be looked at."""
    model = net(Lengths(nn.Sequential(*LENGTHS[name]), 2))
    tokens = inputs(5, 2)
    n = torch.tensor([5, 1, 3, 4])
    X = Lengths.join(tokens, n)
    H = check(model, nn.CrossEntropyLoss(), X, LABELS)
    assert [p.name for p in H.params] == [n for n, _ in model.named_parameters()]
    if name != "all tokens at the end":
        far = torch.where(torch.arange(5)[None, :, None] < n[:, None, None], tokens, torch.tensor(1e3, dtype=torch.float64))
        close(costate.hessian(model, nn.CrossEntropyLoss(), Lengths.join(far, n), LABELS).toarray(), H.toarray())
        # A sample by itself, without its padding, has the same outputs.
        alone = nn.Sequential(*model[0].model)
        for i in range(4):
            close(H.outputs[i], alone(tokens[i : i + 1, : n[i]])[0].detach().numpy())


def test_wrong_lengths():
    model = net(Lengths(nn.Sequential(SelfAttention(2, 1), TokenMean(), nn.Linear(2, 3)), 2))
    tokens = inputs(5, 2)
    for n, words in (([5, 0, 3, 4], r"X\[1,0\] is 0; the length .* from 1 to 5"), ([5, 1, 6, 4], r"X\[2,0\] is 6"), ([5, 1.5, 3, 4], r"X\[1,0\] is 1.5")):
        with pytest.raises(costate.InputError, match=words):
            costate.hessian(model, nn.CrossEntropyLoss(), Lengths.join(tokens, n), LABELS)
    for X in (tokens, tokens.flatten(1), Lengths.join(tokens, [5, 1, 3, 4])[:, :1]):
        with pytest.raises(costate.InputError, match="Lengths.join"):
            costate.hessian(model, nn.CrossEntropyLoss(), X, LABELS)
    X = Lengths.join(tokens, [5, 1, 3, 4])
    for layers, path, words in (
        ([Lengths(nn.Sequential(nn.Linear(2, 1), nn.Flatten(), nn.Linear(5, 3)), 2)], "0", "nothing in it keeps"),
        ([nn.Linear(11, 11), Lengths(nn.Sequential(TokenMean(), nn.Linear(2, 3)), 2)], "1", "first"),
        ([Lengths(nn.Sequential(SelfAttention(2, 1), nn.AdaptiveAvgPool1d(1), nn.Flatten()), 2)], "0.model.1", "TokenMean"),
        ([Lengths(nn.Sequential(SelfAttention(2, 1), nn.Conv1d(5, 4, 1), TokenMean(), nn.Linear(2, 3)), 2)], "0.model.2", "4 tokens, but a module before it 5"),
    ):
        with pytest.raises(costate.UnsupportedModule, match=words) as e:
            costate.hessian(net(*layers), nn.CrossEntropyLoss(), X, LABELS)
        assert e.value.path == path


def test_outputs_of_images():
    X = inputs(2, 4, 5)
    model = net(nn.Conv2d(2, 2, 3), nn.Tanh(), nn.Conv2d(2, 2, 2))
    T = torch.rand(4, 2, 1, 2, dtype=torch.float64)
    for loss in (nn.MSELoss(), nn.BCEWithLogitsLoss(reduction="sum")):
        check(model, loss, X, T)
    with pytest.raises(costate.InputError, match="one number for each class"):
        costate.hessian(model, nn.CrossEntropyLoss(), X, LABELS)


def test_memory_layouts_of_images():
    model = net(*IMAGES["image"])
    X = inputs(2, 4, 5)
    want = costate.hessian(model, nn.CrossEntropyLoss(), X, LABELS).toarray()
    close(costate.hessian(model, nn.CrossEntropyLoss(), X.to(memory_format=torch.channels_last), LABELS).toarray(), want)
    with pytest.raises(costate.InputError, match="samples of the shape"):
        costate.hessian(model, nn.CrossEntropyLoss(), X.flatten(1), LABELS)


def test_training_of_a_convolution():
    model = net(*IMAGES["pool"])
    h = costate.train(model, nn.CrossEntropyLoss(), inputs(2, 4, 5), LABELS, steps=30, target=1e-3)
    assert h.loss[-1] < 1e-2
    assert abs(nn.CrossEntropyLoss()(model(inputs(2, 4, 5)), LABELS).item() - h.loss[-1]) < 1e-10
