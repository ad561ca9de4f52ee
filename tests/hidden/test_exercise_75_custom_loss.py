"""Each docstring is the line the learner reads. The oracle is plain Python, one element at a time, and numpy."""

import math

import numpy as np
import torch

from dlkit.grader.compare import check, check_close, check_equal, check_fresh, check_pure, check_raises
from dlkit.grader.on_device import check_stays, on_cpu
from dlkit.grader.plugin import device_check, points

NEAR = {"rtol": 1e-3, "atol": 1e-4}
HALF = (torch.float16, torch.bfloat16)


def focal_element(x, y, gamma, alpha):
    """Loss and derivative of one element. With z the logit of the right class, p = sigmoid(z) and q = 1 - p:
    loss = a q^gamma ce, d loss / dz = -a q^gamma (gamma p ce + q)."""
    sign = 1.0 if y == 1 else -1.0
    z = sign * x
    small = math.exp(-abs(z))
    p, q = (1 / (1 + small), small / (1 + small)) if z > 0 else (small / (1 + small), 1 / (1 + small))
    ce = math.log1p(small) + max(-z, 0.0)
    a = 1.0 if alpha is None else alpha if y == 1 else 1 - alpha
    return a * q**gamma * ce, -sign * a * q**gamma * (gamma * p * ce + q)


def focal(logits, target, gamma, alpha, reduction="mean"):
    """Loss and gradient (of the sum of what is returned)."""
    pairs = [focal_element(float(x), int(y), gamma, alpha) for x, y in zip(logits.flat, target.flat, strict=True)]
    values, slopes = (np.array(part).reshape(logits.shape) for part in zip(*pairs, strict=True))
    if reduction == "none":
        return values, slopes
    total, count = math.fsum(values.flat), logits.size if reduction == "mean" else 1
    return total / count, slopes / count


def log_cosh(e):
    """log(cosh(e)) and its derivative: cosh(e) = 1 + 2 sinh(e/2)^2 for small, exp(|e|) / 2 (1 + exp(-2|e|)) else."""
    if abs(e) < 1:
        return math.log1p(2 * math.sinh(e / 2) ** 2), math.tanh(e)
    return abs(e) - math.log(2) + math.log1p(math.exp(-2 * abs(e))), math.tanh(e)


def mean_log_cosh(pred, target):
    values, slopes = zip(*(log_cosh(float(e)) for e in (pred - target).flat), strict=True)
    return math.fsum(values) / pred.size, np.array(slopes).reshape(pred.shape) / pred.size


def weighted_mse(weights, pred, target):
    terms = [weights[i % len(weights)] * e**2 for i, e in enumerate((pred - target).flat)]
    return math.fsum(terms) / len(terms), 2 * weights * (pred - target) / pred.size


def loss_and_gradient(m, name, options, pred, target):  # runs in the candidate
    """The loss of a fresh module, and the gradient of its sum with respect to pred; None where there is no graph."""
    module = getattr(m, name)(**options).to(pred.device)
    pred = pred.detach().clone().requires_grad_()
    loss = module(pred, target)
    if not torch.is_tensor(loss) or not loss.requires_grad:
        return loss, None
    return loss.detach(), torch.autograd.grad(loss.sum(), pred)[0]


def check_loss(what, found, expected, dtype=None, gradient_dtype=None, **near):
    """Loss and gradient against those of the oracle, in the dtypes given."""
    loss, grad = found
    dtype = dtype or torch.float64
    check_close(f"the loss of {what}", loss, torch.tensor(expected[0], dtype=dtype), dtype=True, **near)
    check(grad is not None, f"The loss of {what} has no graph: no gradient can reach the model through it.")
    check_close(
        f"the gradient of {what}", grad, torch.tensor(expected[1], dtype=gradient_dtype or dtype), dtype=True, **near
    )


def shapes(rng):
    """Shapes of one, two and three axes, whose sizes all differ."""
    sizes = [int(n) for n in rng.permutation([2, 3, 4, 5, 6])]
    return tuple(sizes[:1]), tuple(sizes[1:3]), tuple(sizes[2:5])


def labels(rng, shape):
    """Zeros and ones, at least one of each."""
    flat = rng.integers(2, size=math.prod(shape)).astype(float)
    flat[:2] = 0.0, 1.0
    return rng.permutation(flat).reshape(shape)


