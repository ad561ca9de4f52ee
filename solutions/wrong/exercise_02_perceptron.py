"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_02_perceptron import neuron, perceptron_fit, perceptron_predict


@wrong(replaces="neuron", fails=["neuron_value"])
def step_open(x, w, b, activation="step"):
    """Here the step is closed at 0: step(0) = 1."""
    return (x @ w + b > 0).astype((x @ w).dtype) if activation == "step" else neuron(x, w, b, activation)


@wrong(replaces="neuron", fails=["neuron_value"])
def step_bipolar(x, w, b, activation="step"):
    """The step of the neuron is 1 or 0; only the labels of the perceptron are -1 and +1."""
    return np.where(x @ w + b >= 0, 1.0, -1.0) if activation == "step" else neuron(x, w, b, activation)


@wrong(replaces="neuron", fails=["neuron_value"])
def step_bool(x, w, b, activation="step"):
    """A comparison gives True and False; the neuron's output is a float of the input's dtype."""
    return x @ w + b >= 0 if activation == "step" else neuron(x, w, b, activation)


@wrong(replaces="neuron", fails=["neuron_value"])
def bias_forgotten(x, w, b, activation="step"):
    """The neuron adds its bias to x.w before the activation."""
    return neuron(x, w, 0.0, activation)


@wrong(replaces="neuron", fails=["neuron_value"])
def bias_outside(x, w, b, activation="step"):
    """The bias belongs inside the activation, f(x.w + b): it shifts the threshold, not the output."""
    return neuron(x, w, 0.0, activation) + b


@wrong(replaces="neuron", fails=["neuron_value"])
def sigmoid_overflows(x, w, b, activation="step"):
    """exp(z) / (1 + exp(z)) is inf / inf = NaN at large z; never give exp a large positive number."""
    if activation != "sigmoid":
        return neuron(x, w, b, activation)
    e = np.exp(x @ w + b)
    return e / (1 + e)


@wrong(replaces="neuron", fails=["errors"])
def weights_broadcast(x, w, b, activation="step"):
    """x * w broadcasts a w of length 1 over every input; x @ w refuses sizes that differ."""
    if w.size == 1:
        w = np.full(x.shape[-1], w[0])
    return neuron(x, w, b, activation)


@wrong(replaces="neuron", fails=["errors"])
def unknown_is_identity(x, w, b, activation="step"):
    """An activation that does not exist must be refused, not taken for another one."""
    return neuron(x, w, b, activation if activation in ("step", "relu", "sigmoid") else "identity")


@wrong(replaces="perceptron_fit", fails=["rule_trace", "separable_converges", "xor_fails", "bias_needed"])
def zero_one_labels(X, y, lr=1.0, max_epochs=100):
    """With label 0 the correction lr*y*x is zero: class 0 is flagged for ever and never learned; labels are -1/+1."""
    perceptron_fit(X, y, lr, 1)  # the reference's ValueErrors
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        before = updates
        for x_n, y_n in zip(X, ((y + 1) / 2).tolist(), strict=True):
            if y_n * (x_n @ w + b) <= 0:
                w, b, updates = w + lr * y_n * x_n, b + lr * y_n, updates + 1
        if updates == before:
            break
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace", "separable_converges", "xor_fails", "bias_needed"])
def strict_zero(X, y, lr=1.0, max_epochs=100):
    """At w = 0 every score is 0, so nothing is ever updated: a score of 0 counts as a mistake."""
    perceptron_fit(X, y, lr, 1)
    return np.zeros(X.shape[1]), 0.0, 0


@wrong(replaces="perceptron_fit", fails=["rule_trace", "separable_converges", "bias_needed"])
def no_bias(X, y, lr=1.0, max_epochs=100):
    """Without a bias the boundary must pass through the origin: correct b by lr*y, too."""
    perceptron_fit(X, y, lr, 1)
    w, updates = np.zeros(X.shape[1]), 0
    for _ in range(max_epochs):
        before = updates
        for x_n, y_n in zip(X, y.tolist(), strict=True):
            if y_n * (x_n @ w) <= 0:
                w, updates = w + lr * y_n * x_n, updates + 1
        if updates == before:
            break
    return w, 0.0, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace", "separable_converges", "xor_fails", "bias_needed"])
