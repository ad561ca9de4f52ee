"""Answers people really give. Each must fail exactly the checks it names."""

import math

import numpy as np

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_35_overfitting import capacity_curve as right_curve
from dlkit.solutions.exercise_35_overfitting import diagnose_curves as right_diagnose
from dlkit.solutions.exercise_35_overfitting import fit_poly as right_fit
from dlkit.solutions.exercise_35_overfitting import poly_features as right_features

large_weights_flexible_wrong = belief(
    "large_weights_flexible_wrong",
    check="overfit_demo",
    message="Large weights make the function steep and noise-sensitive, not rigid: they go with OVERfitting.",
)

FIT = ["features_fit", "curve_value", "ridge_demo"]
ALL = ["features_fit", "curve_value", "monotone_train", "overfit_demo", "ridge_demo"]


@wrong(replaces="poly_features", fails=["features_fit", "curve_value", "overfit_demo", "ridge_demo"])
def highest_power_first(x, degree):
    """The columns go from x^0 up to x^degree (np.vander has them the other way round); w[0] is the intercept."""
    return right_features(x, degree)[:, ::-1].copy()


@wrong(replaces="poly_features", fails=ALL)
def no_constant(x, degree):
    """x^0 belongs to the features: without the column of ones there is no intercept."""
    return right_features(x, degree)[:, 1:].copy()


@wrong(replaces="poly_features", fails=ALL)
def one_power_short(x, degree):
    """A polynomial of that degree has degree + 1 columns, x^degree is the last one."""
    return right_features(x, max(degree, 1) - 1) if degree >= 0 else right_features(x, degree)


@wrong(replaces="fit_poly", fails=["features_fit"])
def float64_weights(x, y, degree, lam=0.0):
    """float32 x and y should give float32 weights: np.eye and np.zeros alone are float64."""
    return right_fit(x.astype(np.float64), y.astype(np.float64), degree, lam)


@wrong(replaces="poly_features", fails=["features_fit"])
def float64_features(x, degree):
    """float32 x should give float32 features: np.arange(degree + 1) alone is int64, and the power float64."""
    return right_features(x, degree).astype(np.float64)


def _ridge(x, y, degree, lam, free, power=0.5):
    """Least squares with a penalty on all weights but the first `free`."""
    right_fit(x, y, degree, lam)  # the reference's ValueErrors
    rows = (lam**power * np.eye(degree + 1, dtype=x.dtype))[free:]
    return np.linalg.lstsq(np.vstack([right_features(x, degree), rows]), np.append(y, 0 * rows[:, 0]))[0]


@wrong(replaces="fit_poly", fails=FIT)
def penalise_intercept(x, y, degree, lam=0.0):
    """Do not penalise the intercept: w_0 sets the level of y, it makes nothing steep."""
    return _ridge(x, y, degree, lam, free=0)


@wrong(replaces="fit_poly", fails=FIT)
def linear_term_free(x, y, degree, lam=0.0):
    """Only the intercept w_0 is free: you leave w_1 out of the penalty, too."""
    return _ridge(x, y, degree, lam, free=2)


@wrong(replaces="fit_poly", fails=FIT)
def lam_squared(x, y, degree, lam=0.0):
    """The added rows are squared in the loss: they hold sqrt(lam), with lam you penalise by lam^2."""
    return _ridge(x, y, degree, lam, free=1, power=1)


@wrong(replaces="fit_poly", fails=FIT)
def mean_loss(x, y, degree, lam=0.0):
    """The squared error is a SUM over the samples here: with a mean, lam counts N times as much."""
    return right_fit(x, y, degree, lam * len(x))


@wrong(replaces="fit_poly", fails=FIT)
def half_loss(x, y, degree, lam=0.0):
    """The squared error has no factor 1/2 here: with it lam counts twice as much."""
    return right_fit(x, y, degree, 2 * lam)


@wrong(replaces="fit_poly", fails=FIT)
def lam_ignored(x, y, degree, lam=0.0):
    """`lam` has no effect on your weights."""
    right_fit(x, y, degree, lam)
    return right_fit(x, y, degree)


@wrong(replaces="fit_poly", fails=FIT)
def centres_targets_only(x, y, degree, lam=0.0):
    """Fixing w_0 at the mean of y is right only if every column of powers is centred, too."""
    right_fit(x, y, degree, lam)
    level, Phi = y.mean(), right_features(x, degree)[:, 1:]
    if lam == 0 or degree == 0:
        return right_fit(x, y, degree)
    A = Phi.T @ Phi + lam * np.eye(degree, dtype=x.dtype)
    return np.append(level, np.linalg.solve(A, Phi.T @ (y - level)))