@points(20)
def test_focal_value(candidate, tensor, rng, case):
    """FocalLoss gives alpha_t * (1 - p_t)^gamma * ce and its gradient, reduced as asked, for logits of any size."""
    with case("by hand"):
        # p = 3/4 for both: 0.25 * (1/4)^2 * log 4/3 for the positive, 0.75 * (3/4)^2 * log 4 for the negative
        found = candidate.run(
            loss_and_gradient, "FocalLoss", {"reduction": "none"}, tensor([math.log(3.0)] * 2), tensor([1.0, 0.0])
        )
        by_hand = [0.25 * math.log(4 / 3) / 16, 0.75 * 9 / 16 * math.log(4.0)]
        check_close("FocalLoss(reduction='none')", found[0], tensor(by_hand))
    for shape in shapes(rng):
        for reduction in ("mean", "sum", "none"):
            gamma, alpha = float(rng.uniform(1.2, 4.0)), float(rng.uniform(0.1, 0.4))
            logits, target = rng.normal(scale=2.0, size=shape), labels(rng, shape)
            options = {"gamma": gamma, "alpha": alpha, "reduction": reduction}
            with case(f"gamma {gamma:.2f}, alpha {alpha:.2f}, {reduction}, shape {shape}"):
                found = candidate.run(loss_and_gradient, "FocalLoss", options, tensor(logits), tensor(target))
                check_loss("FocalLoss", found, focal(logits, target, gamma, alpha, reduction))
    for gamma, alpha in ((0, None), (2.0, None), (1, 0.0), (0.5, 1.0), (3, 0.75)):
        shape = shapes(rng)[1]
        logits, target = rng.normal(scale=2.0, size=shape), labels(rng, shape)
        with case(f"gamma {gamma}, alpha {alpha}"):
            options = {"gamma": gamma, "alpha": alpha}
            found = candidate.run(loss_and_gradient, "FocalLoss", options, tensor(logits), tensor(target))
            check_loss("FocalLoss", found, focal(logits, target, gamma, alpha))
    with case("one module, several calls; gamma, alpha and reduction not given"):
        module = candidate.FocalLoss()
        for shape in shapes(rng):
            logits, target = rng.normal(scale=2.0, size=shape), labels(rng, shape)
            loss = module(tensor(logits), tensor(target))
            check_close("FocalLoss()(logits, target)", loss, tensor(focal(logits, target, 2.0, 0.25)[0]), dtype=True)
            check_pure(candidate, "logits", "target")
    with case("float32, transposed"):
        shape = shapes(rng)[1]
        logits, target = rng.normal(scale=2.0, size=shape), labels(rng, shape)
        views = [tensor(a.T.copy(), dtype=torch.float32).T for a in (logits, target)]
        found = candidate.run(loss_and_gradient, "FocalLoss", {}, *views)
        check_loss("FocalLoss of float32", found, focal(logits, target, 2.0, 0.25), torch.float32)
    for dtype in (torch.float64, torch.float32, *HALF):
        for gamma in (0.0, 1.0, 2.0):
            with case(f"logits of 1e4, {str(dtype).removeprefix('torch.')}, gamma {gamma:g}"):
                logits = tensor(rng.permutation([1e4, -1e4, 1e4, -1e4, 0.5, 2.0, -3.0]), dtype=dtype)
                target = labels(rng, (7,))
                options = {"gamma": gamma, "alpha": None, "reduction": "sum"}
                found = candidate.run(loss_and_gradient, "FocalLoss", options, logits, tensor(target, dtype=dtype))
                expected = focal(logits.double().numpy(), target, gamma, None, "sum")
                wide = torch.promote_types(dtype, torch.float32)
                check_loss(f"FocalLoss of {dtype}", found, expected, wide, dtype)


