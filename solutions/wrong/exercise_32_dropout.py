"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_32_dropout import classic_dropout as right_classic
from dlkit.solutions.exercise_32_dropout import dropout_forward as right_forward
from dlkit.solutions.exercise_32_dropout import kept as right_kept
from dlkit.solutions.exercise_32_dropout import mc_dropout_mean as right_mc

DRAW = ("dropout_forward", "classic_dropout", "mc_dropout_mean")
FORWARD = ("dropout_forward", "mc_dropout_mean")


def _mask(keep, p, x):
    mask = keep.astype(x.dtype)
    return mask / x.dtype.type(1 - p) if p < 1 else mask


def _scale(training, p):
    return 1 if training else 1 - p


def _all(*, keep=right_kept, mask=_mask):
    """The three functions that draw, with the draw or the mask replaced."""

    def dropout_forward(x, p, training, rng=None):
        if not training:
            return right_forward(x, p, training, rng)
        right_kept(x[:0] if x.ndim else x.reshape(1)[:0], p, training, rng)  # the reference's ValueErrors
        m = mask(keep(x, p, training, rng), p, x)
        return x * m, m

    def classic_dropout(x, p, training, rng=None):
        right_kept(x[:0] if x.ndim else x.reshape(1)[:0], p, training, rng)
        return x * (keep(x, p, training, rng) if training else 1 - p)

    def mc_dropout_mean(x, p, n, rng):
        return np.mean([dropout_forward(x, p, True, rng)[0] for _ in range(n)], axis=0)

    return staticmethod(dropout_forward), staticmethod(classic_dropout), staticmethod(mc_dropout_mean)


@wrong(replaces=DRAW, fails=["train_value", "expectation", "classic", "backward", "edges"])
class keep_prob_semantics:
    """p is the probability of DROPPING a unit (the rate of PyTorch and Keras), not of keeping it."""

    def dropout_forward(x, p, training, rng=None):
        return right_forward(x, 1 - p, training, rng)

    def classic_dropout(x, p, training, rng=None):
        return right_classic(x, 1 - p, training, rng)

    def mc_dropout_mean(x, p, n, rng):
        return right_mc(x, 1 - p, n, rng)


@wrong(replaces=DRAW, fails=["train_value", "expectation", "classic", "backward", "edges"])
class other_end:
    """Keep the units where u >= p: u < 1 - p keeps as many, but others than the statement says."""

    dropout_forward, classic_dropout, mc_dropout_mean = _all(
        keep=lambda x, p, training, rng: rng.random(x.shape) < 1 - p
    )


@wrong(replaces=DRAW, fails=["train_value", "expectation", "classic", "backward", "edges"])
class binomial_draw:
    """Draw u = rng.random(x.shape): rng.binomial has the same distribution, but gives other masks."""

    dropout_forward, classic_dropout, mc_dropout_mean = _all(
        keep=lambda x, p, training, rng: rng.binomial(1, 1 - p, x.shape) == 1
    )


@wrong(replaces=DRAW, fails=["train_value", "expectation", "classic", "backward", "edges"])
class per_batch_mask:
    """Draw an independent mask for every sample and unit, not one row for the whole batch."""

    dropout_forward, classic_dropout, mc_dropout_mean = _all(
        keep=lambda x, p, training, rng: np.broadcast_to(rng.random(x.shape[1:]) >= p, x.shape)
    )


@wrong(replaces=DRAW, fails=["train_value", "expectation", "classic", "backward", "edges"])
class fixed_seed:
    """Draw from the rng that comes in: a generator that you seed yourself drops the same units in every pass."""

    dropout_forward, classic_dropout, mc_dropout_mean = _all(
        keep=lambda x, p, training, rng: np.random.default_rng(0).random(x.shape) >= p
    )


@wrong(replaces=DRAW, fails=["edges"])
class no_draw_at_the_ends:
    """p = 0 and p = 1 draw from rng as well: otherwise changing p changes all that is drawn after it."""

    dropout_forward, classic_dropout, mc_dropout_mean = _all(
        keep=lambda x, p, training, rng: np.full(x.shape, p == 0) if p in (0, 1) else rng.random(x.shape) >= p
    )


@wrong(replaces=FORWARD, fails=["train_value", "expectation", "backward", "edges"])
class no_scaling:
    """Without 1 / (1 - p) in training, activations in training and in evaluation differ by the factor 1 - p."""

    dropout_forward, _, mc_dropout_mean = _all(mask=lambda keep, p, x: keep.astype(x.dtype))


@wrong(replaces=FORWARD, fails=["train_value", "expectation", "backward", "edges"])
class divides_by_drop_rate:
    """Divide by the KEEP probability 1 - p, not by the drop rate p (they are equal only at p = 0.5)."""

    dropout_forward, _, mc_dropout_mean = _all(mask=lambda keep, p, x: _mask(keep, 1 - p, x))


