"""Answers people really give. Each must fail exactly the checks it names."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_73_training_loop import Classifier as Reference
from dlkit.solutions.exercise_73_training_loop import evaluate as reference_evaluate
from dlkit.solutions.exercise_73_training_loop import train_one_epoch as reference_epoch

# Classifier


@wrong(replaces="Classifier", fails=["logits", "learns", "device_classifier"])
class softmax_in_forward(Reference):
    """Double softmax: with 10 classes the loss cannot fall below 1.4612 and gradients shrink. Return logits."""

    def forward(self, x):
        return torch.softmax(super().forward(x), dim=1)


class _Written(nn.Module):
    """The layers one by one, to be arranged in other ways."""

    def __init__(self, d_in, hidden, num_classes, p_drop=0.0):
        super().__init__()
        self.p = p_drop
        sizes = [d_in, *hidden, num_classes]
        self.linears = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))

    def activation(self, z):
        return torch.relu(z)

    def dropout(self, h):
        return F.dropout(h, self.p, self.training)

    def forward(self, x):
        for linear in self.linears[:-1]:
            x = self.dropout(self.activation(linear(x)))
        return self.linears[-1](x)


@wrong(replaces="Classifier", fails=["logits", "device_classifier"])
class no_activation(_Written):
    """Without a ReLU between them, Linear layers multiply into one: the network stays a linear classifier."""

    def activation(self, z):
        return z


@wrong(replaces="Classifier", fails=["logits"])
class dropout_on_logits(_Written):
    """The last Linear ends the network: Dropout behind it sets logits to 0 at random."""

    def forward(self, x):
        return self.dropout(super().forward(x))


@wrong(replaces="Classifier", fails=["logits"])
class no_dropout(_Written):
    """p_drop has no effect: put a Dropout behind every ReLU."""

    def dropout(self, h):
        return h


@wrong(replaces="Classifier", fails=["logits", "device_classifier"])
class dropout_always_on(_Written):
    """F.dropout drops by default, in eval mode, too: pass training=self.training, or use nn.Dropout."""

    def dropout(self, h):
        return F.dropout(h, self.p)


@wrong(replaces="Classifier", fails=["logits", "learns", "device_classifier"])
class layers_in_a_list(_Written):
    """A Python list hides the layers: parameters() finds nothing, nothing is trained or moved. Use nn.ModuleList."""

    def __init__(self, d_in, hidden, num_classes, p_drop=0.0):
        super().__init__(d_in, hidden, num_classes, p_drop)
        layers = list(self.linears)
        del self.linears
        self.linears = layers


@wrong(replaces="Classifier", fails=["device_classifier"])
class mask_on_cpu(_Written):
    """The dropout mask is made on the CPU: draw it where the activations are (device=h.device)."""

    def dropout(self, h):
        if not self.training or not self.p:
            return h
        mask = (torch.rand(h.shape) >= self.p).to(h.dtype)
        return h * mask / (1 - self.p)


# The loop


def _guard(index, loss):
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss of batch {index} is {value}")
    return value


def _step(optimizer, loss, model, max_norm):
    optimizer.zero_grad()
    loss.backward()
    _clip(model, max_norm)
    optimizer.step()


def _clip(model, max_norm):
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)


def _epoch(model, loader, optimizer, loss_fn, device, max_norm, *, step=_step, guard=_guard):
    """The loop, with another step or another guard."""
    model.train()
    return _without_train(model, loader, optimizer, loss_fn, device, max_norm, step=step, guard=guard)


def _without_train(model, loader, optimizer, loss_fn, device, max_norm, *, step=_step, guard=_guard, labels=True):
    total, count = 0.0, 0
    for index, (x, y) in enumerate(loader):
        loss = loss_fn(model(x.to(device)), y.to(device) if labels else y)
        value = guard(index, loss)
        step(optimizer, loss, model, max_norm)
        total, count = total + value * len(x), count + len(x)
    return total / count


@wrong(replaces="train_one_epoch", fails=["step_value", "loss_mean", "nan_guard", "device_train", "device_fit"])
def no_zero_grad(model, loader, optimizer, loss_fn, device, max_norm=None):
    """backward() adds to the gradients that are there: call zero_grad every iteration."""

    def step(optimizer, loss, model, max_norm):
        loss.backward()
        _clip(model, max_norm)
        optimizer.step()

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, step=step)


@wrong(replaces="train_one_epoch", fails=["step_value", "device_train"])
def zero_grad_only_after(model, loader, optimizer, loss_fn, device, max_norm=None):
    """Gradients left over from before the epoch enter its first step: clear them before backward(), not only after."""

    def step(optimizer, loss, model, max_norm):
        loss.backward()
        _clip(model, max_norm)
        optimizer.step()
        optimizer.zero_grad()

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, step=step)


@wrong(replaces="train_one_epoch", fails=["step_value", "loss_mean", "nan_guard", "device_train", "device_fit"])
def step_before_backward(model, loader, optimizer, loss_fn, device, max_norm=None):
    """Step uses the gradients of the PREVIOUS batch: in each iteration backward() comes first."""
    model.train()
    total, count = 0.0, 0
    for index, (x, y) in enumerate(loader):
        optimizer.step()
        optimizer.zero_grad()
        loss = loss_fn(model(x.to(device)), y.to(device))
        total, count = total + _guard(index, loss) * len(x), count + len(x)
        loss.backward()
        _clip(model, max_norm)
    return total / count


@wrong(replaces="train_one_epoch", fails=["step_value", "device_train"])
def clip_after_step(model, loader, optimizer, loss_fn, device, max_norm=None):
    """Clip between backward and step; after the step it changes gradients that nobody uses."""

    def step(optimizer, loss, model, max_norm):
        _step(optimizer, loss, model, None)
        _clip(model, max_norm)

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, step=step)


@wrong(replaces="train_one_epoch", fails=["step_value", "device_train"])
def clip_each_parameter(model, loader, optimizer, loss_fn, device, max_norm=None):
    """The norm is that of all gradients together: clipped one by one, their direction changes."""

    def step(optimizer, loss, model, max_norm):
        optimizer.zero_grad()
        loss.backward()
        for parameter in model.parameters() if max_norm is not None else ():
            nn.utils.clip_grad_norm_([parameter], max_norm)
        optimizer.step()

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, step=step)


@wrong(replaces="train_one_epoch", fails=["loss_mean", "device_train", "device_fit"])
def mean_of_means(model, loader, optimizer, loss_fn, device, max_norm=None):
    """The mean of the batch means counts a sample of a small last batch more: weight each loss by its batch size."""
    values = []

    def guard(index, loss):
        values.append(_guard(index, loss))
        return values[-1]

    _epoch(model, loader, optimizer, loss_fn, device, max_norm, guard=guard)
    return sum(values) / len(values)


@wrong(replaces="train_one_epoch", fails=["loss_mean"])
def loss_tensor_sum(model, loader, optimizer, loss_fn, device, max_norm=None):
    """A float is asked for. Detach (loss.item()) while you add up: otherwise every graph stays in memory."""

    def guard(index, loss):
        _guard(index, loss)
        return loss

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, guard=guard)


@wrong(replaces="train_one_epoch", fails=["modes"])
def no_train(model, loader, optimizer, loss_fn, device, max_norm=None):
    """Call model.train() first: after an evaluation BatchNorm and Dropout may still be in eval mode."""
    return _without_train(model, loader, optimizer, loss_fn, device, max_norm)


@wrong(replaces="train_one_epoch", fails=["nan_guard"])
def no_guard(model, loader, optimizer, loss_fn, device, max_norm=None):
    """One NaN loss turns every parameter into NaN: raise FloatingPointError before the step."""
    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, guard=lambda index, loss: loss.item())


@wrong(replaces="train_one_epoch", fails=["nan_guard"])
def guard_after_step(model, loader, optimizer, loss_fn, device, max_norm=None):
    """When your loop notices the bad loss, its step has spoiled the parameters: look before optimizer.step()."""
    state = []

    def step(optimizer, loss, model, max_norm):
        _step(optimizer, loss, model, max_norm)
        _guard(len(state), loss)
        state.append(None)

    return _epoch(
        model, loader, optimizer, loss_fn, device, max_norm, step=step, guard=lambda index, loss: loss.detach()
    ).item()


@wrong(replaces="train_one_epoch", fails=["nan_guard"])
def guard_counts_from_one(model, loader, optimizer, loss_fn, device, max_norm=None):
    """The batches are counted from 0: your message names the next one."""
    return _epoch(
        model, loader, optimizer, loss_fn, device, max_norm, guard=lambda index, loss: _guard(index + 1, loss)
    )


@wrong(replaces="train_one_epoch", fails=["device_train", "device_fit"])
def labels_not_moved(model, loader, optimizer, loss_fn, device, max_norm=None):
    """The labels stay on the CPU: move both, x and y, to the device."""
    model.train()
    return _without_train(model, loader, optimizer, loss_fn, device, max_norm, labels=False)


@wrong(replaces="train_one_epoch", fails=["device_train", "device_fit"])
def waits_twice(model, loader, optimizer, loss_fn, device, max_norm=None):
    """An `if` over a tensor and a later item() wait for the device twice per batch: read the loss once."""

    def guard(index, loss):
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss of batch {index} is {loss}")
        return loss.item()

    return _epoch(model, loader, optimizer, loss_fn, device, max_norm, guard=guard)


# Measuring


def _evaluated(model, loader, loss_fn, device, *, labels=True):
    """The sums, on the device, and the number of samples; in the mode that the model is in."""
    sums, count = 0.0, 0
    for x, y in loader:
        y = y.to(device) if labels else y
        logits = model(x.to(device))
        sums = sums + torch.stack([loss_fn(logits, y) * len(x), (logits.argmax(dim=1) == y).sum()])
        count += len(x)
    return sums, count


@wrong(replaces="evaluate", fails=["modes"])
@torch.no_grad()
def no_eval(model, loader, loss_fn, device):
    """Dropout and BatchNorm behave as in training, and BatchNorm learns from the validation data: call eval()."""
    sums, count = _evaluated(model, loader, loss_fn, device)
    return tuple((sums / count).tolist())


@wrong(replaces="evaluate", fails=["modes"])
@torch.no_grad()
def left_in_eval(model, loader, loss_fn, device):
    """The model stays in eval mode: put the training flags back as they were."""
    sums, count = _evaluated(model.eval(), loader, loss_fn, device)
    return tuple((sums / count).tolist())


@wrong(replaces="evaluate", fails=["modes"])
@torch.no_grad()
def one_flag_for_all(model, loader, loss_fn, device):
    """model.train(flag) gives every submodule the flag of the root: remember each module's own."""
    flag = model.training
    sums, count = _evaluated(model.eval(), loader, loss_fn, device)
    model.train(flag)
    return tuple((sums / count).tolist())