@points(15)
def test_logcosh(candidate, tensor, rng, case):
    """LogCoshLoss is the mean of log(cosh(pred - target)) for errors of any size, and its gradient is tanh / n."""
    with case("by hand"):
        loss = candidate.LogCoshLoss()(tensor([math.log(3.0), 0.0]), tensor([0.0, 0.0]))
        check_close("LogCoshLoss()(pred, target)", loss, tensor(math.log(5 / 3) / 2))  # cosh(log 3) = (3 + 1/3) / 2
    for shape in (*shapes(rng), (), (1,)):
        pred, target = rng.normal(scale=2.0, size=(2, *shape))
        with case(f"shape {shape}"):
            found = candidate.run(loss_and_gradient, "LogCoshLoss", {}, tensor(pred), tensor(target))
            check_loss("LogCoshLoss", found, mean_log_cosh(np.asarray(pred), np.asarray(target)))
    with case("float32, transposed, several calls"):
        module = candidate.LogCoshLoss()
        for _ in range(2):
            pred, target = rng.normal(size=(2, *shapes(rng)[1]))
            views = [tensor(a.T.copy(), dtype=torch.float32).T for a in (pred, target)]
            expected = tensor(mean_log_cosh(pred, target)[0], dtype=torch.float32)
            check_close("LogCoshLoss of float32", module(*views), expected, dtype=True)
            check_pure(candidate, "pred", "target")
    for dtype in (torch.float64, torch.float32, *HALF):
        with case(f"large errors, {str(dtype).removeprefix('torch.')}"):
            pred = tensor(rng.permutation([1e4, -1e4, 100.0, -800.0, 3.0, 0.25]), dtype=dtype)
            target = tensor(rng.permutation([0.0, 0.0, 0.0, 0.5, 1.0, -1.0]), dtype=dtype)
            found = candidate.run(loss_and_gradient, "LogCoshLoss", {}, pred, target)
            expected = mean_log_cosh(pred.double().numpy(), target.double().numpy())
            check_loss("LogCoshLoss", found, expected, torch.promote_types(dtype, torch.float32), dtype)
    with case("small errors: e^2 / 2"):
        e = rng.uniform(1e-3, 2e-3, size=5) * rng.choice([-1.0, 1.0], size=5)
        loss = candidate.LogCoshLoss()(tensor(e), tensor(np.zeros(5)))
        # the next term of the series is e^4 / 12: 7e-7 of this one. About 1e-16 is lost in |e| - log 2 + …
        check_close("LogCoshLoss()(e, 0)", loss, tensor((e**2 / 2).mean()), rtol=1e-6, atol=0.0)
    with case("large errors: |e| - log 2"):
        e = rng.uniform(20.0, 1e4, size=5) * rng.choice([-1.0, 1.0], size=5)
        loss = candidate.LogCoshLoss()(tensor(e), tensor(np.zeros(5)))
        check_close("LogCoshLoss()(e, 0)", loss, tensor(np.abs(e).mean() - math.log(2.0)))
    with case("no error"):
        pred = rng.normal(size=4)
        found = candidate.run(loss_and_gradient, "LogCoshLoss", {}, tensor(pred), tensor(pred))
        check_loss("LogCoshLoss of equal tensors", found, (0.0, np.zeros(4)))


def carried(m, weights, others, pred, target):  # runs in the candidate
    """What a WeightedMSE carries, and its losses after several things have happened to it."""
    weights.requires_grad_()
    module = m.WeightedMSE(weights)
    seen = {
        "parameters": [name for name, _ in module.named_parameters()],
        "buffers": [name for name, _ in module.named_buffers()],
        "saved": {name: value.detach().clone() for name, value in module.state_dict().items()},
        "requires_grad": bool(module.weights.requires_grad),
    }
    with torch.no_grad():
        weights.mul_(3.0)
    seen["moved"] = module.to(torch.float64).weights.detach().clone()
    seen["loss"] = module(pred, target).detach()
    if "weights" in seen["saved"]:
        module.load_state_dict({"weights": others})
        seen["loaded"] = module(pred, target).detach()
    return seen