@wrong(replaces=FORWARD, fails=["train_value"])
class float64_out:
    """A float32 input should give a float32 output and mask: keep / (1 - p) is float64."""

    dropout_forward, _, mc_dropout_mean = _all(mask=lambda keep, p, x: keep / (1 - p) if p < 1 else keep * 0.0)


@wrong(replaces=FORWARD, fails=["edges"])
class nan_at_one:
    """p = 1 drops everything: the mask is 0 then, not 0 / 0."""

    dropout_forward, _, mc_dropout_mean = _all(
        mask=lambda keep, p, x: keep.astype(x.dtype) / np.asarray(1 - p, dtype=x.dtype)
    )


@wrong(replaces="dropout_forward", fails=["edges"])
def mask_from_output(x, p, training, rng=None):
    """Units that were 0 anyway lose their gradient if the mask is made from y != 0: keep the mask that was drawn."""
    y, mask = right_forward(x, p, training, rng)
    return (y, _mask(y != 0, p, x)) if training else (y, mask)


@wrong(replaces="dropout_forward", fails=["train_value", "backward", "edges"])
def mask_unscaled(x, p, training, rng=None):
    """Return the mask with its factor 1 / (1 - p): the gradient needs the same scaling as the activations."""
    y, mask = right_forward(x, p, training, rng)
    return y, (mask != 0).astype(x.dtype)


@wrong(replaces="dropout_forward", fails=["train_value", "backward", "edges"])
def mask_of_dropped(x, p, training, rng=None):
    """The mask is nonzero where a unit is KEPT; yours marks the dropped ones."""
    y, mask = right_forward(x, p, training, rng)
    return (y, (mask == 0).astype(x.dtype)) if training else (y, mask)


@wrong(replaces="dropout_forward", fails=["eval_identity", "edges"])
def both_scalings(x, p, training, rng=None):
    """Scale once: inverted dropout has divided by 1 - p in training, so evaluation leaves x alone."""
    y, mask = right_forward(x, p, training, rng)
    return (y, mask) if training else (y * (1 - p), mask)


@wrong(replaces="dropout_forward", fails=["eval_identity", "edges"])
def active_at_eval(x, p, training, rng=None):
    """Evaluation is deterministic: dropout is off."""
    return right_forward(x, p, True, rng or (None if training else np.random.default_rng(0)))


@wrong(replaces="dropout_forward", fails=["eval_identity"])
def eval_mask_scaled(x, p, training, rng=None):
    """In evaluation the mask is all ones: nothing is dropped and nothing scaled."""
    y, mask = right_forward(x, p, training, rng)
    return (y, mask) if training or p == 1 else (y, mask / x.dtype.type(1 - p))


@wrong(replaces="dropout_forward", fails=["eval_identity", "edges"])
def eval_without_mask(x, p, training, rng=None):
    """Evaluation returns two things as well: a copy of x, and a mask of ones."""
    y, mask = right_forward(x, p, training, rng)
    return (y, mask) if training else (y, None)


@wrong(replaces="dropout_forward", fails=["eval_identity"])
def eval_returns_x(x, p, training, rng=None):
    """In evaluation, too, y is a new array: whoever changes y must not change x."""
    y, mask = right_forward(x, p, training, rng)
    return (y, mask) if training else (x, mask)


@wrong(replaces="dropout_forward", fails=["eval_identity"])
def eval_draws(x, p, training, rng=None):
    """Evaluation draws nothing from rng: evaluating must not change how the training goes on."""
    if not training and rng is not None:
        rng.random(x.shape)
    return right_forward(x, p, training, rng)


@wrong(replaces="classic_dropout", fails=["classic", "edges"])
def scale_by_drop_rate(x, p, training, rng=None):
    """Multiply by the KEEP probability 1 - p: with p = 0.3 you get 0.3 instead of 0.7 (equal only at p = 0.5)."""
    y = right_classic(x, p, training, rng)
    return y if training else x * p


@wrong(replaces="classic_dropout", fails=["classic", "edges"])
def classic_without_scaling(x, p, training, rng=None):
    """Classic dropout scales in evaluation, by 1 - p: without it the units there are too large by 1 / (1 - p)."""
    y = right_classic(x, p, training, rng)
    return y if training else x.copy()


@wrong(replaces="classic_dropout", fails=["classic", "expectation"])
def classic_scales_twice(x, p, training, rng=None):
    """Scale once: the classic form multiplies by 1 - p in evaluation and leaves training unscaled."""
    return right_forward(x, p, training, rng)[0] if training else right_classic(x, p, training, rng)


@wrong(replaces="classic_dropout", fails=["classic", "expectation", "edges"])
def classic_inverted(x, p, training, rng=None):
    """That is inverted dropout: the classic form does not scale in training, and multiplies by 1 - p afterwards."""
    return right_forward(x, p, training, rng)[0]


