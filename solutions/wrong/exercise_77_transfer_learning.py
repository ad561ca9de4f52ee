"""Answers people really give. Each must fail exactly the checks it names."""

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_77_transfer_learning import FrozenBackbone, _submodule
from dlkit.solutions.exercise_77_transfer_learning import extract_features as reference_features
from dlkit.solutions.exercise_77_transfer_learning import freeze as reference_freeze
from dlkit.solutions.exercise_77_transfer_learning import param_groups as reference_groups
from dlkit.solutions.exercise_77_transfer_learning import replace_head as reference_head


@wrong(replaces="freeze", fails=["freeze", "bn_frozen"])
def bn_still_moves(module, bn_eval=True):
    """BatchNorm's buffers are no parameters and drift in train mode: put frozen BatchNorm into eval mode."""
    module.requires_grad_(False)


@wrong(replaces="freeze", fails=["freeze"])
def everything_eval(module, bn_eval=True):
    """Only BatchNorm goes into eval mode here: module.eval() would switch off the dropout, too."""
    module.requires_grad_(False)
    if bn_eval:
        module.eval()


@wrong(replaces="freeze", fails=["freeze"])
def bn_eval_ignored(module, bn_eval=True):
    """bn_eval=False leaves the modes alone: the caller wants BatchNorm to adapt to the new data."""
    reference_freeze(module)


@wrong(replaces="freeze", fails=["freeze", "bn_frozen"])
def two_dimensional_only(module, bn_eval=True):
    """BatchNorm1d and 3d keep statistics as BatchNorm2d does: treat all three."""
    module.requires_grad_(False)
    for part in module.modules():
        if bn_eval and isinstance(part, nn.BatchNorm2d):
            part.eval()


@wrong(replaces="freeze", fails=["freeze", "bn_frozen"])
def flag_on_the_module(module, bn_eval=True):
    """module.requires_grad = False only makes a new attribute: use module.requires_grad_(False)."""
    module.requires_grad = False
    for part in module.modules():
        if bn_eval and isinstance(part, _BatchNorm):
            part.eval()


@wrong(replaces="trainable_parameters", fails=["freeze", "groups"])
def frozen_ones_too(model):
    """Only what requires a gradient is trainable: leave the frozen parameters out."""
    return list(model.parameters())


@wrong(replaces="replace_head", fails=["head", "device_head"])
def head_random_device(model, attr, num_classes):
    """A new layer lies on the CPU in float32: create it on the device and in the dtype of the old head's weight."""
    head = nn.Linear(_linear(model, attr).in_features, num_classes)
    return _placed(model, attr, head)


def _linear(model, attr):
    old = _submodule(model, attr)
    if not isinstance(old, nn.Linear):
        raise ValueError(attr)
    return old


def _placed(model, attr, head):
    path, _, name = attr.rpartition(".")
    setattr(model.get_submodule(path), name, head)
    return head


@wrong(replaces="replace_head", fails=["head"])
def head_frozen(model, attr, num_classes):
    """The new head ended up frozen, and nothing can learn: freeze first, replace the head afterwards."""
    trainable = _linear(model, attr).weight.requires_grad
    return reference_head(model, attr, num_classes).requires_grad_(trainable)


@wrong(replaces="replace_head", fails=["head"])
def freezes_the_rest(model, attr, num_classes):
    """Replacing and freezing are two steps: leave the other parameters as they are."""
    _linear(model, attr)
    model.requires_grad_(False)
    return reference_head(model, attr, num_classes)


@wrong(replaces="replace_head", fails=["head"])
def only_the_number_changed(model, attr, num_classes):
    """out_features is only a note: changing it leaves the weight, and the output, as they were."""
    old = _linear(model, attr)
    old.out_features = num_classes
    return old


@wrong(replaces="replace_head", fails=["head"])
def dotted_name_for_setattr(model, attr, num_classes):
    """setattr knows no dots: find the parent with get_submodule and set the last part of the name there."""
    old = _linear(model, attr)
    head = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    setattr(model, attr, head)
    return head


@wrong(replaces="replace_head", fails=["head"])
def not_put_in_place(model, attr, num_classes):
    """The new head was made and returned, but the model still has the old one."""
    old = _linear(model, attr)
    return nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)


