"""The reference against the same training with torch."""

import itertools

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_15_mlp_training import iterations_per_epoch, predict, train_mlp

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda z: z}


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_training(activation):
    data = np.random.default_rng(1)
    X, y, sizes = data.normal(size=(11, 4)), data.integers(3, size=11), [4, 6, 5, 3]
    params, history = train_mlp(X, y, sizes, 0.2, 4, 3, np.random.default_rng(15), activation)

    rng = np.random.default_rng(15)
    layers = []
    for i, o in itertools.pairwise(sizes):
        layer = torch.nn.Linear(i, o, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(rng.normal(0, i**-0.5, (o, i))))
            layer.bias.zero_()
        layers.append(layer)

    def logits(x):
        for number, layer in enumerate(layers):
            x = layer(ACTIVATIONS[activation](x) if number else x)
        return x

    optimizer = torch.optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.2)
    expected = []
    for _ in range(4):
        perm = torch.tensor(rng.permutation(11))
        total = 0.0
        batches = perm.split(3)
        assert len(batches) == iterations_per_epoch(11, 3)
        for rows in batches:
            loss = torch.nn.functional.cross_entropy(logits(torch.tensor(X)[rows]), torch.tensor(y)[rows])
            total += loss.item() * len(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        expected.append(total / 11)
    np.testing.assert_allclose(history, expected, rtol=1e-9)
    for (W, b), layer in zip(params, layers, strict=True):
        np.testing.assert_allclose(W, layer.weight.detach().numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(b, layer.bias.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(predict(X, params, activation), logits(torch.tensor(X)).argmax(dim=1).numpy())