@wrong(replaces="classic_dropout", fails=["classic"])
def classic_eval_draws(x, p, training, rng=None):
    """In evaluation the classic form is deterministic: x * (1 - p), with nothing drawn and nothing dropped."""
    return right_classic(x, p, True, rng or (None if training else np.random.default_rng(0)))


@wrong(replaces="dropout_backward", fails=["backward"])
def backward_unscaled(dy, mask):
    """The gradient passes through the same factor 1 / (1 - p) as the activations: multiply by the mask itself."""
    return np.where(mask != 0, dy, 0).astype(dy.dtype)


@wrong(replaces="dropout_backward", fails=["backward"])
def backward_everywhere(dy, mask):
    """Dropped units had no part in the output and get no gradient: multiply dy by the mask."""
    return dy.copy()


@wrong(replaces="dropout_backward", fails=["backward"])
def backward_in_place(dy, mask):
    """`dy *= mask` changes the caller's gradient: return a new array."""
    dy *= mask
    return dy


@wrong(replaces="dropout_backward", fails=["backward"])
def backward_divides(dy, mask):
    """y = x * mask has the derivative mask: multiply by it, do not divide."""
    return np.divide(dy, mask, out=np.zeros_like(dy), where=mask != 0)


@wrong(replaces="mc_dropout_mean", fails=["expectation", "edges"])
def mc_one_mask(x, p, n, rng):
    """The n passes are independent: each draws a mask of its own."""
    return right_mc(x, p, 1, rng)


@wrong(replaces="mc_dropout_mean", fails=["expectation", "edges"])
def mc_in_evaluation(x, p, n, rng):
    """Monte Carlo dropout keeps dropping: average passes in TRAINING mode."""
    right_mc(x, p, n, rng)
    return x.copy()


@wrong(replaces="mc_dropout_mean", fails=["expectation", "edges"])
def mc_sum(x, p, n, rng):
    """Divide by n: the mean of the passes is asked for, not their sum."""
    return right_mc(x, p, n, rng) * n


@wrong(replaces="mc_dropout_mean", fails=["expectation", "edges"])
def mc_over_everything(x, p, n, rng):
    """Average over the n passes only: every entry of x has a mean of its own."""
    return np.full_like(x, right_mc(x, p, n, rng).mean())


@wrong(replaces="mc_dropout_mean", fails=["expectation"])
def mc_classic(x, p, n, rng):
    """The passes are those of INVERTED dropout, scaled by 1 / (1 - p): their mean tends to x."""
    return np.mean([right_classic(x, p, True, rng) for _ in range(n)], axis=0)


@wrong(replaces=("dropout_forward", "classic_dropout"), fails=["errors_purity", "expectation"])
class drops_in_place:
    """`x *= mask` changes the caller's array: multiply into a new one."""

    def dropout_forward(x, p, training, rng=None):
        y, mask = right_forward(x, p, training, rng)
        if training:
            x[...] = y
        return y, mask

    def classic_dropout(x, p, training, rng=None):
        x[...] = right_classic(x, p, training, rng)
        return x.copy()


@wrong(replaces=DRAW, fails=["edges", "errors_purity"])
class one_rejected:
    """p = 1 is allowed: it drops everything."""

    def dropout_forward(x, p, training, rng=None):
        return right_forward(x, p if p != 1 else 2, training, rng)

    def classic_dropout(x, p, training, rng=None):
        return right_classic(x, p if p != 1 else 2, training, rng)

    def mc_dropout_mean(x, p, n, rng):
        return right_mc(x, p if p != 1 else 2, n, rng)


@wrong(replaces=DRAW, fails=["errors_purity"])
class p_unchecked:
    """p is a probability: outside of [0, 1] raise ValueError, in evaluation, too."""

    def dropout_forward(x, p, training, rng=None):
        return right_forward(x, min(max(p, 0), 1), training, rng)

    def classic_dropout(x, p, training, rng=None):
        return right_classic(x, min(max(p, 0), 1), training, rng)

    def mc_dropout_mean(x, p, n, rng):
        return right_mc(x, min(max(p, 0), 1), n, rng)


@wrong(replaces=("dropout_forward", "classic_dropout"), fails=["errors_purity"])
class p_unchecked_in_evaluation:
    """A p outside of [0, 1] is a mistake in evaluation as well: raise ValueError before looking at the mode."""

    def dropout_forward(x, p, training, rng=None):
        return right_forward(x, p if training else 0.5, training, rng)

    def classic_dropout(x, p, training, rng=None):
        return right_classic(x, p, True, rng) if training else x * (1 - p)


@wrong(replaces=("dropout_forward", "classic_dropout"), fails=["errors_purity"])
class rng_of_its_own:
    """Training without an rng is a mistake of the caller's: raise ValueError, do not seed a generator in secret."""

    def dropout_forward(x, p, training, rng=None):
        return right_forward(x, p, training, rng or np.random.default_rng(0))

    def classic_dropout(x, p, training, rng=None):
        return right_classic(x, p, training, rng or np.random.default_rng(0))