@wrong(replaces="replace_head", fails=["errors"])
def any_module_replaced(model, attr, num_classes):
    """Only an nn.Linear says how many inputs the new head has: refuse everything else with ValueError."""
    old = _submodule(model, attr)
    if isinstance(old, nn.Linear):
        return reference_head(model, attr, num_classes)
    return _placed(model, attr, nn.LazyLinear(num_classes))


@wrong(replaces="param_groups", fails=["groups"])
def optimizer_all(model, head_attr, lr_body, lr_head, weight_decay):
    """Weight decay and momentum can still move frozen weights: pass only those that require a gradient."""
    flags = [p.requires_grad for p in model.parameters()]
    model.requires_grad_()
    groups = reference_groups(model, head_attr, lr_body, lr_head, weight_decay)
    for parameter, flag in zip(model.parameters(), flags, strict=True):
        parameter.requires_grad = flag
    return groups


def _grouped(model, is_head, lrs, weight_decay, decays=lambda name, p: p.ndim > 1, keep_empty=False):
    """The reference by names."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {
            "params": [p for n, p in named if is_head(n) == in_head and decays(n, p) == decay],
            "lr": lrs[in_head],
            "weight_decay": weight_decay if decay else 0.0,
        }
        for in_head in (False, True)
        for decay in (True, False)
    ]
    return [group for group in groups if group["params"] or keep_empty]


def _inside(model, head_attr):
    _submodule(model, head_attr)
    return lambda name: name.startswith(head_attr + ".")


@wrong(replaces="param_groups", fails=["groups"])
def decay_on_norm(model, head_attr, lr_body, lr_head, weight_decay):
    """Tensors with ndim <= 1 get no decay: that is the biases AND the weights of normalisation layers."""
    is_head = _inside(model, head_attr)
    return _grouped(model, is_head, (lr_body, lr_head), weight_decay, lambda name, p: not name.endswith("bias"))


@wrong(replaces="param_groups", fails=["groups"])
def decay_on_all(model, head_attr, lr_body, lr_head, weight_decay):
    """Biases and norms are not decayed: they get groups of their own with weight_decay 0."""
    return _grouped(model, _inside(model, head_attr), (lr_body, lr_head), weight_decay, lambda name, p: True)


@wrong(replaces="param_groups", fails=["groups"])
def prefix_without_dot(model, head_attr, lr_body, lr_head, weight_decay):
    """ "fc2.weight" also starts with "fc": compare with the name and its dot."""
    _submodule(model, head_attr)
    return _grouped(model, lambda name: name.startswith(head_attr), (lr_body, lr_head), weight_decay)


@wrong(replaces="param_groups", fails=["groups"])
def rates_swapped(model, head_attr, lr_body, lr_head, weight_decay):
    """The fresh head learns with lr_head, the pretrained body with lr_body."""
    return reference_groups(model, head_attr, lr_head, lr_body, weight_decay)


@wrong(replaces="param_groups", fails=["groups"])
def empty_groups_kept(model, head_attr, lr_body, lr_head, weight_decay):
    """Groups without parameters are left out: a scheduler or a log would count them."""
    return _grouped(model, _inside(model, head_attr), (lr_body, lr_head), weight_decay, keep_empty=True)


@wrong(replaces="param_groups", fails=["groups"])
def shared_twice(model, head_attr, lr_body, lr_head, weight_decay):
    """A shared parameter would be stepped twice: model.parameters() names it once, a walk over the modules does not."""
    groups = reference_groups(model, head_attr, lr_body, lr_head, weight_decay)
    again = [p for part in model.modules() for p in part.parameters(recurse=False) if p.requires_grad]
    twice = [p for i, p in enumerate(again) if any(p is other for other in again[:i])]
    for group in groups:
        group["params"] = group["params"] + [p for p in twice if any(p is other for other in group["params"])]
    return groups


@wrong(replaces="unfreeze_last", fails=["unfreeze"])
def minus_zero(model, k):
    """list[-0:] is the whole list, so k = 0 unfreezes everything: start at len(model) - k."""
    if not 0 <= k <= len(model):
        raise ValueError("k")
    for child in list(model)[-k:]:
        child.requires_grad_()


@wrong(replaces="unfreeze_last", fails=["unfreeze"])
def first_instead(model, k):
    """The last k children are unfrozen, near the output: the first layers are the most general ones."""
    if not 0 <= k <= len(model):
        raise ValueError("k")
    for child in list(model)[:k]:
        child.requires_grad_()


@wrong(replaces="unfreeze_last", fails=["unfreeze"])
def freezes_the_others(model, k):
    """The other children stay as they are: yours freezes those that were trainable."""
    if not 0 <= k <= len(model):
        raise ValueError("k")
    for i, child in enumerate(model):
        child.requires_grad_(i >= len(model) - k)


@wrong(replaces="unfreeze_last", fails=["errors"])
def k_unchecked(model, k):
    """A k beyond the number of children is a mistake of the caller: raise ValueError instead of taking all."""
    for child in list(model)[max(len(model) - k, 0) :]:
        child.requires_grad_()


@wrong(replaces="FrozenBackbone", fails=["bn_frozen"])
class train_resets(FrozenBackbone):
    """model.train() puts the backbone back into train mode: override train() so that it stays in eval mode."""

    def train(self, mode=True):
        return nn.Module.train(self, mode)


@wrong(replaces="FrozenBackbone", fails=["bn_frozen"])
class dropout_still_on(FrozenBackbone):
    """The WHOLE backbone stays in eval mode, its dropout, too: features of a frozen network are no random numbers."""

    def train(self, mode=True):
        nn.Module.train(self, mode)
        reference_freeze(self.backbone)
        return self


@wrong(replaces="FrozenBackbone", fails=["bn_frozen"])
class train_returns_nothing(FrozenBackbone):
    """train() returns self, so that model.train() can be chained, as of every nn.Module; eval() returns it, too."""

    def train(self, mode=True):
        super().train(mode)


@wrong(replaces="FrozenBackbone", fails=["bn_frozen"])
class head_in_eval(FrozenBackbone):
    """Only the backbone stays in eval mode; the head is trained and follows train(mode)."""

    def train(self, mode=True):
        super().train(mode)
        self.head.eval()
        return self


@wrong(replaces="FrozenBackbone", fails=["bn_frozen", "device_gradient"])
class detach_forward(FrozenBackbone):
    """The head needs gradients: torch.no_grad around the whole model switches them off, too."""

    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


@wrong(replaces="extract_features", fails=["features", "few_shot"])
def features_in_train_mode(backbone, loader, device):
    """In train mode dropout and batch statistics make the features random: call backbone.eval() first."""
    with torch.no_grad():
        batches = [(backbone(x.to(device)), y.to(device)) for x, y in loader]
    return tuple(torch.cat(part) for part in zip(*batches, strict=True))


@wrong(replaces="extract_features", fails=["features"])
def left_in_eval(backbone, loader, device):
    """The backbone belongs to the caller: give every submodule its mode back."""
    return reference_features(backbone.eval(), loader, device)


@wrong(replaces="extract_features", fails=["features"])
def features_with_graph(backbone, loader, device):
    """Cached features are constants: without torch.no_grad() every batch keeps its whole graph in memory."""
    modes = [(part, part.training) for part in backbone.modules()]
    backbone.eval()
    batches = [(backbone(x.to(device)), y.to(device)) for x, y in loader]
    for part, mode in modes:
        part.training = mode
    return tuple(torch.cat(part) for part in zip(*batches, strict=True))


@wrong(replaces="extract_features", fails=["features"])
def inference_tensors(backbone, loader, device):
    """Tensors of inference_mode cannot be saved for a backward pass, so no probe can be trained on them: no_grad."""
    with torch.inference_mode():
        return tuple(part.clone() for part in reference_features(backbone, loader, device))


@wrong(replaces="extract_features", fails=["features", "few_shot", "device_features"])
def labels_reversed(backbone, loader, device):
    """Features and labels belong together: concatenate both in the order of the loader."""
    batches = list(loader)
    features, _ = reference_features(backbone, batches, device)
    return features, torch.cat([y.to(device) for _, y in reversed(batches)])


@wrong(replaces="extract_features", fails=["device_features"])
def labels_left_behind(backbone, loader, device):
    """The labels go to the device, too, or the loss of the probe meets tensors of two devices."""
    batches = list(loader)
    return reference_features(backbone, batches, device)[0], torch.cat([y for _, y in batches])


@wrong(replaces="extract_features", fails=["device_features"])
def cached_on_cpu(backbone, loader, device):
    """.cpu() copies every batch of features back to the host; asked is a cache on the device."""
    features, labels = reference_features(backbone, loader, device)
    return features.cpu().to(device), labels