def _in_eval(model, work):
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    result = work()
    for module, flag in flags:
        module.training = flag
    return result


@wrong(replaces="evaluate", fails=["eval_no_grad"])
def graph_in_evaluate(model, loader, loss_fn, device):
    """eval() does not switch gradients off: without torch.no_grad() every batch builds a graph."""
    sums, count = _in_eval(model, lambda: _evaluated(model, loader, loss_fn, device))
    return tuple((sums / count).tolist())


@wrong(replaces="evaluate", fails=["eval_no_grad"])
@torch.no_grad()
def clears_gradients(model, loader, loss_fn, device):
    """Measuring must change nothing: evaluate does not clear the gradients."""
    model.zero_grad()
    return reference_evaluate(model, loader, loss_fn, device)


@wrong(replaces="evaluate", fails=["loss_mean", "modes", "device_evaluate", "device_fit"])
@torch.no_grad()
def evaluate_mean_of_means(model, loader, loss_fn, device):
    """Loss and accuracy are means over the samples: the mean of the batch means counts small batches more."""
    parts = [reference_evaluate(model, [batch], loss_fn, device) for batch in loader]
    return tuple(sum(values) / len(parts) for values in zip(*parts, strict=True))


@wrong(replaces="evaluate", fails=["device_evaluate", "device_fit"])
@torch.no_grad()
def item_per_batch(model, loader, loss_fn, device):
    """item() in the loop makes the host wait for every batch: add up on the device and read the sums at the end."""
    return _in_eval(model, lambda: _summed(model, loader, loss_fn, device))


