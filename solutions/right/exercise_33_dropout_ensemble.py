"""The same in other styles."""

import itertools
import math

import numpy as np


def _softmax(logits):
    top = max(logits)
    e = [math.exp(v - top) for v in logits]
    return [v / math.fsum(e) for v in e]


def _check(x, W, b, keep=0.5):
    if np.ndim(x) != 1 or np.shape(W) != (len(b), len(x)):
        raise ValueError("shapes")
    if keep < 0 or keep > 1:
        raise ValueError("keep")


# --- mask by mask, with the columns of W that are kept


def all_masks(n):
    if n < 0 or n > 20:
        raise ValueError("n")
    return np.array(list(itertools.product((0.0, 1.0), repeat=n)))


def mask_weights(masks, keep):
    if keep < 0 or keep > 1:
        raise ValueError("keep")
    return np.array([math.prod(keep if m else 1 - keep for m in mask) for mask in masks], dtype=float)


def subnetwork_probs(x, W, b, masks):
    _check(x, W, b)
    if np.ndim(masks) != 2 or len(masks[0]) != len(x):
        raise ValueError("masks")
    kept = masks.astype(bool)
    return np.array([_softmax(W[:, k] @ x[k] + b) for k in kept])


def geometric_mean_predictor(probs, weights):
    if len(weights) != len(probs):
        raise ValueError("weights")
    kept = weights > 0
    with np.errstate(divide="ignore"):
        return np.array(_softmax(np.average(np.log(probs[kept]), axis=0, weights=weights[kept])))


def arithmetic_mean_predictor(probs, weights):
    if len(weights) != len(probs):
        raise ValueError("weights")
    return np.array([math.fsum(column * weights) for column in probs.T])


def weight_scaling_predictor(x, W, b, keep):
    _check(x, W, b, keep)
    return np.array(_softmax((keep * W) @ x + b))


# --- with einsum and the logs of all


def all_masks(n):  # noqa: F811
    if n not in range(21):
        raise ValueError("n")
    masks = np.zeros((1, 0), dtype=bool)
    for _ in range(n):
        masks = np.block(
            [[np.zeros((len(masks), 1), dtype=bool), masks], [np.ones((len(masks), 1), dtype=bool), masks]]
        )
    return masks.astype(int)


def mask_weights(masks, keep):  # noqa: F811
    if not 0 <= keep <= 1:
        raise ValueError("keep")
    ones = masks.sum(axis=1)
    return keep**ones * (1 - keep) ** (masks.shape[1] - ones)


def subnetwork_probs(x, W, b, masks):  # noqa: F811
    _check(x, W, b)
    if masks.shape != (len(masks), len(x)):
        raise ValueError("masks")
    z = np.einsum("md,cd,d->mc", masks, W, x) + b
    return np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])


def geometric_mean_predictor(probs, weights):  # noqa: F811
    if probs.shape[0] != weights.size:
        raise ValueError("weights")
    with np.errstate(all="ignore"):
        mean = np.nansum(weights[:, None] * np.log(probs), axis=0)
    return np.exp(mean - np.logaddexp.reduce(mean))


def arithmetic_mean_predictor(probs, weights):  # noqa: F811
    if probs.shape[0] != weights.size:
        raise ValueError("weights")
    return np.average(probs, axis=0, weights=weights)
