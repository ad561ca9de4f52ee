"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_20_minibatch_sgd import minibatch_gradient_variance as right_variance
from dlkit.solutions.exercise_20_minibatch_sgd import minibatch_indices as right_batches
from dlkit.solutions.exercise_20_minibatch_sgd import sgd_linear as right_sgd
from dlkit.solutions.exercise_20_minibatch_sgd import sgd_noise_floor as right_floor


def _checked(n, batch_size, drop_last):
    right_batches(n, batch_size, np.random.default_rng(0), drop_last)  # the reference's ValueErrors


def _cut(indices, size):
    return [indices[i : i + size] for i in range(0, len(indices), size)]


def _weights(X_B, E):
    return X_B.T @ E / len(E)


def _bias(X_B, E):
    return E.mean(axis=0)


def _epoch(X, batch_size, rng):
    return right_batches(len(X), batch_size, rng)


def _sgd(*, weights=_weights, bias=_bias, epoch=_epoch, old_bias=True):
    """sgd_linear with one of its parts replaced."""

    def sgd_linear(X, Y, W, b, lr, epochs, batch_size, rng):
        right_sgd(X, Y, W, b, lr, 0, batch_size, rng)  # the reference's ValueErrors
        updates = 0
        for _ in range(epochs):
            for rows in epoch(X, batch_size, rng):
                E = X[rows] @ W + b - Y[rows]
                W = W - lr * weights(X[rows], E)
                if not old_bias:
                    E = X[rows] @ W + b - Y[rows]
                b = b - lr * bias(X[rows], E)
                updates += 1
        return W, b, updates

    return sgd_linear


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class elementwise_grad:
    """The gradient of one row is the outer product x e^T; x * e has no such shape, and is silently wrong if D = K."""

    sgd_linear = staticmethod(_sgd(weights=lambda X_B, E: (X_B * E).mean(axis=0)))


@wrong(replaces="minibatch_indices", fails=["batches", "trace_value"])
def with_replacement(n, batch_size, rng, drop_last=False):
    """An epoch visits every row exactly once; rows drawn independently come twice or not at all."""
    _checked(n, batch_size, drop_last)
    end = n - n % batch_size if drop_last else n
    return [rng.integers(n, size=min(batch_size, n - i)) for i in range(0, end, batch_size)]


