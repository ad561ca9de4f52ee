"""The same in another style: names instead of modules, a copy for the features."""

import copy

import torch
from torch import nn


# --- by names
def freeze(module, bn_eval=True):
    for parameter in module.parameters():
        parameter.requires_grad = False
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    for part in module.modules():
        if bn_eval and isinstance(part, kinds):
            part.train(False)


def replace_head(model, attr, num_classes):
    *path, name = attr.split(".")
    parent = model
    for step in path:
        parent = getattr(parent, step, None)
    old = getattr(parent, name, None)
    if not isinstance(old, nn.Linear):
        raise ValueError(attr)
    parent._modules[name] = nn.Linear(old.in_features, num_classes).to(old.weight)
    return parent._modules[name]


def trainable_parameters(model):
    return list(filter(lambda p: p.requires_grad, model.parameters()))


def param_groups(model, head_attr, lr_body, lr_head, weight_decay):
    if head_attr not in dict(model.named_modules()):
        raise ValueError(head_attr)
    lists = {(head, flat): [] for head in (False, True) for flat in (False, True)}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            lists[name.startswith(head_attr + "."), parameter.dim() < 2].append(parameter)
    return [
        {"params": params, "lr": lr_head if head else lr_body, "weight_decay": 0 if flat else weight_decay}
        for (head, flat), params in lists.items()
        if len(params) > 0
    ]


def unfreeze_last(model, k):
    children = list(model.children())
    if k < 0 or k > len(children):
        raise ValueError("k")
    while k > 0:
        for parameter in children[-k].parameters():
            parameter.requires_grad = True
        k -= 1


class FrozenBackbone(nn.Module):
    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head
        freeze(self.backbone)
        for part in self.backbone.modules():
            part.training = False

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(features)

    def train(self, mode=True):
        self.training = mode
        self.head.train(mode)
        self.backbone.train(False)
        return self


def extract_features(backbone, loader, device):
    frozen = copy.deepcopy(backbone).eval()
    features, labels = [], []
    with torch.no_grad():
        for batch in loader:
            x, y = (part.to(device) for part in batch)
            features.append(frozen(x))
            labels.append(y)
        return torch.vstack(features) if features[0].ndim > 1 else torch.cat(features), torch.cat(labels)
