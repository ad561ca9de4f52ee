"""A PyTorch classifier and its training loop.

Write once, carefully, what every PyTorch project contains: a network that returns logits, the loop that
trains it, the loop that measures it, and the step that makes a large batch out of small ones.

Throughout: `loss_fn(output, y)` is a mean over the samples of its batch (nn.CrossEntropyLoss() or
F.mse_loss, say). A loader is any iterable of pairs (x, y), samples first. Its batches may differ in size, lie
on the CPU and come from a generator that has no length and can be walked once; none is empty. `device` is a
torch.device or a string; the model is there already and is never moved. `optimizer` has zero_grad() and
step(), as torch.optim's. Losses and accuracies that are returned are Python floats.

`Classifier(d_in, hidden, num_classes, p_drop=0.0)`
    an nn.Module: for every size in the list `hidden` a Linear, a ReLU and a Dropout with probability p_drop,
    in this order; at the end a Linear with num_classes outputs and nothing behind it. `hidden` may be empty.
    parameters() yields weight and bias of the first Linear, then of the second, and so on, as torch
    initialises them.

`Classifier.forward(x)`
    x        (N, d_in)
    returns  (N, num_classes), LOGITS: any real numbers. Softmax is part of the cross-entropy; applied twice,
             ten classes cost at least log(1 + 9/e) = 1.4612 even where every answer is right, and gradients
             shrink

`train_one_epoch(model, loader, optimizer, loss_fn, device, max_norm=None)`
    the model is switched to train mode, all of it. Then, for each batch: move it to the device, clear the
    gradients (the parameters may hold old ones when the loop starts), forward, loss, backward, clip, and
    exactly one optimizer.step().
    max_norm  clip the gradients by their global norm: where the norm of all of the model's gradients together
              is larger than max_norm, scale them to max_norm (torch's 1e-6 beside the norm makes no
              difference here). None: do not clip
    returns   the mean loss per SAMPLE: sum_b n_b * loss_b / sum_b n_b, with the losses before each update

    FloatingPointError: a loss that is NaN or +-inf. The message contains the number of the batch, counted
    from 0; the batch has made no optimizer step (the ones before it have).

`evaluate(model, loader, loss_fn, device)`
    returns  (loss, accuracy), both per sample, over all batches. The model maps x to (N, C) logits, y holds
             class numbers (N,); a sample is right where its largest logit is at y; accuracy lies in [0, 1]

    One forward pass per batch, in eval mode and without a graph. Parameters, gradients, buffers and the
    training flag of EVERY submodule (whatever mixture they are) are as before.

`fit(model, train_loader, val_loader, optimizer, loss_fn, epochs, device)`
    `epochs` times (0 or more): train one epoch, then evaluate on val_loader. Both can be walked repeatedly.
    returns  {"train_loss": [...], "val_loss": [...], "val_acc": [...]}, one float per epoch in each list

`accumulate_step(model, micro_batches, optimizer, loss_fn)`
    micro_batches  list of (x, y) on the model's device, of any sizes: one batch that was cut in pieces
    returns        the loss of the whole batch before the update, a float

    One optimizer step that equals the step on the whole batch: train mode, clear old gradients, then forward
    and backward of one piece after the other (only one piece's graph exists at a time), each loss weighted by
    its piece's share of the samples, then one optimizer.step(). (Equal if the model has no BatchNorm or
    Dropout.)

On a GPU the host should not wait for the device without need: train_one_epoch once per batch (it has to look
at the loss) and perhaps once at the end; evaluate and accumulate_step once per call, not once per batch.

Example
    >>> [tuple(p.shape) for p in Classifier(4, [3], 2).parameters()]
    [(3, 4), (3,), (2, 3), (2,)]
    >>> class Descent:
    ...     def __init__(self, parameters, lr):
    ...         self.parameters, self.lr = list(parameters), lr
    ...     def zero_grad(self):
    ...         for p in self.parameters:
    ...             p.grad = None
    ...     def step(self):
    ...         for p in self.parameters:
    ...             p.data -= self.lr * p.grad
    >>> model = nn.Linear(1, 1, bias=False)
    >>> model.weight.data.zero_()
    tensor([[0.]])
    >>> batches = [(torch.ones(2, 1), torch.full((2, 1), 3.0)), (torch.ones(1, 1), torch.ones(1, 1))]
    >>> descent = Descent(model.parameters(), 0.5)
    >>> train_one_epoch(model, batches, descent, nn.functional.mse_loss, "cpu")  # (2 * 9 + 1 * 4) / 3
    7.333333333333333
    >>> model.weight.item()  # 0 + 0.5 * 6 = 3, then 3 - 0.5 * 4
    1.0
    >>> logits = [(torch.tensor([[2.0, 1.0], [0.0, 5.0]]), torch.tensor([0, 0]))]
    >>> evaluate(nn.Identity(), logits, nn.CrossEntropyLoss(), "cpu")[1]
    0.5

Asked next: the loss does not fall, or becomes NaN: what do you look at first? Why zero_grad at all: when is
adding up gradients useful? Where does an lr scheduler's step belong? What does a larger batch change: noise,
number of updates, use of the hardware? Why does accumulation not equal the full batch with BatchNorm?
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self, d_in: int, hidden: list[int], num_classes: int, p_drop: float = 0.0):
        raise NotImplementedError("TODO: Linear, ReLU, Dropout per hidden size, then one Linear")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO: the logits")


def train_one_epoch(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
    max_norm: float | None = None,
) -> float:
    raise NotImplementedError("TODO: per batch: clear, forward, look at the loss, backward, clip, step")


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
) -> tuple[float, float]:
    raise NotImplementedError("TODO: eval mode, sums over the samples, flags as before")


def fit(
    model: nn.Module,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    epochs: int,
    device: torch.device | str,
) -> dict[str, list[float]]:
    raise NotImplementedError("TODO: train_one_epoch and evaluate, epoch after epoch")


def accumulate_step(
    model: nn.Module,
    micro_batches: list[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
) -> float:
    raise NotImplementedError("TODO: one backward per piece, weighted by its share, then one step")