@wrong(replaces="fit_poly", fails=["features_fit", "curve_value"])
def normal_eq_unstable(x, y, degree, lam=0.0):
    """The normal equations square the condition number: use np.linalg.lstsq or QR on the features themselves."""
    right_fit(x, y, degree, lam)
    Phi = right_features(x, degree)
    penalty = np.diag(np.append(0, np.full(degree, lam))).astype(x.dtype)
    return np.linalg.solve(Phi.T @ Phi + penalty, Phi.T @ y)


@wrong(replaces="fit_poly", fails=["features_fit", "curve_value", "monotone_train", "overfit_demo"])
def always_some_ridge(x, y, degree, lam=0.0):
    """lam = 0 means no penalty at all: a small one to make the system solvable changes the answer."""
    return right_fit(x, y, degree, lam + 1e-6 if lam == 0 else lam)


@wrong(replaces="fit_poly", fails=ALL)
def fit_in_place(x, y, degree, lam=0.0):
    """`y -= …` changes the caller's targets: work on a copy."""
    w = right_fit(x, y, degree, lam)
    y -= y.mean()
    return w


@wrong(replaces="fit_poly", fails=["errors"])
def negative_lam(x, y, degree, lam=0.0):
    """A lam below 0 rewards large weights: raise ValueError."""
    return right_fit(x, y, degree, abs(lam))


@wrong(replaces="poly_features", fails=["errors"])
def negative_degree(x, degree):
    """A degree below 0 is a mistake of the caller's: raise ValueError."""
    return right_features(x, max(degree, 0))


