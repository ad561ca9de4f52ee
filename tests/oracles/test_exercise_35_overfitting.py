"""The reference against numpy's own polynomial fit and against the gradient of the penalised loss in torch."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_35_overfitting import capacity_curve, fit_poly, poly_features


def _samples(n=12):
    rng = np.random.default_rng(35)
    x = np.linspace(-1, 1, n)
    return x, np.sin(np.pi * x) + 0.2 * rng.normal(size=n)


@pytest.mark.parametrize("degree", range(12))
def test_features_and_fit_against_numpy(degree):
    x, y = _samples()
    vander = np.polynomial.polynomial.polyvander(x, degree)
    np.testing.assert_allclose(poly_features(x, degree), vander, rtol=1e-12)
    expected = np.polynomial.Polynomial.fit(x, y, degree, domain=[-1, 1]).coef
    np.testing.assert_allclose(fit_poly(x, y, degree), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("lam", [0.0, 1e-3, 0.7])
def test_fit_minimises_its_loss(lam):
    x, y = _samples()
    w = torch.tensor(fit_poly(x, y, 5, lam), requires_grad=True)
    powers = torch.tensor(x)[:, None] ** torch.arange(6)
    ((powers @ w - torch.tensor(y)).square().sum() + lam * w[1:].square().sum()).backward()
    assert w.grad.abs().max() < 1e-11


def test_curve_against_mse_loss():
    x, y = _samples()
    x_va = np.linspace(-0.9, 0.9, 7)
    curve = capacity_curve(x, y, x_va, np.sin(np.pi * x_va), [4, 2], lam=0.1)
    for k, degree in enumerate([4, 2]):
        w = fit_poly(x, y, degree, 0.1)
        predictions = torch.tensor(np.polynomial.polynomial.polyval(x_va, w))
        loss = torch.nn.functional.mse_loss(predictions, torch.tensor(np.sin(np.pi * x_va)))
        assert curve["val_mse"][k] == pytest.approx(loss.item(), rel=1e-12)
        assert curve["weight_norm"][k] == pytest.approx(torch.tensor(w[1:]).norm().item(), rel=1e-12)