@points(15)
def test_weighted(candidate, tensor, rng, case):
    """WeightedMSE weighs the last axis, averages over all elements and carries its weights in a buffer."""
    with case("by hand"):
        loss = candidate.WeightedMSE(tensor([1.0, 10.0]))(tensor([[1.0, 2.0], [3.0, 0.0]]), tensor(np.zeros((2, 2))))
        check_close("WeightedMSE([1, 10])([[1, 2], [3, 0]], 0)", loss, tensor(12.5))  # (1 + 40 + 9 + 0) / 4
    for shape in shapes(rng):
        with case(f"shape {shape}"):
            weights, (pred, target) = rng.uniform(0.5, 4.0, size=shape[-1]), rng.normal(size=(2, *shape))
            options = {"weights": tensor(weights)}
            found = candidate.run(loss_and_gradient, "WeightedMSE", options, tensor(pred), tensor(target))
            check_loss("WeightedMSE", found, weighted_mse(weights, pred, target))
    with case("float32, transposed, several calls"):
        shape = shapes(rng)[1]
        weights = rng.uniform(0.5, 4.0, size=shape[-1])
        module = candidate.WeightedMSE(tensor(weights, dtype=torch.float32))
        check_pure(candidate, "weights")
        for _ in range(2):
            pred, target = rng.normal(size=(2, *shape))
            views = [tensor(a.T.copy(), dtype=torch.float32).T for a in (pred, target)]
            expected = tensor(weighted_mse(weights, pred, target)[0], dtype=torch.float32)
            check_close("WeightedMSE of float32", module(*views), expected, dtype=True)
            check_pure(candidate, "pred", "target")
    for dtype in HALF:
        with case(f"errors of 3000, {str(dtype).removeprefix('torch.')}"):
            pred, weights = (tensor(v, dtype=dtype) for v in ([[3000.0, -1.0, 0.5]] * 2, rng.permutation([1, 2, 0.5])))
            options, target = {"weights": weights}, tensor(np.zeros((2, 3)), dtype=dtype)
            found = candidate.run(loss_and_gradient, "WeightedMSE", options, pred, target)
            expected = weighted_mse(weights.double().numpy(), pred.double().numpy(), np.zeros((2, 3)))
            check_loss(f"WeightedMSE of {dtype}", found, expected, torch.float32, dtype)
    weights, others, pred = (rng.uniform(0.5, 4.0, size=n) for n in (4, 4, (3, 4)))
    target = rng.normal(size=(3, 4))
    with case("the buffer"):
        start = tensor(weights, dtype=torch.float32)
        seen = candidate.run(carried, start, tensor(others), tensor(pred), tensor(target))
        check_equal("the parameters of WeightedMSE", seen["parameters"], [])
        check_equal("the buffers of WeightedMSE", seen["buffers"], ["weights"])
        check_close("state_dict()", seen["saved"], {"weights": start}, dtype=True)
        check(not seen["requires_grad"], "The buffer still requires a gradient: detach the caller's tensor.")
        check_close(
            "weights after the caller's tensor changed, and .to(torch.float64)",
            seen["moved"],
            start.double(),
            dtype=True,
        )
        kept, loaded = (weighted_mse(w, pred, target)[0] for w in (start.double().numpy(), others))
        check_close("the loss after the caller's tensor changed", seen["loss"], tensor(kept))
        check_close("the loss after load_state_dict", seen["loaded"], tensor(loaded))


def chain(m, name, x, dy, slopes):  # runs in the candidate
    """A function applied once for each slope (or once without), and the gradient of sum(dy * y)."""
    function = getattr(m, name)
    x = x.detach().clone().requires_grad_()
    y = x
    for arguments in [[s] for s in slopes] or [[]]:
        y = function.apply(y, *arguments)
    return y.detach(), torch.autograd.grad((y * dy).sum(), x)[0]


def bytes_kept(m, x, slope):  # runs in the candidate
    """How many bytes of tensors the backward pass holds."""
    node = m.LeakyReLUFn.apply(x.requires_grad_(), slope).grad_fn
    held = list(node.saved_tensors)
    for value in vars(node).values():
        held += value if isinstance(value, list | tuple) else [value]
    return sum(t.numel() * t.element_size() for t in held if torch.is_tensor(t))


def leaky(x, slope):
    """Value and derivative."""
    return np.where(x > 0, x, slope * x), np.where(x > 0, 1.0, slope)


