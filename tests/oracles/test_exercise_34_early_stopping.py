"""The reference against brute force: the stopping epoch by its definition, and a model of torch trained to overfit."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_34_early_stopping import EarlyStopping, fit_with_early_stopping


@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_stop_by_definition(patience, mode):
    rng = np.random.default_rng(34)
    for _ in range(50):
        metrics = rng.normal(size=30)
        losses = metrics if mode == "min" else -metrics
        # the first epoch whose last `patience` losses are all no better than the best before them
        right = next(
            (
                t
                for t in range(patience, 30)
                if losses[t - patience + 1 :][:patience].min() >= losses[: t - patience + 1].min()
            ),
            None,
        )
        stopper = EarlyStopping(patience, mode=mode)
        stopped = next((t for t, m in enumerate(metrics) if stopper.update(t, float(m), [])), None)
        assert stopped == right == stopper.stopped_epoch
        seen = losses if right is None else losses[: right + 1]
        assert stopper.best_epoch == int(seen.argmin())


def test_a_torch_model_gets_its_best_weights_back():
    generator = torch.Generator().manual_seed(34)
    X, V = (torch.randn(12, 10, generator=generator, dtype=torch.float64) for _ in range(2))
    truth = torch.randn(10, generator=generator, dtype=torch.float64)
    y, v = (A @ truth + 2 * torch.randn(12, generator=generator, dtype=torch.float64) for A in (X, V))
    w = torch.nn.Parameter(torch.zeros(10, dtype=torch.float64))
    optimizer = torch.optim.SGD([w], lr=0.05)
    trace = []

    def train_epoch():
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(X @ w, y).backward()
        optimizer.step()

    def evaluate():
        loss = torch.nn.functional.mse_loss(V @ w, v).item()
        trace.append((loss, w.detach().numpy().copy()))
        return loss

    def set_weights(arrays):
        with torch.no_grad():
            w.copy_(torch.tensor(arrays[0]))

    stopper = EarlyStopping(patience=5)
    result = fit_with_early_stopping(train_epoch, evaluate, lambda: [w.detach().numpy()], set_weights, stopper, 3000)
    best = min(range(len(trace)), key=lambda t: trace[t][0])
    assert result["best_epoch"] == best
    assert result["stopped_epoch"] == best + 5 == len(trace) - 1
    np.testing.assert_array_equal(w.detach().numpy(), trace[best][1])
