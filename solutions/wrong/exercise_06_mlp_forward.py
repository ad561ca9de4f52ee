"""Answers people really give. Each must fail exactly the checks it names."""

from itertools import pairwise

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_06_mlp_forward import ACTIVATIONS, _validate, collapse_linear, mlp_forward


def _run(x, params, activation, layer):
    """The network; `layer(a, W, b, act, last)` returns the entry for the cache and the next input."""
    mlp_forward(x, params, activation)  # the reference's ValueErrors
    cache, a = [], x
    for number, (W, b) in enumerate(params, 1):
        entry, a = layer(a, W, b, ACTIVATIONS[activation], number == len(params))
        cache.append(entry)
    return a, cache


@wrong(replaces="mlp_forward", fails=["forward_value", "cache", "last_linear", "collapse_equal"])
def act_on_output(x, params, activation="relu"):
    """The head stays raw: no activation after the last layer; ReLU or sigmoid there cuts the logits."""

    def layer(a, W, b, act, last):
        z = a @ W.T + b
        return {"a_prev": a, "z": z, "a": act(z)}, act(z)

    return _run(x, params, activation, layer)


@wrong(replaces="mlp_forward", fails=["forward_value", "cache", "last_linear", "collapse_equal"])
def never_activated(x, params, activation="relu"):
    """Without the activation between the layers the whole network is one linear layer."""
    mlp_forward(x, params, activation)
    return mlp_forward(x, params, "identity")


@wrong(replaces="mlp_forward", fails=["forward_value", "cache", "last_linear", "collapse_equal"])
def always_relu(x, params, activation="relu"):
    """`activation` has no effect on your result: you always use relu."""
    mlp_forward(x, params, activation)
    return mlp_forward(x, params)


@wrong(replaces="mlp_forward", fails=["forward_value", "cache", "last_linear", "collapse_equal", "errors_purity"])
def weights_not_transposed(x, params, activation="relu"):
    """W is stored (D_out, D_in): multiply by its transpose; x @ W is the layout of Keras."""

    def layer(a, W, b, act, last):
        z = a @ W + b
        out = z if last else act(z)
        return {"a_prev": a, "z": z, "a": out}, out

    return _run(x, params, activation, layer)


@wrong(replaces="mlp_forward", fails=["forward_value", "cache", "last_linear"])
def biases_ignored(x, params, activation="relu"):
    """The biases have no effect on your result: z = a_prev W^T + b."""
    mlp_forward(x, params, activation)
    return mlp_forward(x, [(W, 0 * b) for W, b in params], activation)


@wrong(replaces="mlp_forward", fails=["cache"])
def cache_alias(x, params, activation="relu"):
    """Activating in place destroys z, which the backward pass needs: a must be a new array."""

    def layer(a, W, b, act, last):
        z = a @ W.T + b
        z = z if last else act(z)
        return {"a_prev": a, "z": z, "a": z}, z

    return _run(x, params, activation, layer)


@wrong(replaces="mlp_forward", fails=["cache"])
def cache_input_as_output(x, params, activation="relu"):
    """The entry "a_prev" is the INPUT of the layer; you stored it after the layer had replaced it."""

    def layer(a, W, b, act, last):
        z = a @ W.T + b
        out = z if last else act(z)
        return {"a_prev": out, "z": z, "a": out}, out

    return _run(x, params, activation, layer)


@wrong(replaces="mlp_forward", fails=["cache"])
def cache_of_z(x, params, activation="relu"):
    """As "a_prev" store what the layer multiplies: the activated output of the layer before, not its z."""
    output, cache = mlp_forward(x, params, activation)
    for before, entry in pairwise(cache):
        entry["a_prev"] = before["z"]
    return output, cache


@wrong(replaces="mlp_forward", fails=["cache", "last_linear"])
def cache_without_head(x, params, activation="relu"):
    """The last layer has an entry in the cache, too: its gradients need a_prev."""
    output, cache = mlp_forward(x, params, activation)
    return output, cache[:-1]


@wrong(replaces="collapse_linear", fails=["collapse_equal"])
def collapse_order(params):
    """Composition applies the first layer first, so its matrix stands rightmost: W = W_L ... W_1."""
    _, b = collapse_linear(params)
    W = params[0][0]
    for W_next, _ in params[1:]:
        W = W @ W_next
    return W, b


@wrong(replaces="collapse_linear", fails=["collapse_equal"])
def collapse_bias(params):
    """A bias passes through all later weights: b = W_l b_prev + b_l, not the sum of the biases."""
    W, _ = collapse_linear(params)
    return W, sum(b for _, b in params)


@wrong(replaces="collapse_linear", fails=["collapse_equal"])
def collapse_last_bias(params):
    """The biases of the earlier layers count, too: they pass through all later weights."""
    W, _ = collapse_linear(params)
    return W, params[-1][1]


@wrong(replaces="collapse_linear", fails=["collapse_equal"])
def collapse_bias_late(params):
    """The bias passes through the LATER weights, b = W_l b_prev + b_l, not through the product so far."""
    collapse_linear(params)
    W, b = params[0]
    for W_next, b_next in params[1:]:
        W = W_next @ W
        b = W @ b + b_next
    return W, b


@wrong(replaces="mlp_num_params", fails=["params"])
def bias_missing(sizes):
    """Each layer owns D_out biases as well as D_in * D_out weights."""
    return sum(a * b for a, b in pairwise(sizes))


@wrong(replaces="mlp_num_params", fails=["params"])
def bias_of_the_input(sizes):
    """The input is no layer and owns no biases: there are D_1 + ... + D_L of them."""
    return sum(a * b for a, b in pairwise(sizes)) + sum(sizes)


@wrong(replaces=("mlp_forward", "collapse_linear"), fails=["errors_purity"])
class sizes_unchecked:
    """A b of one entry is broadcast over all units without a word: check that each b has one entry per row of its W."""

    @staticmethod
    def _repeated(params):
        return [(W, np.repeat(b, len(W)) if b.shape == (1,) else b) for W, b in params]

    @staticmethod
    def mlp_forward(x, params, activation="relu"):
        return mlp_forward(x, sizes_unchecked._repeated(params), activation)

    @staticmethod
    def collapse_linear(params):
        return collapse_linear(sizes_unchecked._repeated(params))


@wrong(replaces="mlp_forward", fails=["errors_purity"])
def empty_accepted(x, params, activation="relu"):
    """A network without layers is a mistake of the caller's: raise ValueError."""
    return mlp_forward(x, params, activation) if params else (x, [])


@wrong(replaces="mlp_forward", fails=["errors_purity"])
def looked_up_too_late(x, params, activation="relu"):
    """A network of one layer applies no activation, but a name that you do not know is still a ValueError."""
    _validate(params)
    return mlp_forward(x, params, activation if len(params) > 1 else "identity")


@wrong(replaces="mlp_forward", fails=["errors_purity"])
def unknown_is_identity(x, params, activation="relu"):
    """An activation that you do not know is a mistake of the caller's: raise ValueError, do not leave it out."""
    return mlp_forward(x, params, activation if activation in ACTIVATIONS else "identity")


@wrong(replaces="collapse_linear", fails=["errors_purity"])
def collapses_in_place(params):
    """The caller's b was modified (b += ...): make a new array."""
    W, b = collapse_linear(params)
    params[-1][1][...] = b
    return W, b