@points(20)
def test_function_value(candidate, tensor, rng, case):
    """LeakyReLUFn gives x or slope * x, passes dy or slope * dy back, and keeps one byte per element."""
    with case("by hand"):
        y, dx = candidate.run(chain, "LeakyReLUFn", tensor([2.0, -3.0, 0.0]), tensor([1.0, 5.0, 7.0]), [0.5])
        check_close("LeakyReLUFn.apply([2, -3, 0], 0.5)", y, tensor([2.0, -1.5, 0.0]))
        check_close("the gradient of x", dx, tensor([1.0, 2.5, 3.5]))
    for shape, slope in zip(
        (*shapes(rng), (), (3, 0)), (0.01, float(rng.uniform(0.1, 0.9)), 1.5, -0.5, 0), strict=True
    ):
        with case(f"shape {shape}, slope {slope:.3g}"):
            x, dy = (np.asarray(a) for a in rng.normal(size=(2, *shape)))
            y, dx = candidate.run(chain, "LeakyReLUFn", tensor(x), tensor(dy), [slope])
            value, derivative = leaky(x, slope)
            check_close(f"LeakyReLUFn.apply(x, {slope:.3g})", y, tensor(value), dtype=True)
            check_close("the gradient of x", dx, tensor(dy * derivative), dtype=True)
    with case("two slopes in one graph"):
        x, dy = rng.normal(size=(2, 4, 3))
        y, dx = candidate.run(chain, "LeakyReLUFn", tensor(x), tensor(dy), [0.3, -0.2, 0.6])
        middle, first = leaky(x, 0.3)
        later, second = leaky(middle, -0.2)
        value, third = leaky(later, 0.6)
        check_close("three LeakyReLUFn, one after the other", y, tensor(value))
        check_close("the gradient of x", dx, tensor(dy * first * second * third))
    with case("float32, transposed"):
        x = rng.normal(size=(4, 3))
        view = tensor(x.T.copy(), dtype=torch.float32).T
        y = candidate.LeakyReLUFn.apply(view, 0.2)
        check_close("LeakyReLUFn.apply of float32", y, tensor(leaky(x, 0.2)[0], dtype=torch.float32), dtype=True)
        check_pure(candidate, "x")
        check_fresh(candidate, "x")
    with case("what is kept for the backward pass"):
        count = int(rng.integers(50, 90))
        kept = candidate.run(bytes_kept, tensor(rng.normal(size=count)), 0.1)
        check(
            kept <= count,
            f"The backward pass of {count} elements keeps {kept} bytes; a bool mask of the signs is enough.",
        )


def twice(m, x, dy, u, slope):  # runs in the candidate
    """The derivative of dx with respect to dy, times u, and the Hessian of sum(y^3) times u."""
    x, dy = (t.detach().clone().requires_grad_() for t in (x, dy))
    y = m.LeakyReLUFn.apply(x, slope)
    (dx,) = torch.autograd.grad(y, x, dy, create_graph=True)
    (slopes,) = torch.autograd.grad((m.LeakyReLUFn.apply(x, slope) ** 3).sum(), x, create_graph=True)
    if not dx.requires_grad:
        return None, None
    return torch.autograd.grad(dx, dy, u)[0], torch.autograd.grad(slopes, x, u)[0]


def check_twice(candidate, tensor, rng, shape, slope, dtype=torch.float64, **near):
    x, dy, u = rng.normal(size=(3, *shape))
    found = candidate.run(twice, *(tensor(a, dtype=dtype) for a in (x, dy, u)), slope)
    check(found[0] is not None, "The gradient has no graph: write backward with torch operations on dy, not detached.")
    value, derivative = leaky(x, slope)
    check_close("the derivative of dx with respect to dy", found[0], tensor(derivative * u, dtype=dtype), **near)
    hessian = tensor(6 * value * derivative**2 * u, dtype=dtype)  # (y^3)'' = 6 y (y')^2, for y'' = 0
    check_close("the Hessian of sum(y^3), times a vector", found[1], hessian, **near)
    return found


@points(10)
def test_gradgrad(candidate, tensor, rng, case):
    """The backward pass of LeakyReLUFn can itself be differentiated."""
    for shape, slope in zip(shapes(rng), (0.1, 1.5, -0.7), strict=True):
        with case(f"shape {shape}, slope {slope}"):
            check_twice(candidate, tensor, rng, shape, slope)


EDGES = [0.0, -0.0, 1.0, -1.0, 1.0 + 2**-20, -1.0 - 2**-20, 1.0 - 2**-20, -1.0 + 2**-20, 1e-30, -1e-30, 1e4, -1e4]