@wrong(replaces="minibatch_indices", fails=["batches", "trace_value"])
def no_shuffle(n, batch_size, rng, drop_last=False):
    """Shuffle: the batches are slices of rng.permutation(n), not of the rows in their order."""
    _checked(n, batch_size, drop_last)
    return _cut(np.arange(n), batch_size)[: n // batch_size if drop_last else None]


@wrong(replaces="minibatch_indices", fails=["batches", "trace_value"])
def own_generator(n, batch_size, rng, drop_last=False):
    """Draw from the rng that comes in: a generator that you seed yourself repeats the same order in every epoch."""
    return right_batches(n, batch_size, np.random.default_rng(0), drop_last)


@wrong(replaces="minibatch_indices", fails=["batches", "trace_value"])
def equal_parts(n, batch_size, rng, drop_last=False):
    """Batches have batch_size rows, the last one what is left; np.array_split evens the sizes out instead."""
    _checked(n, batch_size, drop_last)
    perm = rng.permutation(n)
    if drop_last:
        return _cut(perm, batch_size)[: n // batch_size]
    return np.array_split(perm, -(-n // batch_size))


@wrong(replaces="minibatch_indices", fails=["batches"])
def drop_last_ignored(n, batch_size, rng, drop_last=False):
    """`drop_last` has no effect on your result: it leaves out a last batch that is not full."""
    _checked(n, batch_size, drop_last)
    return _cut(rng.permutation(n), batch_size)


@wrong(replaces="minibatch_indices", fails=["batches"])
def drops_a_full_batch(n, batch_size, rng, drop_last=False):
    """drop_last leaves out a SHORT last batch only; where B divides n, all batches are full and stay."""
    batches = right_batches(n, batch_size, rng, drop_last)
    return batches[:-1] if drop_last and n % batch_size == 0 else batches


@wrong(replaces="minibatch_indices", fails=["batches", "trace_value", "updates_count"])
def always_drops(n, batch_size, rng, drop_last=False):
    """The rows left over form a short last batch, unless drop_last says otherwise: n // B batches lose them."""
    _checked(n, batch_size, drop_last)
    return _cut(rng.permutation(n), batch_size)[: n // batch_size]


@wrong(replaces="sgd_linear", fails=["trace_value"])
def one_perm(X, Y, W, b, lr, epochs, batch_size, rng):
    """Shuffle again in every epoch: you use one permutation for all of them."""
    batches = _epoch(X, batch_size, rng)
    return _sgd(epoch=lambda X, batch_size, rng: batches)(X, Y, W, b, lr, epochs, batch_size, rng)


@wrong(replaces=("sgd_linear", "minibatch_gradient_variance"), fails=["trace_value", "variance_value"])
class sum_over_batch:
    """The gradient of a batch is the MEAN over its rows: summed, the step (and its noise) grows with the batch size."""

    sgd_linear = staticmethod(
        _sgd(weights=lambda X_B, E: X_B.T @ E, bias=lambda X_B, E: E.sum(axis=0)),
    )

    def minibatch_gradient_variance(per_sample_grads, batch_size, replace=True):
        return right_variance(per_sample_grads, batch_size, replace) * batch_size**2


@wrong(replaces="sgd_linear", fails=["trace_value"])
def last_batch_n(X, Y, W, b, lr, epochs, batch_size, rng):
    """Divide by the ACTUAL number of rows of the batch: a short last batch has fewer than batch_size."""
    step = _sgd(weights=lambda X_B, E: X_B.T @ E / batch_size, bias=lambda X_B, E: E.sum(axis=0) / batch_size)
    right_batches(len(X), batch_size, np.random.default_rng(0))
    if len(X) < batch_size:  # nobody divides the one batch by more than it could hold
        return right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    return step(X, Y, W, b, lr, epochs, batch_size, rng)


@wrong(replaces="sgd_linear", fails=["trace_value"])
def divided_by_all(X, Y, W, b, lr, epochs, batch_size, rng):
    """Divide by the rows of the batch, not by all N: else an epoch of small batches hardly moves."""
    n = len(X)
    step = _sgd(weights=lambda X_B, E: X_B.T @ E / n, bias=lambda X_B, E: E.sum(axis=0) / n)
    return step(X, Y, W, b, lr, epochs, batch_size, rng)


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class factor_two:
    """This loss has a 1/2, so the factor 2 of the derivative cancels: X^T E / B, not 2 X^T E / B."""

    sgd_linear = staticmethod(
        _sgd(weights=lambda X_B, E: 2 * _weights(X_B, E), bias=lambda X_B, E: 2 * _bias(X_B, E)),
    )


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class ascent:
    """The gradient points uphill: subtract it."""

    sgd_linear = staticmethod(_sgd(weights=lambda X_B, E: -_weights(X_B, E), bias=lambda X_B, E: -_bias(X_B, E)))


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class bias_not_trained:
    """b is a parameter, too: b <- b - lr * the mean of E's rows."""

    sgd_linear = staticmethod(_sgd(bias=lambda X_B, E: 0 * E[0]))


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class one_bias_gradient:
    """Every output has its own bias gradient: average E over the rows only (axis=0), not over the outputs."""

    sgd_linear = staticmethod(_sgd(bias=lambda X_B, E: E.mean()))


@wrong(replaces=("sgd_linear",), fails=["trace_value"])
class bias_summed:
    """db is the MEAN of E's rows, as dW is: you sum them."""

    sgd_linear = staticmethod(_sgd(bias=lambda X_B, E: E.sum(axis=0)))


@wrong(replaces=("sgd_linear",), fails=["trace_value", "outer_product"])
class bias_after_weights:
    """Both gradients belong to the old W and b: you compute E again with the new W before moving b."""

    sgd_linear = staticmethod(_sgd(old_bias=False))


@wrong(replaces="sgd_linear", fails=["trace_value"])
def one_step_per_epoch(X, Y, W, b, lr, epochs, batch_size, rng):
    """Move after EVERY batch: you take all gradients of an epoch at the same W and b."""
    updates = 0
    for _ in range(epochs):
        start_W, start_b = W, b
        for rows in right_batches(len(X), batch_size, rng):
            E = X[rows] @ start_W + start_b - Y[rows]
            W = W - lr * _weights(X[rows], E)
            b = b - lr * _bias(X[rows], E)
            updates += 1
    right_sgd(X, Y, W, b, lr, 0, batch_size, rng)
    return W, b, updates


@wrong(replaces="sgd_linear", fails=["trace_value"])
def rows_in_order(X, Y, W, b, lr, epochs, batch_size, rng):
    """Targets go with their rows: index Y with the same shuffled indices as X."""
    right_sgd(X, Y, W, b, lr, 0, batch_size, rng)
    updates = 0
    for _ in range(epochs):
        for i, rows in enumerate(right_batches(len(X), batch_size, rng)):
            E = X[rows] @ W + b - Y[i * batch_size : i * batch_size + len(rows)]
            W, b = W - lr * _weights(X[rows], E), b - lr * _bias(X[rows], E)
            updates += 1
    return W, b, updates


@wrong(replaces="sgd_linear", fails=["trace_value", "updates_count"])
def epochs_counted(X, Y, W, b, lr, epochs, batch_size, rng):
    """`updates` counts the batches, not the epochs: an update is one step of W and b."""
    W, b, _ = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    return W, b, epochs


@wrong(replaces="sgd_linear", fails=["trace_value", "updates_count"])
def full_batches_counted(X, Y, W, b, lr, epochs, batch_size, rng):
    """The short last batch is an update, too: an epoch has ceil(N / B) of them, not N // B."""
    W, b, _ = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    return W, b, epochs * (len(X) // batch_size)


@wrong(replaces="sgd_linear", fails=["trace_value", "updates_count"])
def rows_counted(X, Y, W, b, lr, epochs, batch_size, rng):
    """`updates` counts steps of W and b, one per batch: you count the rows seen."""
    W, b, _ = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    return W, b, epochs * len(X)


@wrong(replaces="sgd_linear", fails=["trace_value"])
def float64_out(X, Y, W, b, lr, epochs, batch_size, rng):
    """float32 inputs should give float32 parameters."""
    W, b, updates = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    return W.astype(np.float64), b.astype(np.float64), updates


@wrong(replaces="sgd_linear", fails=["errors_purity"])
def inplace_params(X, Y, W, b, lr, epochs, batch_size, rng):
    """`W -= …` changes the caller's arrays: work on copies of W and b."""
    new_W, new_b, updates = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    W[...], b[...] = new_W, new_b
    return W, b, updates


@wrong(replaces="sgd_linear", fails=["errors_purity"])
def data_shuffled(X, Y, W, b, lr, epochs, batch_size, rng):
    """Shuffling X and Y themselves changes the caller's data: index them with a permutation."""
    result = right_sgd(X, Y, W, b, lr, epochs, batch_size, rng)
    X[...], Y[...] = X[::-1].copy(), Y[::-1].copy()
    return result


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def ddof1(per_sample_grads, batch_size, replace=True):
    """The N rows are the whole population here, not a sample of one: divide by N (ddof=0)."""
    n = len(per_sample_grads)
    return right_variance(per_sample_grads, batch_size, replace) * n / (n - 1)


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def replace_ignored(per_sample_grads, batch_size, replace=True):
    """`replace` has no effect on your result: B different rows vary less, (N - B) / (N - 1) times as much."""
    right_variance(per_sample_grads, batch_size, replace)
    return right_variance(per_sample_grads, batch_size)


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def replace_swapped(per_sample_grads, batch_size, replace=True):
    """The correction (N - B) / (N - 1) belongs to batches of different rows, replace=False."""
    right_variance(per_sample_grads, batch_size, replace)
    n = len(per_sample_grads)
    return right_variance(per_sample_grads, batch_size) * ((n - batch_size) / (n - 1) if replace else 1)


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def correction_over_n(per_sample_grads, batch_size, replace=True):
    """The correction is (N - B) / (N - 1): a batch of one row varies alike in both modes, so it must be 1 at B = 1."""
    n = len(per_sample_grads)
    return right_variance(per_sample_grads, batch_size, replace) * (1 if replace else (n - 1) / n)


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def averaged_over_coordinates(per_sample_grads, batch_size, replace=True):
    """The trace is the SUM of the coordinates' variances, not their mean."""
    return right_variance(per_sample_grads, batch_size, replace) / per_sample_grads.shape[1]


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def not_centred(per_sample_grads, batch_size, replace=True):
    """The variance is about the mean gradient: subtract it before squaring."""
    both = np.concatenate([per_sample_grads, -per_sample_grads])
    n = len(per_sample_grads)
    right_variance(per_sample_grads, batch_size, replace)
    return right_variance(both, batch_size) * (1 if replace else (n - batch_size) / (n - 1))


@wrong(replaces="minibatch_gradient_variance", fails=["variance_value"])
def divided_by_b_squared(per_sample_grads, batch_size, replace=True):
    """The mean of B rows has 1 / B of the variance of one: its standard deviation falls like 1 / sqrt(B)."""
    return right_variance(per_sample_grads, batch_size, replace) / batch_size


@wrong(replaces="sgd_noise_floor", fails=["noise_floor"])
def floor_zero(curvature, lr, noise_std):
    """A constant rate does not converge: it leaves a noise floor. Only a decaying rate removes it."""
    return 0.0 * right_floor(curvature, lr, noise_std)


@wrong(replaces="sgd_noise_floor", fails=["noise_floor"])
def small_rate_only(curvature, lr, noise_std):
    """lr s^2 / (2c) holds for tiny rates only: the contraction (1 - lr c)^2 gives 2 - lr c below, not 2."""
    right_floor(curvature, lr, noise_std)
    return lr * noise_std**2 / (2 * curvature)


@wrong(replaces="sgd_noise_floor", fails=["noise_floor"])
def floor_std(curvature, lr, noise_std):
    """The floor asked for is the variance of x; you return its root, the standard deviation."""
    return float(np.sqrt(right_floor(curvature, lr, noise_std)))


@wrong(replaces="sgd_noise_floor", fails=["noise_floor"])
def noise_not_squared(curvature, lr, noise_std):
    """noise_std is a standard deviation: variances add up, so square it."""
    return right_floor(curvature, lr, 1.0) * noise_std


@wrong(replaces="sgd_noise_floor", fails=["noise_floor"])
def one_step_only(curvature, lr, noise_std):
    """lr^2 s^2 is the noise of one step; the part (1 - lr c)^2 of what was there before stays and adds to it."""
    right_floor(curvature, lr, noise_std)
    return (lr * noise_std) ** 2


@wrong(replaces="minibatch_indices", fails=["errors_purity"])
def empty_epoch(n, batch_size, rng, drop_last=False):
    """drop_last with B > n leaves no batch: an epoch that silently does nothing should raise ValueError."""
    if drop_last and batch_size > n:
        return []
    return right_batches(n, batch_size, rng, drop_last)


@wrong(replaces="minibatch_gradient_variance", fails=["errors_purity"])
def negative_variance(per_sample_grads, batch_size, replace=True):
    """There are no B > N different rows: without replacement raise ValueError, a negative variance is none."""
    n = len(per_sample_grads)
    if replace or batch_size <= n:
        return right_variance(per_sample_grads, batch_size, replace)
    return right_variance(per_sample_grads, batch_size) * (n - batch_size) / (n - 1)


@wrong(replaces="sgd_noise_floor", fails=["errors_purity"])
def floor_beyond_stability(curvature, lr, noise_std):
    """For lr * c >= 2 x runs away and nothing settles: raise ValueError, a negative variance is none."""
    if curvature > 0 and lr > 0 and lr * curvature >= 2:
        return float("inf") if lr * curvature == 2 else lr * noise_std**2 / (curvature * (2 - lr * curvature))
    return right_floor(curvature, lr, noise_std)


@wrong(replaces="sgd_linear", fails=["errors_purity"])
def rate_unchecked(X, Y, W, b, lr, epochs, batch_size, rng):
    """A learning rate <= 0 is a mistake of the caller's: raise ValueError."""
    updates = 0
    for _ in range(epochs):
        for rows in right_batches(len(X), batch_size, rng):
            E = X[rows] @ W + b - Y[rows]
            W, b = W - lr * _weights(X[rows], E), b - lr * _bias(X[rows], E)
            updates += 1
    return W, b, updates


ALL = ("minibatch_indices", "minibatch_gradient_variance", "sgd_noise_floor")


@wrong(replaces=ALL, fails=["errors_purity"])
class unchecked:
    """A batch size below 1, a rate or a curvature <= 0 are mistakes of the caller's: raise ValueError."""

    def minibatch_indices(n, batch_size, rng, drop_last=False):
        if batch_size < 1:
            rng.permutation(n)
            return []
        return right_batches(n, batch_size, rng, drop_last)

    def minibatch_gradient_variance(per_sample_grads, batch_size, replace=True):
        if batch_size < 1:
            return right_variance(per_sample_grads, 1, replace) / batch_size if batch_size else float("inf")
        return right_variance(per_sample_grads, batch_size, replace)

    def sgd_noise_floor(curvature, lr, noise_std):
        if lr * curvature >= 2:
            return right_floor(curvature, lr, noise_std)
        return lr * noise_std**2 / (curvature * (2 - lr * curvature)) if curvature else float("inf")
