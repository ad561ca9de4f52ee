import numpy as np
import torch

from dlkit.solutions.exercise_02_perceptron import neuron, perceptron_fit


def test_neuron_agrees_with_torch():
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(scale=3.0, size=(7, 4)), rng.normal(size=4), 0.3
    z = torch.nn.functional.linear(torch.tensor(x), torch.tensor(w)[None], torch.tensor([b], dtype=torch.float64))[:, 0]
    ours = {"identity": z, "relu": torch.relu(z), "sigmoid": torch.sigmoid(z), "step": torch.heaviside(z, 1 + 0 * z)}
    for activation, expected in ours.items():
        np.testing.assert_allclose(neuron(x, w, b, activation), expected.numpy(), rtol=1e-12)


def test_one_correction_is_a_gradient_step_on_the_perceptron_criterion():
    """For a wrong row, -y (x.w + b) has the gradient -y x: one row, one epoch, lr 1."""
    x, y = np.array([[2.0, -3.0, 1.0]]), np.array([-1])
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (-y[0] * (torch.tensor(x[0]) @ weights + bias)).backward()
    w, b, updates = perceptron_fit(x, y, lr=0.5)
    np.testing.assert_allclose(w, -0.5 * weights.grad.numpy())
    assert (b, updates) == (-0.5 * bias.grad.item(), 1)
