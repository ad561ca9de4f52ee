"""The reference with torch's own optimizer: what is frozen stays, what is not moves."""

import torch
from torch import nn

from dlkit.solutions.exercise_77_transfer_learning import (
    FrozenBackbone,
    extract_features,
    freeze,
    param_groups,
    replace_head,
    unfreeze_last,
)


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 5), nn.Linear(5, 10))


def test_fine_tuning_with_adamw() -> None:
    model, x, y = _model(), torch.randn(12, 4), torch.arange(12) % 3
    freeze(model)
    replace_head(model, "4", 3)
    unfreeze_last(model, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.AdamW(param_groups(model, "4", 1e-3, 1e-2, 0.1))
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, 1e-3, 1e-2, 1e-2]
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"3.weight", "3.bias", "4.weight", "4.bias"}


def test_probe_on_cached_features_is_the_frozen_model() -> None:
    backbone, head = _model()[:4], nn.Linear(5, 3)
    x = torch.randn(12, 4)
    features, labels = extract_features(backbone, zip(x.split(5), torch.arange(12).split(5), strict=True), "cpu")
    torch.testing.assert_close(head(features), FrozenBackbone(backbone, head).train()(x))
    assert labels.tolist() == list(range(12))
