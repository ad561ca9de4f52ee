"""The reference against gradcheck and closed forms, in float64."""

import math

import torch

from dlkit.solutions.exercise_45_residual_block import BasicBlock, HighwayLayer, input_gradient_norm


def test_gradients() -> None:
    torch.manual_seed(0)
    for kind in ((3, 3, 1), (3, 4, 1), (3, 3, 2)):
        block = BasicBlock(*kind).double().eval()
        assert torch.autograd.gradcheck(block, torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True))
    layer = HighwayLayer(4).double()
    assert torch.autograd.gradcheck(layer, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))


def test_highway_between_identity_and_transform() -> None:
    x = torch.randn(3, 4)
    torch.testing.assert_close(HighwayLayer(4, gate_bias=-50.0)(x), x)
    layer = HighwayLayer(4, gate_bias=50.0)
    torch.testing.assert_close(layer(x), layer.transform(x).relu())


def test_norm_of_a_scaling() -> None:
    x = torch.randn(5, 3, dtype=torch.float64)
    for depth in (0, 1, 7):
        norm = input_gradient_norm(lambda h: 0.8 * h, x, depth)
        assert math.isclose(norm, 0.8**depth / math.sqrt(15), rel_tol=1e-12)
