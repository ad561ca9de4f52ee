"""The reference against torch.optim.SGD, cross_entropy and the step on the whole batch, in float64."""

import copy
import itertools

import torch
import torch.nn.functional as F
from torch import nn

from dlkit.solutions.exercise_73_training_loop import Classifier, accumulate_step, evaluate, fit, train_one_epoch


def _case(seed: int) -> tuple[nn.Module, list[tuple[torch.Tensor, torch.Tensor]]]:
    torch.manual_seed(seed)
    model = Classifier(4, [6, 5], 3).double()
    return model, [(torch.randn(n, 4).double(), torch.randint(3, (n,))) for n in (5, 8, 2)]


def test_epochs_are_those_of_a_plain_loop() -> None:
    for seed, max_norm in itertools.product(range(3), (None, 0.1)):
        model, batches = _case(seed)
        other = copy.deepcopy(model)
        loss = train_one_epoch(
            model, batches, torch.optim.SGD(model.parameters(), 0.2), nn.CrossEntropyLoss(), "cpu", max_norm
        )
        optimizer, total = torch.optim.SGD(other.parameters(), 0.2), 0.0
        for x, y in batches:
            optimizer.zero_grad()
            summed = F.cross_entropy(other(x), y, reduction="sum")
            (summed / len(x)).backward()
            nn.utils.clip_grad_norm_(other.parameters(), max_norm or 1e9)
            optimizer.step()
            total += summed.item()
        assert abs(loss - total / 15) < 1e-12
        torch.testing.assert_close(list(model.parameters()), list(other.parameters()))


def test_evaluate_equals_one_large_batch() -> None:
    model, batches = _case(7)
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    loss, accuracy = evaluate(model, batches, F.cross_entropy, "cpu")
    assert abs(loss - F.cross_entropy(model(x), y).item()) < 1e-12
    assert accuracy == (model(x).argmax(1) == y).double().mean().item()


def test_accumulation_equals_one_large_batch() -> None:
    model, batches = _case(3)
    other = copy.deepcopy(model)
    whole = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    loss = accumulate_step(model, batches, torch.optim.SGD(model.parameters(), 0.2), F.cross_entropy)
    history = fit(other, whole, whole, torch.optim.SGD(other.parameters(), 0.2), F.cross_entropy, 1, "cpu")
    assert abs(loss - history["train_loss"][0]) < 1e-12
    torch.testing.assert_close(list(model.parameters()), list(other.parameters()))