def _summed(model, loader, loss_fn, device):
    total, right, count = 0.0, 0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        logits = model(x)
        total += loss_fn(logits, y).item() * len(x)
        right += (logits.argmax(dim=1) == y).sum().item()
        count += len(x)
    return total / count, right / count


# Both


@wrong(replaces="fit", fails=["loss_mean", "modes", "device_fit"])
def validates_on_training_data(model, train_loader, val_loader, optimizer, loss_fn, epochs, device):
    """Validation uses data that the model was not trained on: evaluate on val_loader."""
    return _history(model, train_loader, train_loader, optimizer, loss_fn, epochs, device)


def _history(model, train_loader, val_loader, optimizer, loss_fn, epochs, device):
    history = {"train_loss": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        train_loss = reference_epoch(model, train_loader, optimizer, loss_fn, device)
        measured = reference_evaluate(model, val_loader, loss_fn, device)
        for key, value in zip(history, (train_loss, *measured), strict=True):
            history[key].append(value)
    return history


# Accumulation


def _accumulate(model, pieces, optimizer, loss_fn, share, clear=True):
    """Gradients of the pieces' losses times `share(n)`; the loss of the whole batch."""
    model.train()
    if clear:
        optimizer.zero_grad()
    count, total = sum(len(x) for x, _ in pieces), 0.0
    for x, y in pieces:
        loss = loss_fn(model(x), y)
        (loss * share(len(x))).backward()
        total += loss.detach() * len(x) / count
    optimizer.step()
    return total.item()


@wrong(replaces="accumulate_step", fails=["accumulation", "device_accumulate"])
def accumulate_unscaled(model, micro_batches, optimizer, loss_fn):
    """The sum of the pieces' means is too large a gradient: scale each loss by its share of the samples."""
    return _accumulate(model, micro_batches, optimizer, loss_fn, lambda n: 1.0)


@wrong(replaces="accumulate_step", fails=["accumulation", "device_accumulate"])
def equal_shares(model, micro_batches, optimizer, loss_fn):
    """Dividing by the number of pieces is right for equal pieces only: weigh each by its share of the samples."""
    return _accumulate(model, micro_batches, optimizer, loss_fn, lambda n: 1 / len(micro_batches))


@wrong(replaces="accumulate_step", fails=["accumulation", "device_accumulate"])
def accumulates_on_old_gradients(model, micro_batches, optimizer, loss_fn):
    """Old gradients are still there when the first piece adds its own: clear them before."""
    count = sum(len(x) for x, _ in micro_batches)
    return _accumulate(model, micro_batches, optimizer, loss_fn, lambda n: n / count, clear=False)


@wrong(replaces="accumulate_step", fails=["accumulation", "device_accumulate"])
def step_per_piece(model, micro_batches, optimizer, loss_fn):
    """A step after every piece is small-batch training: add the gradients up and step once."""
    model.train()
    count, total = sum(len(x) for x, _ in micro_batches), 0.0
    for x, y in micro_batches:
        loss = loss_fn(model(x), y) * (len(x) / count)
        _step(optimizer, loss, model, None)
        total += loss.detach()
    return total.item()


@wrong(replaces="accumulate_step", fails=["modes", "accumulation"])
def glued_together(model, micro_batches, optimizer, loss_fn):
    """Gluing the pieces together needs the memory of the whole batch: run forward and backward piece by piece."""
    model.train()
    x, y = (torch.cat(parts) for parts in zip(*micro_batches, strict=True))
    loss = loss_fn(model(x), y)
    _step(optimizer, loss, model, None)
    return loss.item()


@wrong(replaces="accumulate_step", fails=["accumulation"])
def one_backward_at_the_end(model, micro_batches, optimizer, loss_fn):
    """One backward() over the summed losses keeps the graphs of all pieces: call it for each piece."""
    model.train()
    count = sum(len(x) for x, _ in micro_batches)
    loss = sum(loss_fn(model(x), y) * (len(x) / count) for x, y in micro_batches)
    _step(optimizer, loss, model, None)
    return loss.item()


@wrong(replaces="accumulate_step", fails=["device_accumulate"])
def item_per_piece(model, micro_batches, optimizer, loss_fn):
    """item() after every piece makes the host wait each time: add detached losses and read the sum once."""
    model.train()
    optimizer.zero_grad()
    count, total = sum(len(x) for x, _ in micro_batches), 0.0
    for x, y in micro_batches:
        loss = loss_fn(model(x), y) * (len(x) / count)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total