@wrong(replaces="capacity_curve", fails=["curve_value", "monotone_train", "overfit_demo", "ridge_demo"])
def fit_on_all(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    """Validation data leaked into the fit: the gap disappears by cheating. Fit to the training samples only."""
    right_curve(x_tr, y_tr, x_va, y_va, degrees, lam)
    weights = [right_fit(np.append(x_tr, x_va), np.append(y_tr, y_va), d, lam) for d in degrees]
    return _measured(x_tr, y_tr, x_va, y_va, weights)


def _measured(x_tr, y_tr, x_va, y_va, weights):
    def mse(x, y):
        return np.array([((right_features(x, len(w) - 1) @ w - y) ** 2).mean() for w in weights])

    norms = np.array([np.linalg.norm(w[1:]) for w in weights])
    return {"train_mse": mse(x_tr, y_tr), "val_mse": mse(x_va, y_va), "weight_norm": norms}


def _changed(change, **also):
    """capacity_curve with its result changed by change(curve, x_tr, y_tr, x_va, y_va, degrees, lam)."""

    def capacity_curve(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
        result = right_curve(x_tr, y_tr, x_va, y_va, degrees, lam)
        return {**result, **change(result, x_tr, y_tr, x_va, y_va, degrees, lam)}

    return staticmethod(capacity_curve)


@wrong(replaces=("capacity_curve",), fails=["curve_value", "overfit_demo", "ridge_demo"])
class refit_on_validation:
    """Measure the SAME weights on the validation samples: a second fit there hides the overfitting."""

    capacity_curve = _changed(
        lambda c, x, y, xv, yv, degrees, lam: {"val_mse": right_curve(xv, yv, xv, yv, degrees, lam)["val_mse"]}
    )


@wrong(replaces=("capacity_curve",), fails=["curve_value", "overfit_demo", "ridge_demo"])
class val_is_train:
    """Your validation error is measured on the training samples."""

    capacity_curve = _changed(lambda c, *_: {"val_mse": c["train_mse"]})


@wrong(replaces=("capacity_curve",), fails=["curve_value", "monotone_train", "overfit_demo", "ridge_demo"])
class errors_swapped:
    """train_mse and val_mse are the wrong way round."""

    capacity_curve = _changed(lambda c, *_: {"train_mse": c["val_mse"], "val_mse": c["train_mse"]})


@wrong(replaces=("capacity_curve",), fails=["curve_value", "monotone_train", "overfit_demo", "ridge_demo"])
class summed_errors:
    """The errors are MEAN squared errors: sums of N and of M terms cannot be compared."""

    capacity_curve = _changed(
        lambda c, x, y, xv, yv, *_: {"train_mse": c["train_mse"] * len(x), "val_mse": c["val_mse"] * len(xv)}
    )


@wrong(replaces=("capacity_curve",), fails=["curve_value", "monotone_train", "overfit_demo", "ridge_demo"])
class root_errors:
    """The errors are mean SQUARED errors: do not take the root."""

    capacity_curve = _changed(lambda c, *_: {k: np.sqrt(c[k]) for k in ("train_mse", "val_mse")})


@wrong(replaces=("capacity_curve",), fails=["curve_value", "ridge_demo"])
class penalty_in_error:
    """train_mse is the error alone: the penalty belongs to what is minimised, not to what is reported."""

    capacity_curve = _changed(
        lambda c, x, y, xv, yv, degrees, lam: {"train_mse": c["train_mse"] + lam * c["weight_norm"] ** 2 / len(x)}
    )


def _norms(norm):
    return _changed(
        lambda c, x, y, xv, yv, degrees, lam: {
            "weight_norm": np.array([norm(right_fit(x, y, d, lam)) for d in degrees])
        }
    )


@wrong(replaces=("capacity_curve",), fails=["curve_value", "overfit_demo", "ridge_demo"])
class norm_with_intercept:
    """weight_norm leaves the intercept out: it is the length of w[1:]."""

    capacity_curve = _norms(np.linalg.norm)


@wrong(replaces=("capacity_curve",), fails=["curve_value", "overfit_demo", "ridge_demo"])
class squared_norm:
    """weight_norm is the length of w[1:], the root of the sum of squares."""

    capacity_curve = _norms(lambda w: w[1:] @ w[1:])


@wrong(replaces=("capacity_curve",), fails=["curve_value", "overfit_demo", "ridge_demo"])
class l1_norm:
    """weight_norm is the Euclidean length of w[1:], not the sum of absolute values."""

    capacity_curve = _norms(lambda w: np.abs(w[1:]).sum())


@wrong(replaces="capacity_curve", fails=["curve_value", "ridge_demo"])
def lam_dropped(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    """Your capacity_curve does not hand `lam` on to the fit."""
    right_curve(x_tr, y_tr, x_va, y_va, degrees, lam)
    return right_curve(x_tr, y_tr, x_va, y_va, degrees)


@wrong(replaces="capacity_curve", fails=["curve_value"])
def degrees_sorted(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    """The entries go in the order of `degrees`, which need not be sorted."""
    return right_curve(x_tr, y_tr, x_va, y_va, sorted(degrees), lam)


@wrong(replaces="capacity_curve", fails=["curve_value", "overfit_demo", "ridge_demo"])
def all_degrees(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    """One entry per degree of the list, not one for every degree up to the largest."""
    right_curve(x_tr, y_tr, x_va, y_va, degrees, lam)
    return right_curve(x_tr, y_tr, x_va, y_va, list(range(max(degrees) + 1)), lam)


@wrong(replaces="capacity_curve", fails=["errors"])
def empty_curve(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    """An empty list of degrees is a mistake of the caller's: raise ValueError, do not return empty arrays."""
    if not degrees:
        return {name: np.zeros(0) for name in ("train_mse", "val_mse", "weight_norm")}
    return right_curve(x_tr, y_tr, x_va, y_va, degrees, lam)


def _diagnose(
    *,
    broken=lambda train, val: not all(map(math.isfinite, train + val)),
    explodes=lambda train: train[-1] > 10 * train[0],
    underfit=lambda train, val, target: train[-1] > target,
    worse=lambda val: val[-1] > 1.1 * min(val),
    gap=lambda train, val, target: val[-1] > train[-1] + 0.1 * abs(target),
    order=("diverged", "underfit", "overfit"),
):
    """diagnose_curves with one of its parts replaced."""

    def diagnose_curves(train, val, target):
        right_diagnose(train, val, target)  # the reference's ValueErrors
        rules = {
            "diverged": lambda: broken(train, val) or explodes(train),
            "underfit": lambda: underfit(train, val, target),
            "overfit": lambda: worse(val) and gap(train, val, target),
        }
        return next((name for name in order if rules[name]()), "good")

    return staticmethod(diagnose_curves)


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class any_rise:
    """A validation loss up to 10 % above the best is still good: noise alone moves it so far."""

    diagnose_curves = _diagnose(worse=lambda val: val[-1] > min(val))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class last_vs_first:
    """Compare with the BEST validation value: the step from one epoch to the next is mostly noise."""

    diagnose_curves = _diagnose(worse=lambda val: len(val) > 1 and val[-1] > val[-2])


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class versus_the_start:
    """Compare with the BEST validation value: far above it is overfitting, even if below where training began."""

    diagnose_curves = _diagnose(worse=lambda val: val[-1] > 1.1 * val[0])


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class gap_alone:
    """A gap alone is not overfitting by these rules: the validation loss must also have been better before."""

    diagnose_curves = _diagnose(worse=lambda val: True)


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class signed_target:
    """The gap must exceed a tenth of |target|: a negative target must not lower the bar."""

    diagnose_curves = _diagnose(gap=lambda train, val, target: val[-1] > train[-1] + 0.1 * target)


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class gap_of_train:
    """The gap must exceed a tenth of |target|, not a tenth of the training loss."""

    diagnose_curves = _diagnose(gap=lambda train, val, target: val[-1] > 1.1 * train[-1])


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class rise_alone:
    """A rise alone is not overfitting by these rules: the validation loss must also be well above the training loss."""

    diagnose_curves = _diagnose(gap=lambda train, val, target: True)


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class overfit_first:
    """The rules go in order: a training loss above the target is underfitting, whatever the validation loss does."""

    diagnose_curves = _diagnose(order=("diverged", "overfit", "underfit"))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class divergence_last:
    """Look for divergence first: an exploded loss is also above the target, and NaN fails every comparison."""

    diagnose_curves = _diagnose(order=("underfit", "overfit", "diverged"))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class nan_only:
    """An infinite loss is divergence, too, not only NaN: np.isfinite finds both."""

    diagnose_curves = _diagnose(broken=lambda train, val: any(map(math.isnan, train + val)))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class last_epoch_only:
    """NaN or infinity ANYWHERE in the curves is divergence, not only in the last epoch."""

    diagnose_curves = _diagnose(broken=lambda train, val: not math.isfinite(train[-1] + val[-1]))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class train_only:
    """Look for NaN and infinity in the validation losses, too."""

    diagnose_curves = _diagnose(broken=lambda train, val: not all(map(math.isfinite, train)))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class spike_diverges:
    """Divergence is judged at the LAST epoch: a spike that training recovered from is none."""

    diagnose_curves = _diagnose(explodes=lambda train: max(train) > 10 * train[0])


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class rise_diverges:
    """A training loss above its first value is not divergence yet: it takes more than 10 times that value."""

    diagnose_curves = _diagnose(explodes=lambda train: train[-1] > train[0])


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class ten_times_the_best:
    """Divergence compares the last training loss with the FIRST, not with the best."""

    diagnose_curves = _diagnose(explodes=lambda train: train[-1] > 10 * min(train))


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class underfit_by_validation:
    """Underfitting shows in the TRAINING loss: a high validation loss alone is overfitting."""

    diagnose_curves = _diagnose(underfit=lambda train, val, target: val[-1] > target)


@wrong(replaces=("diagnose_curves",), fails=["diagnose"])
class underfit_by_best:
    """Underfitting is judged at the last epoch: that the target was reached once does not count."""

    diagnose_curves = _diagnose(underfit=lambda train, val, target: min(train) > target)


@wrong(replaces="diagnose_curves", fails=["diagnose"])
def sorts_in_place(train, val, target):
    """val.sort() changes the caller's list (and the last epoch's place): use min(val)."""
    answer = right_diagnose(train, val, target)
    val.sort()
    return answer


@wrong(replaces="diagnose_curves", fails=["errors"])
def empty_is_good(train, val, target):
    """There is nothing to diagnose in an empty list: raise ValueError."""
    return right_diagnose(train, val, target) if train and val else "good"


@wrong(replaces="generalization_gap", fails=["diagnose"])
def gap_sign(train, val):
    """The gap is val - train: positive where the model does worse on unseen data."""
    return train - val


@wrong(replaces="generalization_gap", fails=["diagnose"])
def gap_absolute(train, val):
    """The gap has a sign: it is negative where the validation loss is the lower one."""
    return abs(val - train)


@wrong(replaces="generalization_gap", fails=["diagnose"])
def gap_relative(train, val):
    """The gap is the difference val - train, not a share of the training loss."""
    return (val - train) / train