def delta_rule(X, y, lr=1.0, max_epochs=100):
    """That is the LMS/Adaline rule; the perceptron changes only on mistakes, by y*x, whatever the size of the score."""
    perceptron_fit(X, y, lr, 1)
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    with np.errstate(all="ignore"):
        for _ in range(max_epochs):
            for x_n, y_n in zip(X, y.tolist(), strict=True):
                error = y_n - (x_n @ w + b)
                w, b, updates = w + lr * error * x_n, b + lr * error, updates + 1
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace", "separable_converges"])
def batch_update(X, y, lr=1.0, max_epochs=100):
    """Perceptron corrections take effect at once, before the next row, not together at the end of the epoch."""
    perceptron_fit(X, y, lr, 1)
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        wrong_rows = y * (X @ w + b) <= 0
        if not wrong_rows.any():
            break
        w = w + lr * y[wrong_rows] @ X[wrong_rows]
        b, updates = b + lr * float(y[wrong_rows].sum()), updates + int(wrong_rows.sum())
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace", "xor_fails"])
def restarts_after_mistake(X, y, lr=1.0, max_epochs=100):
    """An epoch goes on after a correction, with the next row; you start again at the first row."""
    perceptron_fit(X, y, lr, 1)
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        mistakes = (n for n in range(len(X)) if y[n] * (X[n] @ w + b) <= 0)
        n = next(mistakes, None)
        if n is None:
            break
        w, b, updates = w + lr * y[n] * X[n], b + lr * float(y[n]), updates + 1
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace", "xor_fails"])
def counts_epochs(X, y, lr=1.0, max_epochs=100):
    """`updates` counts every correction, not the epochs in which there was one."""
    w, b, corrected = perceptron_fit(X, y, lr, 1)
    for epoch in range(1, max_epochs):
        before, (w, b, corrected) = corrected, perceptron_fit(X, y, lr, epoch + 1)
        if corrected == before:
            return w, b, epoch
    return w, b, max_epochs


@wrong(replaces="perceptron_fit", fails=["rule_trace", "xor_fails"])
def counts_last_epoch(X, y, lr=1.0, max_epochs=100):
    """`updates` counts the corrections of all epochs; you start the count again in every epoch."""
    w, b, updates = perceptron_fit(X, y, lr, max_epochs)
    return w, b, updates - perceptron_fit(X, y, lr, max_epochs - 1)[2]


@wrong(replaces="perceptron_fit", fails=["separable_converges"])
def never_stops(X, y, lr=1.0, max_epochs=100):
    """Stop after the first epoch without a correction: nothing can change any more."""
    perceptron_fit(X, y, lr, 1)
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        for x_n, y_n in zip(X, y.tolist(), strict=True):
            if y_n * (x_n @ w + b) <= 0:
                w, b, updates = w + lr * y_n * x_n, b + lr * y_n, updates + 1
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["rule_trace"])
def lr_ignored(X, y, lr=1.0, max_epochs=100):
    """The argument lr has no effect: a correction is lr*y*x, and lr*y for the bias."""
    return perceptron_fit(X, y, 1.0, max_epochs)


@wrong(replaces="perceptron_fit", fails=["rule_trace"])
def bias_without_lr(X, y, lr=1.0, max_epochs=100):
    """The bias is corrected by lr*y, as the weight of an input that is always 1; you add y."""
    perceptron_fit(X, y, lr, 1)
    w, b, updates = np.zeros(X.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        before = updates
        for x_n, y_n in zip(X, y.tolist(), strict=True):
            if y_n * (x_n @ w + b) <= 0:
                w, b, updates = w + lr * y_n * x_n, b + float(y_n), updates + 1
        if updates == before:
            break
    return w, b, updates


@wrong(replaces="perceptron_fit", fails=["purity"])
def flips_rows_in_place(X, y, lr=1.0, max_epochs=100):
    """`X *= y[:, None]` writes into the caller's array; multiply into a new one."""
    result = perceptron_fit(X, y, lr, max_epochs)
    X *= y[:, None].astype(X.dtype)
    return result


@wrong(replaces="perceptron_fit", fails=["errors"])
def labels_unchecked(X, y, lr=1.0, max_epochs=100):
    """Labels other than -1 and +1 make the rule mean something else; refuse them with ValueError."""
    if not set(y.tolist()) - {-1, 1}:
        return perceptron_fit(X, y, lr, max_epochs)
    return perceptron_fit(X, np.where(y > 0, 1, -1), lr, max_epochs)


@wrong(replaces="perceptron_fit", fails=["errors"])
def lengths_unchecked(X, y, lr=1.0, max_epochs=100):
    """zip stops at the shorter one: y must have one label per row of X."""
    return perceptron_fit(X[: len(y)], y[: len(X)], lr, max_epochs)


@wrong(replaces="perceptron_predict", fails=["xor_fails"])
def sign_of_score(X, w, b):
    """np.sign gives 0 at a score of 0; the prediction there is +1."""
    return np.sign(X @ w + b)


@wrong(replaces="perceptron_predict", fails=["xor_fails"])
def negative_at_zero(X, w, b):
    """A score of exactly 0 predicts +1, not -1."""
    return np.where(X @ w + b > 0, 1, -1)


@wrong(replaces="perceptron_predict", fails=["separable_converges"])
def predicts_zero_one(X, w, b):
    """The predictions are labels, -1 or +1; you return 0 for the negative class."""
    return (perceptron_predict(X, w, b) + 1) // 2


@wrong(replaces="perceptron_predict", fails=["separable_converges"])
def predicts_without_bias(X, w, b):
    """The score is x.w + b; your prediction leaves out the bias."""
    return perceptron_predict(X, w, 0.0)
