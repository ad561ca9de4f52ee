from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze(module: nn.Module, bn_eval: bool = True) -> None:
    module.requires_grad_(False)
    if bn_eval:
        for part in module.modules():
            if isinstance(part, _BatchNorm):
                part.eval()


def _submodule(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        raise ValueError(f"the model has no submodule {name}") from None


def replace_head(model: nn.Module, attr: str, num_classes: int) -> nn.Linear:
    old = _submodule(model, attr)
    if not isinstance(old, nn.Linear):
        raise ValueError(f"{attr} is no nn.Linear")
    head = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    path, _, name = attr.rpartition(".")
    setattr(model.get_submodule(path), name, head)
    return head


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def param_groups(model: nn.Module, head_attr: str, lr_body: float, lr_head: float, weight_decay: float) -> list[dict]:
    head = set(_submodule(model, head_attr).parameters())
    groups = []
    for in_head, lr in ((False, lr_body), (True, lr_head)):
        members = [p for p in trainable_parameters(model) if (p in head) == in_head]
        matrices = [p for p in members if p.ndim > 1]
        vectors = [p for p in members if p.ndim <= 1]
        groups += [
            {"params": matrices, "lr": lr, "weight_decay": weight_decay},
            {"params": vectors, "lr": lr, "weight_decay": 0.0},
        ]
    return [group for group in groups if group["params"]]


def unfreeze_last(model: nn.Sequential, k: int) -> None:
    if not 0 <= k <= len(model):
        raise ValueError("k must lie between 0 and the number of children")
    for child in list(model)[len(model) - k :]:
        child.requires_grad_()


class FrozenBackbone(nn.Module):
    def __init__(self, backbone: nn.Module, head: nn.Module):
        super().__init__()
        freeze(backbone)
        self.backbone = backbone.eval()
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))

    def train(self, mode: bool = True) -> "FrozenBackbone":
        super().train(mode)
        self.backbone.eval()
        return self


@torch.no_grad()
def extract_features(
    backbone: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], device: str | torch.device
) -> tuple[Tensor, Tensor]:
    modes = [(part, part.training) for part in backbone.modules()]
    backbone.eval()
    features, labels = [], []
    for x, y in loader:
        features.append(backbone(x.to(device)))
        labels.append(y.to(device))
    for part, mode in modes:
        part.training = mode
    return torch.cat(features), torch.cat(labels)