@points(10)
def test_straight_through(candidate, tensor, rng, case):
    """StraightThroughSign gives +1 from 0 on and -1 below, and passes dy on where |x| <= 1."""
    inputs = [(f"shape {shape}", rng.uniform(-3.0, 3.0, size=shape), torch.float64) for shape in shapes(rng)]
    inputs += [("edges", rng.permutation(EDGES), torch.float64), ("edges", rng.permutation(EDGES), torch.float32)]
    for words, x, dtype in inputs:
        with case(f"{words}, {str(dtype).removeprefix('torch.')}"):
            dy = rng.uniform(0.5, 2.0, size=x.shape)
            values = tensor(x, dtype=dtype)
            y, dx = candidate.run(chain, "StraightThroughSign", values, tensor(dy, dtype=dtype), [])
            sign, passed = np.where(x >= 0, 1.0, -1.0), np.where(np.abs(x) <= 1, dy, 0.0)
            check_close(f"StraightThroughSign.apply({words})", y, tensor(sign, dtype=dtype), dtype=True)
            check_close("the gradient of x", dx, tensor(passed, dtype=dtype), dtype=True)
    with case("the input stays as it is"):
        x = rng.normal(size=(4, 3))
        y = candidate.StraightThroughSign.apply(tensor(x.T.copy()).T)
        check_close("StraightThroughSign.apply(x)", y, tensor(np.where(x >= 0, 1.0, -1.0)))
        check_pure(candidate, "x")
        check_fresh(candidate, "x")


@points(10)
def test_shape_guard(candidate, tensor, rng, case):
    """Shapes that differ, weights that do not fit and unknown reductions raise ValueError; integer targets are fine."""
    pairs = [((5, 1), (5,)), ((5,), (5, 1)), ((4, 3), (3,)), ((4, 3), (1, 3)), ((5,), ()), ((2, 3), (3, 2))]
    for left, right in pairs:
        pred, target = tensor(rng.normal(size=left)), tensor(np.ones(right))
        for reduction in ("mean", "none"):
            with case(f"FocalLoss, {left} and {right}, {reduction}"):
                module = candidate.FocalLoss(reduction=reduction)
                with check_raises(ValueError, f"FocalLoss of shapes {left} and {right}"):
                    module(pred, target)
        with case(f"LogCoshLoss, {left} and {right}"):
            module = candidate.LogCoshLoss()
            with check_raises(ValueError, f"LogCoshLoss of shapes {left} and {right}"):
                module(pred, target)
        with case(f"WeightedMSE, {left} and {right}"):
            module = candidate.WeightedMSE(tensor(np.ones(left[-1])))
            with check_raises(ValueError, f"WeightedMSE of shapes {left} and {right}"):
                module(pred, target)
    for shape, size in (((4, 1), 3), ((4, 3), 4), ((4, 3), 1), ((5,), 4)):
        with case(f"weights ({size},) for predictions {shape}"):
            module, pred = candidate.WeightedMSE(tensor(np.ones(size))), tensor(rng.normal(size=shape))
            with check_raises(ValueError, f"weights of shape ({size},) with predictions {shape}"):
                module(pred, pred)
    for reduction in ("batchmean", "average", "", "Mean"):
        with case(f"reduction {reduction!r}"), check_raises(ValueError, f"FocalLoss(reduction={reduction!r})"):
            candidate.FocalLoss(reduction=reduction)
    for dtype in (torch.int64, torch.int32):
        with case(f"targets of {dtype}"):
            pred, target = rng.normal(size=(4, 3)), labels(rng, (4, 3))
            whole, ones = tensor(target).to(dtype), np.ones(3)
            loss = candidate.FocalLoss(gamma=0.0, alpha=None)(tensor(pred), whole)
            check_close("FocalLoss(0, None)", loss, tensor(focal(pred, target, 0.0, None)[0]), dtype=True)
            loss = candidate.LogCoshLoss()(tensor(pred), whole)
            check(0 < float(loss) < 10, f"LogCoshLoss with integer targets is {float(loss):.4g}.")
            loss = candidate.WeightedMSE(tensor(ones))(tensor(pred), whole)
            check_close("WeightedMSE with weights 1", loss, tensor(((pred - target) ** 2).mean()), dtype=True)


def device_inputs(rng, tensor, dtype=torch.float32):
    """Logits or predictions, labels and weights, and the three losses as (name, options, oracle)."""
    pred, target = rng.normal(scale=2.0, size=(4, 3)), labels(rng, (4, 3))
    weights = rng.uniform(0.5, 4.0, size=3)
    gamma = float(rng.uniform(1.2, 3.0))
    losses = [
        ("FocalLoss", {"gamma": gamma, "reduction": r}, focal(pred, target, gamma, 0.25, r))
        for r in ("mean", "sum", "none")
    ]
    losses.append(("LogCoshLoss", {}, mean_log_cosh(pred, target)))
    options = {"weights": on_cpu(tensor(weights, dtype=dtype))}  # the module carries it to the device
    losses.append(("WeightedMSE", options, weighted_mse(weights, pred, target)))
    return tensor(pred, dtype=dtype), tensor(target, dtype=dtype), losses


