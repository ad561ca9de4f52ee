"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_37_batch_norm import BatchNorm, covariate_shift


def _axes(x):
    return (0, *range(2, x.ndim))


def _wide(vector, x):
    """(C,) as (1, C) or (1, C, 1, 1), for x of that rank."""
    return vector.reshape(1, -1, *[1] * (x.ndim - 2))


def _kept_dtype(y, x):
    return y.astype(x.dtype if x.dtype.kind == "f" else np.float64)


class Restated(BatchNorm):
    """The reference's errors, buffers and gradient; what a known-wrong answer does differently is overridden."""

    def forward(self, x, training):
        super().forward(x, training)
        if not training:
            return self.scaled(x, (x - _wide(self.running_mean, x)) / self.root(_wide(self.running_var, x)))
        xhat = self.normalised(x)
        self.xhat = np.moveaxis(xhat, 1, -1)
        return self.scaled(x, xhat)

    def normalised(self, x):
        mean, var = x.mean(axis=_axes(x), keepdims=True), self.variance(x)
        self.std = self.root(var).reshape(-1)
        return (x - mean) / self.root(var)

    def variance(self, x):
        return x.var(axis=_axes(x), keepdims=True)

    def root(self, var):
        return np.sqrt(var + self.eps)

    def scaled(self, x, xhat):
        return _kept_dtype(_wide(self.gamma, x) * xhat + _wide(self.beta, x), x)


# The forward pass


@wrong(replaces="BatchNorm", fails=["train_value", "eval_mode", "backward", "stability", "errors_purity"])
class eps_outside(Restated):
    """eps goes inside the root: sqrt(var + eps), not sqrt(var) + eps."""

    def root(self, var):
        return np.sqrt(var) + self.eps


@wrong(replaces="BatchNorm", fails=["train_value", "eval_mode", "backward", "properties", "stability"])
class no_affine(Restated):
    """The learned scale gamma and shift beta are part of the layer: y = gamma * xhat + beta, in both modes."""

    def scaled(self, x, xhat):
        return _kept_dtype(xhat, x)


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "properties", "stability", "errors_purity"])
class per_sample(Restated):
    """You normalise each sample across its features: that is layer norm. Batch norm pools a channel over the batch."""

    def normalised(self, x):
        axes = tuple(range(1, x.ndim))
        mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        return (x - mean) / self.root(var)


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "stability", "errors_purity"])
class axis_conv(Restated):
    """For images pool over N, H and W: one mean per channel, not one per position."""

    def normalised(self, x):
        return (x - x.mean(axis=0)) / self.root(x.var(axis=0))


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "stability", "errors_purity"])
class axis_rows(Restated):
    """For images the mean of a channel pools the samples, too; you normalise each image by itself."""

    def normalised(self, x):
        axes = (0,) if x.ndim == 2 else (2, 3)
        return (x - x.mean(axis=axes, keepdims=True)) / self.root(x.var(axis=axes, keepdims=True))


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "properties", "stability", "errors_purity"])
class unbiased_in_y(Restated):
    """The unbiased variance (n - 1) is for running_var only; the batch itself is normalised by the biased one."""

    def variance(self, x):
        return x.var(axis=_axes(x), ddof=1, keepdims=True)


@wrong(replaces="BatchNorm", fails=["stability"])
class one_pass_variance(Restated):
    """mean(x^2) - mu^2 subtracts two huge numbers when mu is large; take the mean of (x - mu)^2."""

    def variance(self, x):
        axes = _axes(x)
        return np.maximum(0, (x * x).mean(axis=axes, keepdims=True) - x.mean(axis=axes, keepdims=True) ** 2)


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "properties", "stability", "errors_purity"])
class running_in_training(Restated):
    """Training normalises with the statistics of the batch; the running buffers are for evaluation."""

    def normalised(self, x):
        return (x - _wide(self.running_mean, x)) / self.root(_wide(self.running_var, x))


@wrong(replaces="BatchNorm", fails=["train_value", "backward", "eval_mode"])
class float64_out(BatchNorm):
    """float32 x should give float32 y, and gradients of float32: gamma and the buffers are float64, cast at the end."""

    def forward(self, x, training):
        return super().forward(x.astype(np.float64), training)

    def backward(self, dy):
        return super().backward(dy.astype(np.float64))


@wrong(replaces="BatchNorm", fails=["errors_purity"])
class works_in_place(BatchNorm):
    """`x -= mean` writes into the caller's array; work on a new one."""

    def forward(self, x, training):
        y = super().forward(x, training)
        if x.dtype.kind == "f" and x.flags.writeable:
            x -= _kept_dtype(_wide(self.running_mean, x), x)
        return y


