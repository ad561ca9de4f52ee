"""The reference against torch.nn.utils.clip_grad_value_ and clip_grad_norm_."""

import math

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_27_gradient_clipping import clip_by_global_norm, clip_by_norm, clip_by_value

SHAPES = ((3,), (2, 4), (), (5, 1, 2))


def parameters(grads):
    made = []
    for g in grads:
        p = torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64))
        p.grad = torch.tensor(g)
        made.append(p)
    return made


def gradients(scale=1.0):
    rng = np.random.default_rng(27)
    return [np.asarray(scale * rng.normal(size=s)) for s in SHAPES]


def same(ours, params):
    for g, p in zip(ours, params, strict=True):
        np.testing.assert_allclose(g, p.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("bound", [0.3, 1.0, 10.0])
def test_value(bound):
    params = parameters(gradients())
    torch.nn.utils.clip_grad_value_(params, bound)
    same(clip_by_value(gradients(), bound), params)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("bound", [1e-3, 1.0, 100.0])
def test_global_norm(norm_type, bound):
    params = parameters(gradients())
    right = torch.nn.utils.clip_grad_norm_(params, bound, norm_type)
    clipped, total = clip_by_global_norm(gradients(), bound, norm_type)
    assert total == pytest.approx(float(right), rel=1e-12)
    same(clipped, params)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("norm_type", [1.0, 2.0, math.inf])
def test_nonfinite(bad, norm_type):
    grads = gradients()
    grads[1][0, 1] = bad
    params = parameters(grads)
    right = torch.nn.utils.clip_grad_norm_(params, 1.0, norm_type)
    with np.errstate(invalid="ignore"):
        clipped, total = clip_by_global_norm(grads, 1.0, norm_type)
    np.testing.assert_equal(total, float(right))
    same(clipped, params)
    with pytest.raises(RuntimeError):
        torch.nn.utils.clip_grad_norm_(parameters(grads), 1.0, norm_type, error_if_nonfinite=True)
    with pytest.raises(ValueError):
        clip_by_global_norm(grads, 1.0, norm_type, error_if_nonfinite=True)


def test_each_norm():
    params = parameters(gradients())
    for p in params:
        torch.nn.utils.clip_grad_norm_([p], 1.0)
    same(clip_by_norm(gradients(), 1.0), params)


def test_no_gradients():
    assert clip_by_global_norm([], 1.0) == ([], float(torch.nn.utils.clip_grad_norm_([], 1.0)))
