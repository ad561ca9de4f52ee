"""The reference against torch: every sub-model is a linear layer and a softmax; the masks' distribution; the rule."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_33_dropout_ensemble import (
    all_masks,
    arithmetic_mean_predictor,
    geometric_mean_predictor,
    mask_weights,
    subnetwork_probs,
    weight_scaling_predictor,
)


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9])
def test_ensemble(keep):
    rng = np.random.default_rng(33)
    x, W, b = rng.normal(size=6), rng.normal(size=(4, 6)), rng.normal(size=4)
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 6)
    np.testing.assert_array_equal(all_masks(6), masks.numpy())

    log_weights = torch.distributions.Bernoulli(torch.tensor(keep, dtype=torch.float64)).log_prob(masks).sum(dim=1)
    np.testing.assert_allclose(mask_weights(masks.numpy(), keep), log_weights.exp().numpy(), rtol=1e-12)

    tx, tW, tb = torch.tensor(x), torch.tensor(W), torch.tensor(b)
    log_probs = torch.log_softmax(torch.nn.functional.linear(tx * masks, tW, tb), dim=1)
    probs, weights = log_probs.exp().numpy(), log_weights.exp().numpy()
    np.testing.assert_allclose(subnetwork_probs(x, W, b, masks.numpy()), probs, rtol=1e-12)

    geometric = torch.softmax(log_weights.exp() @ log_probs, dim=0).numpy()
    np.testing.assert_allclose(geometric_mean_predictor(probs, weights), geometric, rtol=1e-12)
    rule = torch.softmax(torch.nn.functional.linear(keep * tx, tW, tb), dim=0).numpy()
    np.testing.assert_allclose(weight_scaling_predictor(x, W, b, keep), rule, rtol=1e-12)
    np.testing.assert_allclose(geometric, rule, rtol=1e-12)
    arithmetic = torch.logsumexp(log_probs + log_weights[:, None], dim=0).exp().numpy()
    np.testing.assert_allclose(arithmetic_mean_predictor(probs, weights), arithmetic, rtol=1e-12)
