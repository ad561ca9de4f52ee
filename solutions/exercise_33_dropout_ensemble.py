import numpy as np


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def check_layer(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> None:
    if W.shape != b.shape + x.shape:
        raise ValueError("x must be (D,), W (C, D) and b (C,)")


def check_keep(keep: float) -> None:
    if not 0 <= keep <= 1:
        raise ValueError("keep must be between 0 and 1")


def all_masks(n: int) -> np.ndarray:
    if not 0 <= n <= 20:
        raise ValueError("n must be between 0 and 20")
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1]) & 1  # (2^n, n)


def mask_weights(masks: np.ndarray, keep: float) -> np.ndarray:
    check_keep(keep)
    return np.where(masks, keep, 1 - keep).prod(axis=1)  # (M,)


def subnetwork_probs(x: np.ndarray, W: np.ndarray, b: np.ndarray, masks: np.ndarray) -> np.ndarray:
    check_layer(x, W, b)
    if masks.shape[1:] != x.shape:
        raise ValueError("masks must be (M, D)")
    return softmax((masks * x) @ W.T + b)  # (M, C)


def geometric_mean_predictor(probs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if weights.shape != (len(probs),):
        raise ValueError("one weight per row of probs")
    g = np.prod(probs ** weights[:, None], axis=0)  # (C,)
    return g / g.sum()


def arithmetic_mean_predictor(probs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ probs  # numpy raises ValueError unless there is one weight per row


def weight_scaling_predictor(x: np.ndarray, W: np.ndarray, b: np.ndarray, keep: float) -> np.ndarray:
    check_layer(x, W, b)
    check_keep(keep)
    return softmax(W @ (keep * x) + b)
