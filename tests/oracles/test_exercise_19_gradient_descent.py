"""The reference against torch.optim.SGD and autograd, in float64."""

import numpy as np
import torch

from dlkit.solutions.exercise_19_gradient_descent import gd_quadratic, gradient_descent, max_stable_lr


def test_least_squares_against_autograd():
    rng = np.random.default_rng(19)
    X, y, start = rng.normal(size=(9, 4)), rng.normal(size=9), rng.normal(size=4)
    theta = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([theta], lr=0.2)
    losses = []
    for _ in range(41):
        optimizer.zero_grad()
        loss = 0.5 * torch.nn.functional.mse_loss(torch.tensor(X) @ theta, torch.tensor(y))
        losses.append(loss.item())
        if len(losses) < 41:
            loss.backward()
            optimizer.step()
    ours, our_losses = gradient_descent(X, y, 0.2, 40, start)
    np.testing.assert_allclose(ours, theta.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(our_losses, losses, rtol=1e-9, atol=1e-12)


def test_quadratic_against_autograd():
    rng = np.random.default_rng(19)
    B, b, x0 = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    A = B @ B.T + 0.5 * np.eye(3)
    lr = 0.9 * max_stable_lr(A)
    x = torch.tensor(x0, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=lr)
    path = [x.detach().numpy().copy()]
    for _ in range(30):
        optimizer.zero_grad()
        (0.5 * x @ torch.tensor(A) @ x - torch.tensor(b) @ x).backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    np.testing.assert_allclose(gd_quadratic(A, b, x0, lr, 30), path, rtol=1e-9, atol=1e-12)


def test_the_limit_is_that_of_the_spectral_radius():
    rng = np.random.default_rng(19)
    B = rng.normal(size=(4, 4))
    A = torch.tensor(B @ B.T + 0.1 * np.eye(4))
    radius = torch.linalg.eigvals(torch.eye(4, dtype=torch.float64) - max_stable_lr(A.numpy()) * A).abs().max()
    np.testing.assert_allclose(radius.item(), 1.0, rtol=1e-12)
