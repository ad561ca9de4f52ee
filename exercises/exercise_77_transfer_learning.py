"""Transfer learning: freeze, replace the head, fine-tune.

A network that was trained on much data is given a new last layer and trained on little. The mistakes are all
about what still moves: frozen parameters with BatchNorm statistics that drift, a new head that got frozen as
well, an optimizer that decays what should stay.

`freeze(module, bn_eval=True)` -> None
    Sets requires_grad = False on all parameters. BatchNorm's running statistics are no parameters and change
    in every forward pass in train mode; bn_eval=True puts all BatchNorm modules inside (1d, 2d, 3d, module
    itself, too) into eval mode. No other mode is touched; with bn_eval=False none is.

`replace_head(model, attr, num_classes)`
    attr      the name of an nn.Linear inside model, dotted if it lies deeper: "fc", "classifier.1"
    returns   the nn.Linear(in_features, num_classes) that took its place: fresh, with a bias, trainable (also
              in a frozen model: freeze first, replace then), on the device and in the dtype of the old one
    ValueError if there is no such submodule, or if it is no nn.Linear. Nothing else in the model changes.

`trainable_parameters(model)`
    returns   the list of the parameters that require a gradient, in the order of model.parameters()

`param_groups(model, head_attr, lr_body, lr_head, weight_decay)`
    head_attr   the (dotted) name of the submodule that is the head; everything else is the body
    returns     a list of dicts {"params": list, "lr": …, "weight_decay": …}, as torch.optim takes them, in
                this order: body with decay, body without, head with decay, head without. Parameters with ndim
                <= 1 (biases, the weights of norms) get weight_decay 0. Only parameters that require a
                gradient, each once, in the order of model.parameters(); empty groups are left out.
    ValueError if there is no such submodule.

`unfreeze_last(model, k)` -> None
    model   an nn.Sequential. Sets requires_grad = True on the parameters of its last k children, 0 <= k <=
            len(model), ValueError otherwise. The other children stay as they are, and so do all modes.

class `FrozenBackbone(backbone, head)`
    Freezes the backbone at construction and puts ALL of it (its dropout, too) into eval mode. Submodules
    .backbone and .head. forward(x) is head(backbone(x)); gradients reach the head. train(mode=True) returns
    self and sets the mode of everything but the backbone, which stays in eval mode; it is called by .eval()
    and by the train() of an outer module, too. (Whether x gets a gradient is left open.)

`extract_features(backbone, loader, device)`
    backbone   an nn.Module on `device`, in any mixture of modes
    loader     any iterable of batches (x, labels), on any device; read once, from the first batch to the
               last. Batches may differ in size
    device     a str or torch.device
    returns    (features, labels): backbone(x) of all batches, and the labels, concatenated in order, on
               `device`. One forward pass per batch, the backbone in eval mode and without a graph; afterwards
               every submodule has the mode that it had. A linear probe is trained on the result: ordinary
               tensors, as torch.no_grad() gives them (those of inference_mode cannot be saved for a backward
               pass).

Example
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 10))
    >>> freeze(model)
    >>> [part.training for part in model]
    [True, False, True]
    >>> replace_head(model, "2", 5)
    Linear(in_features=3, out_features=5, bias=True)
    >>> [tuple(p.shape) for p in trainable_parameters(model)]
    [(5, 3), (5,)]
    >>> unfreeze_last(model, 2)
    >>> for group in param_groups(model, "2", lr_body=0.001, lr_head=0.1, weight_decay=0.01):
    ...     print([tuple(p.shape) for p in group["params"]], group["lr"], group["weight_decay"])
    [(3,), (3,)] 0.001 0.0
    [(5, 3)] 0.1 0.01
    [(5,)] 0.1 0.0
    >>> features, labels = extract_features(model[:2], [(torch.ones(6, 4), torch.arange(6))], "cpu")
    >>> features.shape, features.requires_grad, labels
    (torch.Size([6, 3]), False, tensor([0, 1, 2, 3, 4, 5]))

Asked next: when does fine-tuning everything beat a linear probe, and when does it hurt? Why a smaller
learning rate for the body, and why layer by layer? What changes if the new data are normalised in another way
than the old?
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def freeze(module: nn.Module, bn_eval: bool = True) -> None:
    raise NotImplementedError("TODO: requires_grad, BatchNorm")


def replace_head(model: nn.Module, attr: str, num_classes: int) -> nn.Linear:
    raise NotImplementedError("TODO: a fresh Linear in the place of the old one")


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    raise NotImplementedError("TODO: those that require a gradient")


def param_groups(model: nn.Module, head_attr: str, lr_body: float, lr_head: float, weight_decay: float) -> list[dict]:
    raise NotImplementedError("TODO: body and head, with and without decay")


def unfreeze_last(model: nn.Sequential, k: int) -> None:
    raise NotImplementedError("TODO: the last k children")


class FrozenBackbone(nn.Module):
    def __init__(self, backbone: nn.Module, head: nn.Module):
        raise NotImplementedError("TODO: freeze the backbone")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO: head(backbone(x))")

    def train(self, mode: bool = True) -> "FrozenBackbone":
        raise NotImplementedError("TODO: all but the backbone")


@torch.no_grad()
def extract_features(
    backbone: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], device: str | torch.device
) -> tuple[Tensor, Tensor]:
    raise NotImplementedError("TODO: one pass in eval mode")
