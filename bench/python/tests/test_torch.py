"""Every module, loss and option against automatic differentiation."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import costate  # noqa: E402
from costate.modules import GaussianNLL, Residual, SelfAttention, Sine  # noqa: E402

import reference  # noqa: E402


def data(samples=6, inputs=4, outputs=3, seed=1):
    g = torch.Generator().manual_seed(seed)
    X = torch.randn(samples, inputs, generator=g, dtype=torch.float64)
    return X, torch.randint(0, outputs, (samples,), generator=g), torch.rand(samples, outputs, generator=g, dtype=torch.float64)


def net(*layers, seed=2):
    torch.manual_seed(seed)
    model = nn.Sequential(*copy.deepcopy(layers)).double()
    for p in model.parameters():
        nn.init.normal_(p, std=0.6)
    return model


def close(a, b, scale=1e-12):
    assert np.abs(np.asarray(a) - np.asarray(b)).max() <= scale * (1 + np.abs(b).max())


def check(model, loss, X, y):
    """H, its diagonal, the gradient, the loss, a solve and the determinant."""
    want = reference.hessian(model, loss, X, y)
    H = costate.hessian(model, loss, X, y)
    n = H.shape[0]
    close(H.toarray(), want)
    close(H.diagonal(), np.diag(want))
    v = torch.nn.utils.parameters_to_vector(model.parameters()).detach().requires_grad_()
    value = reference.loss_of(model, loss, X, y)(v)
    close(H.loss, value.item())
    (g,) = torch.autograd.grad(value, v)
    close(H.gradient, g.numpy())
    close(H.outputs, model(X).detach().numpy())
    eps = 0.37
    F = H.factor(eps)
    A = want + eps * np.eye(n)
    x = F.solve(g.numpy())
    assert np.linalg.norm(A @ x - g.numpy()) <= 1e-13 * (np.linalg.norm(A, 2) * np.linalg.norm(x) + np.linalg.norm(g.numpy()))
    e = np.linalg.eigvalsh(A)
    assert F.inertia == ((e < 0).sum(), 0, (e > 0).sum(), True)
    sign, log = np.linalg.slogdet(A)
    assert F.sign == sign and abs(F.logdet - log) < 1e-8 * n
    G = costate.hessian(model, loss, X, y, curvature="ggn")
    close(G.toarray(), reference.gauss_newton(model, loss, X, y))
    return H


ACTIVATIONS = {
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "gelu": nn.GELU(),
    "gelu tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "sigmoid": nn.Sigmoid(),
    "softplus": nn.Softplus(),
    "softplus beta": nn.Softplus(beta=2.5),
    "leaky relu": nn.LeakyReLU(),
    "leaky relu slope": nn.LeakyReLU(0.3),
    "elu": nn.ELU(),
    "elu alpha": nn.ELU(alpha=0.6),
    "identity": nn.Identity(),
    "sine": Sine(),
    "sine frequency": Sine(1.7),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    act = ACTIVATIONS[name]
    X, y, _ = data()
    check(net(nn.Linear(4, 5), act, nn.Linear(5, 4, bias=False), act, nn.Linear(4, 3)), nn.CrossEntropyLoss(), X, y)


MODELS = {
    "one layer": [nn.Linear(4, 3)],
    "nested": [nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.Tanh())), nn.Sequential(nn.Linear(5, 3))],
    "last activation": [nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.Sigmoid()],
    "first activation": [nn.Tanh(), nn.Linear(4, 5), nn.SiLU(), nn.Linear(5, 3)],
    "two activations": [nn.Linear(4, 5), nn.Tanh(), nn.Softplus(), nn.Linear(5, 3)],
    "norm": [nn.Linear(4, 5), nn.LayerNorm(5, elementwise_affine=False), nn.Tanh(), nn.Linear(5, 3)],
    "norm after": [nn.Linear(4, 5), nn.Tanh(), nn.LayerNorm(5, eps=0.1, elementwise_affine=False), nn.Linear(5, 3)],
    "norm, learned": [nn.Linear(4, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 3), nn.LayerNorm(3)],
    "norm, no learned": [nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.LayerNorm(3, elementwise_affine=False)],
    "norm first": [nn.LayerNorm(4), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)],
    "residual": [nn.Linear(4, 5), nn.Tanh(), Residual(nn.Sequential(nn.Linear(5, 5), nn.Tanh())), Residual(nn.Linear(5, 5, bias=False)), nn.Linear(5, 3)],
    "residual of two": [Residual(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 4))), nn.Tanh(), Residual(nn.Sequential(nn.Tanh(), nn.Linear(4, 4))), nn.Linear(4, 3)],
    "residual in residual": [Residual(nn.Sequential(nn.Linear(4, 4), nn.SiLU(), Residual(nn.Sequential(nn.Linear(4, 4), nn.Tanh())), nn.Linear(4, 4))), nn.Linear(4, 3)],
    "residual, then activation": [Residual(nn.Sequential(nn.Linear(4, 4), nn.GELU())), nn.Tanh(), nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 3)],
    "dropout": [nn.Dropout(0.5), nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.3), nn.Linear(5, 3)],
    "flatten inside": [nn.Linear(4, 5), nn.Flatten(), nn.Tanh(), nn.Linear(5, 3)],
    "one unit": [nn.Linear(4, 1), nn.Tanh(), nn.Linear(1, 3)],
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    X, y, _ = data()
    check(net(*MODELS[name]).eval(), nn.CrossEntropyLoss(), X, y)


def test_flatten_first():
    X = data(inputs=12)[0].reshape(6, 2, 3, 2)
    check(net(nn.Flatten(), nn.Linear(12, 4), nn.Tanh(), nn.Linear(4, 3)), nn.CrossEntropyLoss(), X, data()[1])


def test_bare_module():
    X, y, _ = data()
    torch.manual_seed(0)
    H = check(nn.Linear(4, 3).double(), nn.CrossEntropyLoss(), X, y)
    assert [p.name for p in H.params] == ["weight", "bias"]


LOSSES = {}
for reduction in ("mean", "sum"):
    for weight in (None, torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64)):
        for smooth in (0.0, 0.2):
            name = f"ce {reduction}{'' if weight is None else ' weight'}{' smooth' if smooth else ''}"
            LOSSES[name] = (nn.CrossEntropyLoss(weight=weight, label_smoothing=smooth, reduction=reduction), "labels")
            LOSSES[name + " probabilities"] = (LOSSES[name][0], "targets")
            LOSSES[name + " ignore"] = (nn.CrossEntropyLoss(weight=weight, label_smoothing=smooth, reduction=reduction, ignore_index=1), "labels")
    LOSSES["mse " + reduction] = (nn.MSELoss(reduction=reduction), "targets")
    LOSSES["poisson " + reduction] = (nn.PoissonNLLLoss(reduction=reduction), "targets")
    LOSSES["bce " + reduction] = (nn.BCEWithLogitsLoss(reduction=reduction), "targets")


FACTORS = {
    "outputs": torch.tensor([0.5, 2.0, 1.25], dtype=torch.float64),
    "one": torch.tensor(1.75, dtype=torch.float64),
    "samples": torch.linspace(0, 2, 7, dtype=torch.float64)[:, None],
    "both": torch.linspace(0, 3, 21, dtype=torch.float64).reshape(7, 3),
}
for weight in (None, *FACTORS):
    for positive in (None, *FACTORS):
        if weight or positive:
            options = {"weight": FACTORS.get(weight), "pos_weight": FACTORS.get(positive)}
            LOSSES[f"bce weight {weight}, pos_weight {positive}"] = (nn.BCEWithLogitsLoss(**options), "targets")
LOSSES["bce sum weights"] = (nn.BCEWithLogitsLoss(weight=FACTORS["samples"], pos_weight=FACTORS["outputs"], reduction="sum"), "targets")

LOSSES["gaussian"] = (GaussianNLL(), "half")


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, kind = LOSSES[name]
    X, labels, targets = data(samples=7)
    assert (labels == 1).any() and (labels != 1).any()
    outputs = 6 if kind == "half" else 3
    check(net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, outputs)), loss, X, labels if kind == "labels" else targets)


def test_binary_labels():
    """Targets of 0 and 1 of one output and of images, with weights of every shape that torch takes."""
    X, labels, _ = data(samples=7)
    y = (labels > 0).double()[:, None]
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    for options in ({"pos_weight": torch.tensor([3.0])}, {"pos_weight": torch.tensor(3.0), "weight": torch.rand(7, 1, dtype=torch.float64)}):
        check(model, nn.BCEWithLogitsLoss(**options), X, y)
    X, y = torch.randn(3, 1, 3, 4, dtype=torch.float64), torch.randint(0, 2, (3, 2, 2, 3)).double()
    model = net(nn.Conv2d(1, 2, 2))
    for shape in ((2, 1, 1), (2, 3), (2, 2, 3), (3, 1, 1, 1), (3, 2, 1, 1)):
        check(model, nn.BCEWithLogitsLoss(pos_weight=torch.rand(shape, dtype=torch.float64)), X, y)
        check(model, nn.BCEWithLogitsLoss(weight=torch.rand(shape, dtype=torch.float64), pos_weight=torch.rand(2, 1, 1, dtype=torch.float64)), X, y)


def test_default_ignore_index():
    X, labels, _ = data()
    labels[2] = -100
    check(net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3)), nn.CrossEntropyLoss(), X, labels)


@pytest.mark.parametrize("loss", ["ce", torch.nn.functional.cross_entropy, nn.CrossEntropyLoss()])
def test_names_of_losses(loss):
    X, y, _ = data()
    model = net(nn.Linear(4, 3))
    close(costate.hessian(model, loss, X, y).toarray(), reference.hessian(model, nn.CrossEntropyLoss(), X, y))


def test_sample_weight():
    X, y, _ = data()
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    w = torch.tensor([0.5, 1, 2, 0, 1, 3], dtype=torch.float64)
    loss = lambda z, t: (nn.functional.cross_entropy(z, t, reduction="none") * w).mean()
    close(costate.hessian(model, nn.CrossEntropyLoss(), X, y, sample_weight=w).toarray(), reference.hessian(model, loss, X, y))


def test_tensors_in_and_out():
    X, y, _ = data()
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    H = costate.hessian(model, nn.CrossEntropyLoss(), X, y)
    n = H.shape[0]
    F = H.factor(0.5)
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        v = torch.randn(n, dtype=torch.float32).to(dtype)
        for out in (H @ v, F.solve(v), F @ v):
            assert isinstance(out, torch.Tensor) and out.dtype == dtype and out.shape == v.shape and not out.requires_grad
    V = torch.randn(3, n, dtype=torch.float64).T  # not contiguous
    close((H @ V).numpy(), H.toarray() @ V.numpy())
    v = torch.randn(n, dtype=torch.float64, requires_grad=True)
    assert not (H @ v).requires_grad
    assert H.gradient.dtype == torch.float64
    parts = H.split(H.gradient)
    model.zero_grad()
    nn.CrossEntropyLoss()(model(X), y).backward()
    for name, p in model.named_parameters():
        close(parts[name].numpy(), p.grad.numpy())


class Elsewhere(torch.Tensor):
    """Numbers on another device: what has its device without being copied there is lost."""

    device = torch.device("meta")
    copies = 0

    def cpu(self):
        type(self).copies += 1
        return self.as_subclass(torch.Tensor)

    def numpy(self):
        raise TypeError("it must be copied to the host first")


def test_devices_are_kept():
    X, y, _ = data()
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    H = costate.hessian(model, nn.CrossEntropyLoss(), X.as_subclass(Elsewhere), y.as_subclass(Elsewhere))
    close(H.gradient.numpy(), costate.hessian(model, nn.CrossEntropyLoss(), X, y).gradient.numpy())
    v = torch.ones(H.shape[0], dtype=torch.float32).as_subclass(Elsewhere)
    before = Elsewhere.copies
    for out in (H @ v, H.factor(0.5).solve(v)):
        assert out.device.type == "meta" and out.dtype == torch.float32 and out.shape == v.shape
    assert Elsewhere.copies == before + 2


def test_forms_of_data():
    """Arrays and tensors of every type, order and stride, labels of every type and one-hot, as X and y of a model of torch."""
    X, y, _ = data(samples=6)
    X = X.round()  # exact in all types
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    want = costate.hessian(model, nn.CrossEntropyLoss(), X, y)
    a = X.numpy()
    wide = torch.zeros(12, 8, dtype=torch.float64)
    wide[::2, ::2] = X
    forms = [X.to(t) for t in (torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int8)]
    forms += [X.T.contiguous().T, wide[::2, ::2], X.clone().requires_grad_(), np.asfortranarray(a), a.astype(">f8"), a.astype("f4")[::-1][::-1], a.tolist()]
    for x in forms:
        assert torch.equal(costate.hessian(model, nn.CrossEntropyLoss(), x, y).gradient, want.gradient)
    labels = [y.to(t) for t in (torch.uint8, torch.int8, torch.int16, torch.int32)] + [y.numpy().astype(">i4"), y.tolist()]
    for t in labels:
        assert torch.equal(costate.hessian(model, nn.CrossEntropyLoss(), X, t).gradient, want.gradient)
    one = nn.functional.one_hot(y, 3)
    for t in (one, one.bool(), one.double(), one.float(), one.T.contiguous().T, one.numpy().astype(">f4"), np.asfortranarray(one.numpy())):
        close(costate.hessian(model, nn.CrossEntropyLoss(), X, t).gradient.numpy(), want.gradient.numpy())


def test_float32_model():
    X, y, _ = data()
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3)).float()
    H = costate.hessian(model, nn.CrossEntropyLoss(), X.float(), y)
    assert H.gradient.dtype == torch.float32
    close(H.toarray(), reference.hessian(model.double(), nn.CrossEntropyLoss(), X.float().double(), y))


def test_move_and_update():
    X, y, _ = data()
    loss = nn.CrossEntropyLoss()
    model = net(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    H = costate.hessian(model, loss, X, y)
    F = H.factor(0.5)
    before = F.logdet
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1.5)
    H.move(model)
    want = reference.hessian(model, loss, X, y)
    close(H.toarray(), want)
    assert F.logdet == before
    b = np.arange(H.shape[0]) / 10
    F.update()
    close(F.solve(b), np.linalg.solve(want + 0.5 * np.eye(len(b)), b), 1e-10)
    F.update(1.0)
    close(F.solve(b), np.linalg.solve(want + 1.0 * np.eye(len(b)), b), 1e-10)


def test_training_writes_the_model():
    X, y, _ = data()
    for dtype in (torch.float64, torch.float32):
        model = net(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).to(dtype)
        loss = nn.CrossEntropyLoss()
        start = loss(model(X.to(dtype)), y).item()
        h = costate.train(model, loss, X, y, steps=30, target=1e-4)
        assert h.model is model and h.reason in ("target", "steps")
        assert abs(h.loss[0] - start) < 1e-6 and h.loss[-1] < 0.01 * start
        assert abs(loss(model(X.to(dtype)), y).item() - h.loss[-1]) < 1e-5
        assert next(model.parameters()).dtype == dtype and next(model.parameters()).requires_grad


class Named(nn.Sequential):
    """A Sequential as one is written, with a constructor of its own."""

    def __init__(self, width):
        super().__init__(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 3))


class Forked(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + x.sum()


def test_subclass_of_sequential():
    X, y, _ = data()
    H = check(net(Named(5)), nn.CrossEntropyLoss(), X, y)
    assert [p.name for p in H.params] == ["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias"]
    check(Named(4).double(), nn.CrossEntropyLoss(), X, y)


class Unknown(nn.Module):
    def forward(self, x):
        return x


def frozen():
    m = nn.Linear(4, 3)
    m.weight.requires_grad_(False)
    return m


def hooked():
    m = nn.Linear(4, 4)
    m.register_forward_hook(lambda *a: None)
    return m


shared = nn.Linear(4, 4)


@pytest.mark.parametrize(
    "path, layers, words",
    [
        ("1", [nn.Linear(4, 3), Unknown()], "supported are"),
        ("0.1", [nn.Sequential(nn.Linear(4, 3), nn.Conv3d(3, 3, 1))], "supported are"),
        ("1", [nn.Linear(4, 3), nn.Conv1d(3, 3, 1)], r"takes \(3, length\), but \(3,\) comes"),
        ("2", [nn.Linear(4, 4), nn.Unflatten(1, (2, 2)), nn.Conv1d(2, 2, 2, padding="same")], "both sides"),
        ("2", [nn.Linear(4, 4), nn.Unflatten(1, (2, 2)), nn.Conv1d(2, 2, 1, padding=1, padding_mode="circular")], "zeros"),
        ("2", [nn.Linear(4, 4), nn.Unflatten(1, (2, 2)), nn.Conv1d(2, 2, 3)], r"kernel of \(3,\)"),
        ("2", [nn.Linear(4, 4), nn.Unflatten(1, (1, 2, 2)), nn.AvgPool2d(2, padding=1)], "without padding"),
        ("2", [nn.Linear(4, 4), nn.Unflatten(1, (1, 2, 2)), nn.AdaptiveAvgPool2d(2)], "only 1"),
        ("1", [nn.Linear(4, 4), SelfAttention(4, 2)], "takes"),
        ("0", [Residual(nn.Identity())], "does nothing"),
        ("1", [nn.Linear(4, 3), nn.BatchNorm1d(3)], "fused .* supported are"),
        ("0", [nn.MaxPool1d(2)], "AvgPool"),
        ("1", [nn.Linear(4, 3), nn.LogSoftmax(1)], "leave it out"),
        ("0", [nn.MultiheadAttention(4, 1)], "SelfAttention"),
        ("0", [nn.TransformerEncoderLayer(4, 2, 8)], "norm_first"),
        ("0", [nn.ModuleList([nn.Linear(4, 3)])], "Sequential"),
        ("0", [nn.DataParallel(nn.Linear(4, 3))], "model.module"),
        ("0", [Forked(nn.Linear(4, 3))], "as a Sequential, with"),
        ("1", [nn.Linear(4, 3), nn.Dropout(0.5)], "eval"),
        ("0", [frozen()], "frozen"),
        ("0", [hooked()], "hooks"),
        ("1", [shared, shared], "shares weight"),
        ("1", [nn.Linear(4, 3), nn.Linear(5, 3)], "5 inputs"),
        ("1", [nn.Linear(4, 3), nn.LayerNorm(4)], "normalizes 4"),
        ("1", [nn.Linear(4, 4), nn.LayerNorm((2, 2))], r"normalizes \(2, 2\)"),
        ("0", [nn.Flatten(2)], "start_dim=2"),
        ("1", [nn.Linear(4, 3), nn.Softplus(threshold=5)], "threshold"),
        ("0", [Residual(nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)))], "must be equal"),
        ("0", [Residual(nn.Linear(4, 3))], "must be equal"),
        ("0.block", [Residual(hooked())], "hooks"),
    ],
)
def test_unsupported(path, layers, words):
    X, y, _ = data()
    with pytest.raises(costate.UnsupportedModule, match=words) as e:
        costate.hessian(nn.Sequential(*layers), nn.CrossEntropyLoss(), X, y)
    assert e.value.path == path and str(e.value).startswith(path + " (")


@pytest.mark.parametrize(
    "loss, y, error, words",
    [
        (nn.L1Loss(), "targets", costate.UnsupportedModule, "CrossEntropyLoss, MSELoss"),
        (nn.CrossEntropyLoss(reduction="none"), "labels", costate.UnsupportedModule, "reduction"),
        (nn.PoissonNLLLoss(log_input=False), "targets", costate.UnsupportedModule, "log_input"),
        (nn.GaussianNLLLoss(), "targets", costate.UnsupportedModule, "GaussianNLL"),
        (GaussianNLL(), "targets", costate.InputError, "log-variances"),
        (nn.BCEWithLogitsLoss(pos_weight=torch.ones(4)), "targets", costate.InputError, r"loss.pos_weight has the shape \(4,\)"),
        (nn.BCEWithLogitsLoss(weight=torch.ones(6, 1, 3)), "targets", costate.InputError, r"loss.weight has the shape \(6, 1, 3\)"),
        (nn.BCEWithLogitsLoss(weight=-torch.ones(3)), "targets", costate.InputError, "loss.weight has an entry that is negative"),
        (nn.CrossEntropyLoss, "labels", costate.InputError, "CrossEntropyLoss()"),
        ("crossentropy", "labels", costate.InputError, "'ce', 'mse', 'bce'"),
        (None, "labels", costate.InputError, "'ce', 'mse', 'bce'"),
        (nn.CrossEntropyLoss(), None, costate.InputError, "y is missing"),
        (nn.MSELoss(), "labels", costate.InputError, "shape of the outputs"),
        (nn.CrossEntropyLoss(ignore_index=5), torch.full((6,), 5), costate.InputError, "ignored"),
        (nn.CrossEntropyLoss(), torch.tensor([0, 1, 2, 3, 0, 0]), costate.InputError, r"y\[3\] is 3"),
        (nn.CrossEntropyLoss(weight=torch.ones(4)), "labels", costate.InputError, "loss.weight"),
    ],
)
def test_wrong_losses(loss, y, error, words):
    X, labels, targets = data()
    y = {"labels": labels, "targets": targets}[y] if isinstance(y, str) else y
    with pytest.raises(error, match=words):
        costate.hessian(nn.Sequential(nn.Linear(4, 3)), loss, X, y)


def test_wrong_inputs():
    X, y, _ = data()
    model = nn.Sequential(nn.Linear(4, 3))
    for bad in (X[:, :3], X.reshape(6, 2, 2), X[:0], X.to(torch.complex64)):
        with pytest.raises(costate.InputError):
            costate.hessian(model, nn.CrossEntropyLoss(), bad, y)
    with pytest.raises(costate.InputError, match="no parameters"):
        costate.hessian(nn.Sequential(nn.Tanh()), nn.CrossEntropyLoss(), X, y)