@device_check
def test_device_parity(candidate, tensor, rng, case):
    """On the device the losses and functions have the CPU's values, and nothing leaves it or is made elsewhere."""
    pred, target, losses = device_inputs(rng, tensor)
    for name, options, expected in losses:
        with case(f"{name} {options.get('reduction', '')}"):
            loss, _ = candidate.run(loss_and_gradient, name, options, pred, target)
            check_stays(candidate, f"the loss of {name}", loss)
            check_close(f"the loss of {name}", loss, tensor(expected[0], dtype=torch.float32), **NEAR)
    x = rng.normal(scale=2.0, size=(4, 3))
    for name, slopes, value in (
        ("LeakyReLUFn", [0.2], leaky(x, 0.2)[0]), ("StraightThroughSign", [], np.where(x >= 0, 1.0, -1.0))
    ):  # fmt: skip
        with case(name):
            y = candidate[name].apply(tensor(x, dtype=torch.float32), *slopes)
            check_stays(candidate, f"{name}.apply", y)
            check_close(f"{name}.apply", y, tensor(value, dtype=torch.float32), **NEAR)


@device_check
def test_device_gradient(candidate, tensor, rng, case):
    """On the device the gradients are those of the CPU."""
    pred, target, losses = device_inputs(rng, tensor)
    for name, options, expected in losses:
        with case(f"{name} {options.get('reduction', '')}"):
            _, grad = candidate.run(loss_and_gradient, name, options, pred, target)
            check(grad is not None, f"The loss of {name} has no graph.")
            check_stays(candidate, f"the gradient of {name}", grad)
            check_close(f"the gradient of {name}", grad, tensor(expected[1], dtype=torch.float32), **NEAR)
    x, dy = rng.normal(scale=2.0, size=(2, 4, 3))
    for name, slopes, derivative in (
        ("LeakyReLUFn", [0.2], leaky(x, 0.2)[1]), ("StraightThroughSign", [], np.abs(x) <= 1)
    ):  # fmt: skip
        with case(name):
            single = (tensor(a, dtype=torch.float32) for a in (x, dy))
            _, dx = candidate.run(chain, name, *single, slopes)
            check_stays(candidate, f"the gradient of {name}", dx)
            check_close(f"the gradient of {name}", dx, tensor(dy * derivative, dtype=torch.float32), **NEAR)


@device_check
def test_device_double_backward(candidate, tensor, rng):
    """On the device the backward pass of LeakyReLUFn can be differentiated, and stays there."""
    found = check_twice(candidate, tensor, rng, (4, 3), 0.3, torch.float32, **NEAR)
    check_stays(candidate, "the second derivative", *found)


@device_check
def test_device_half(candidate, tensor, rng, case):
    """On the device half inputs of 1e4 give the float32 loss and finite gradients."""
    for dtype in HALF:
        x = tensor(rng.permutation([[1e4, -1e4, 0.5], [-1e4, 2.0, 1e4]], axis=1), dtype=dtype)
        target, weights = labels(rng, (2, 3)), tensor([1.0, 2.0, 0.5], dtype=dtype)
        wide = x.double().numpy()
        for name, options, expected in (
            ("FocalLoss", {}, focal(wide, target, 2.0, 0.25)[0]),
            ("LogCoshLoss", {}, mean_log_cosh(wide, target)[0]),
            ("WeightedMSE", {"weights": on_cpu(weights)}, weighted_mse(weights.double().numpy(), wide, target)[0]),
        ):
            with case(f"{name}, {str(dtype).removeprefix('torch.')}"):
                found = candidate.run(loss_and_gradient, name, options, x, tensor(target, dtype=dtype))
                check_stays(candidate, f"the loss of {name}", found[0])
                check_close(f"the loss of {name}", found[0], tensor(expected, dtype=torch.float32), dtype=True)
                check(found[1] is not None and bool(found[1].isfinite().all()), f"{name} has a gradient not finite.")