@wrong(replaces="BatchNorm", fails=["errors_purity"])
class unchecked_channels(BatchNorm):
    """One channel, in x or in the layer, broadcasts without an error: compare x.shape[1] with C yourself."""

    def forward(self, x, training):
        channels = len(self.gamma)
        if x.shape[1] != channels and 1 in (x.shape[1], channels):
            return np.broadcast_to(x, np.broadcast_shapes(x.shape, (1, channels, *[1] * (x.ndim - 2)))) + 0.0
        return super().forward(x, training)


@wrong(replaces="BatchNorm", fails=["errors_purity"])
class one_value_accepted(BatchNorm):
    """With one value per channel the batch has no variance: y would be beta whatever x is. Raise ValueError."""

    def forward(self, x, training):
        if training and x[:, 0].size == 1 and x.shape[1] == len(self.gamma):
            return _kept_dtype(_wide(self.beta, x) + 0 * x, x)
        return super().forward(x, training)


@wrong(replaces="BatchNorm", fails=["train_value", "errors_purity"])
class one_row_refused(BatchNorm):
    """One image has H * W values per channel, enough for training: count the values, not the samples."""

    def forward(self, x, training):
        if training and len(x) == 1:
            raise ValueError("x: one sample")
        return super().forward(x, training)


# The buffers


@wrong(replaces="BatchNorm", fails=["running_stats"])
class running_biased(BatchNorm):
    """The buffer stores the unbiased variance: var * n / (n - 1). Only y uses the biased one."""

    def forward(self, x, training):
        before = self.running_var
        y = super().forward(x, training)
        if training:
            self.running_var = (1 - self.momentum) * before + self.momentum * x.var(axis=_axes(x))
        return y


@wrong(replaces="BatchNorm", fails=["running_stats"])
class momentum_reversed(BatchNorm):
    """momentum is the weight of the NEW batch, as in PyTorch; Keras's weighs the old value."""

    def forward(self, x, training):
        self.momentum = 1 - self.momentum
        try:
            return super().forward(x, training)
        finally:
            self.momentum = 1 - self.momentum


@wrong(replaces="BatchNorm", fails=["running_stats"])
class unbiased_by_samples(BatchNorm):
    """For images n = N * H * W counts the pixels of all samples: the factor is n / (n - 1), not N / (N - 1)."""

    def forward(self, x, training):
        before = self.running_var
        y = super().forward(x, training)
        if training:
            new = x.var(axis=_axes(x)) * len(x) / max(1, len(x) - 1)
            self.running_var = (1 - self.momentum) * before + self.momentum * new
        return y


@wrong(replaces="BatchNorm", fails=["running_stats"])
class buffers_of_x_dtype(BatchNorm):
    """The running buffers stay float64, whatever the dtype of x."""

    def forward(self, x, training):
        y = super().forward(x, training)
        if training:
            self.running_mean, self.running_var = self.running_mean.astype(y.dtype), self.running_var.astype(y.dtype)
        return y


# Evaluation


@wrong(replaces="BatchNorm", fails=["eval_mode", "stability"])
class batch_stats_eval(Restated):
    """In evaluation the result depends on the other samples: use the running buffers, not the batch."""

    def forward(self, x, training):
        y = super().forward(x, training)
        return y if training else self.scaled(x, Restated.normalised(_Scratch(self), x))


class _Scratch(Restated):
    def __init__(self, layer):
        self.eps = layer.eps


@wrong(replaces="BatchNorm", fails=["eval_mode"])
class eval_updates_buffers(BatchNorm):
    """Evaluation must leave running_mean and running_var as they are; only training updates them."""

    def forward(self, x, training):
        y = super().forward(x, training)
        if not training:
            mean, var = x.mean(axis=_axes(x)), x.var(axis=_axes(x))
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        return y


@wrong(replaces="BatchNorm", fails=["eval_mode"])
class eval_last_batch(BatchNorm):
    """Evaluation uses the running buffers, not the statistics of the last training batch."""

    def forward(self, x, training):
        if training:
            self.last = x.mean(axis=_axes(x)), x.var(axis=_axes(x))
        elif hasattr(self, "last"):
            buffers = self.running_mean, self.running_var
            self.running_mean, self.running_var = self.last
            y = super().forward(x, training)
            self.running_mean, self.running_var = buffers
            return y
        return super().forward(x, training)


@wrong(replaces="BatchNorm", fails=["eval_mode"])
class eval_wants_two(BatchNorm):
    """Evaluation needs no statistics of the batch: a batch of one is fine there."""

    def forward(self, x, training):
        if x[:, 0].size == 1:
            raise ValueError("x: one value per channel")
        return super().forward(x, training)


# The gradient


