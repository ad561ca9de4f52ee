"""The reference against torch.distributions and F.kl_div, in float64."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, Normal
from torch.distributions import kl_divergence as torch_kl

from dlkit.solutions.exercise_11_kl_divergence import (
    entropy,
    js_divergence,
    kl_divergence,
    kl_from_logits,
    kl_gaussian,
)


def test_distributions() -> None:
    rng = np.random.default_rng(0)
    for classes in (2, 3, 7):
        p, q = rng.dirichlet(np.ones(classes), size=(2, 5))
        a, b, m = (Categorical(probs=torch.tensor(x)) for x in (p, q, (p + q) / 2))
        np.testing.assert_allclose(entropy(p), a.entropy().numpy(), rtol=1e-9)
        np.testing.assert_allclose(kl_divergence(p, q), torch_kl(a, b).numpy(), rtol=1e-9)
        np.testing.assert_allclose(kl_divergence(p.T, q.T, axis=0), torch_kl(a, b).numpy(), rtol=1e-9)
        np.testing.assert_allclose(js_divergence(p, q), (torch_kl(a, m) + torch_kl(b, m)).numpy() / 2, rtol=1e-9)


def test_zeros() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.25, 0.25])
    expected = F.kl_div(torch.tensor(q).log(), torch.tensor(p), reduction="sum").item()
    np.testing.assert_allclose(kl_divergence(p, q), expected, rtol=1e-9)
    assert kl_divergence(q, p) == np.inf


def test_logits() -> None:
    rng = np.random.default_rng(1)
    for scale in (1.0, 100.0, 1e4):
        p, q = rng.normal(scale=scale, size=(2, 6, 4))
        log_p, log_q = (F.log_softmax(torch.tensor(x), dim=1) for x in (p, q))
        expected = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True).item()
        np.testing.assert_allclose(kl_from_logits(p, q), expected, rtol=1e-9)


def test_gaussians() -> None:
    mu1, logvar1, mu2, logvar2 = np.random.default_rng(2).normal(size=(4, 5, 3))
    first, second = (
        Normal(torch.tensor(mu), torch.tensor(logvar / 2).exp()) for mu, logvar in ((mu1, logvar1), (mu2, logvar2))
    )
    np.testing.assert_allclose(
        kl_gaussian(mu1, logvar1, mu2, logvar2), torch_kl(first, second).sum(-1).numpy(), rtol=1e-9
    )