@wrong(replaces="BatchNorm", fails=["backward", "properties", "stability"])
class stats_as_constants(BatchNorm):
    """mu and var depend on x, so two more terms are needed; dx = gamma * dy / std treats them as constants."""

    def backward(self, dy):
        _, dgamma, dbeta = super().backward(dy)
        return (_wide(self.gamma / self.std, dy) * dy).astype(dy.dtype), dgamma, dbeta


@wrong(replaces="BatchNorm", fails=["backward", "stability"])
class var_as_constant(BatchNorm):
    """var depends on x, too: dx lacks the term xhat * sum(dy * xhat) / n. Subtracting the mean of dy is not enough."""

    def backward(self, dy):
        _, dgamma, dbeta = super().backward(dy)
        centred = dy - dy.mean(axis=_axes(dy), keepdims=True)
        return (_wide(self.gamma / self.std, dy) * centred).astype(dy.dtype), dgamma, dbeta


@wrong(replaces="BatchNorm", fails=["backward", "properties", "stability"])
class dx_without_gamma(BatchNorm):
    """dx carries the factor gamma: dy reaches xhat through gamma * xhat."""

    def backward(self, dy):
        gamma, self.gamma = self.gamma, np.ones_like(self.gamma)
        grads = super().backward(dy)
        self.gamma = gamma
        return grads


@wrong(replaces="BatchNorm", fails=["backward", "stability"])
class dgamma_from_y(BatchNorm):
    """dgamma sums dy * xhat, the values BEFORE gamma and beta; you took y."""

    def backward(self, dy):
        dx, _, dbeta = super().backward(dy)
        y = np.moveaxis(self.gamma * self.xhat + self.beta, -1, 1)
        return dx, (dy * y).sum(axis=_axes(dy)).astype(dy.dtype), dbeta


@wrong(replaces="BatchNorm", fails=["backward", "stability"])
class mean_grads(BatchNorm):
    """dgamma and dbeta are sums over the channel's values, not means: a mean in the loss is in dy already."""

    def backward(self, dy):
        dx, dgamma, dbeta = super().backward(dy)
        n = dy[:, 0].size
        return dx, dgamma / n, dbeta / n


@wrong(replaces="BatchNorm", fails=["backward"])
class eval_replaces_saved(Restated):
    """An evaluation overwrites what backward needs; backward belongs to the last training forward."""

    def forward(self, x, training):
        y = super().forward(x, training)
        if not training:
            self.xhat = np.moveaxis((x - _wide(self.running_mean, x)) / self.root(_wide(self.running_var, x)), 1, -1)
            self.std = self.root(self.running_var)
        return y


@wrong(replaces="BatchNorm", fails=["backward"])
class grads_accumulate(BatchNorm):
    """Each call of backward gives the gradients of that call; yours add up from call to call."""

    total = 0.0, 0.0

    def backward(self, dy):
        dx, dgamma, dbeta = super().backward(dy)
        self.total = self.total[0] + dgamma, self.total[1] + dbeta
        return dx, *(t.astype(dy.dtype) for t in self.total)


# The shift


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def signed_shift(acts_before, acts_after):
    """Shifts up and down cancel in the mean over the units: take the absolute value of each first."""
    covariate_shift(acts_before, acts_after)
    shift = acts_after.mean(axis=0) - acts_before.mean(axis=0)
    return abs(float((shift / (acts_before.std(axis=0) + 1e-8)).mean()))


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def std_of_after(acts_before, acts_after):
    """The shift is measured in the standard deviations BEFORE the update."""
    shift = np.abs(acts_after.mean(axis=0) - acts_before.mean(axis=0))
    return float((shift / (acts_after.std(axis=0) + 1e-8)).mean())


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def absolute_shift(acts_before, acts_after):
    """Divide each unit's shift by its standard deviation: otherwise the units of measurement decide."""
    return float(np.abs(acts_after.mean(axis=0) - acts_before.mean(axis=0)).mean())


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def one_mean_for_all(acts_before, acts_after):
    """Each unit has a mean and a deviation of its own: reduce over the rows (axis 0), not over everything."""
    return float(abs(acts_after.mean() - acts_before.mean()) / (acts_before.std() + 1e-8))


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def unbiased_std(acts_before, acts_after):
    """The standard deviation here is the biased one (divide by N)."""
    shift = np.abs(acts_after.mean(axis=0) - acts_before.mean(axis=0))
    return float((shift / (acts_before.std(axis=0, ddof=1) + 1e-8)).mean())


@wrong(replaces="covariate_shift", fails=["covariate_shift"])
def no_epsilon(acts_before, acts_after):
    """A unit that never varies has deviation 0: add 1e-8 to the divisor."""
    shift = np.abs(acts_after.mean(axis=0) - acts_before.mean(axis=0))
    return float((shift / acts_before.std(axis=0)).mean())
