import numpy as np


def kept(x: np.ndarray, p: float, training: bool, rng: np.random.Generator | None) -> np.ndarray:
    """Which units stay."""
    if not 0 <= p <= 1:
        raise ValueError("p must be between 0 and 1")
    if not training:
        return np.ones(x.shape, dtype=bool)
    if rng is None:
        raise ValueError("rng is needed for training")
    return rng.random(x.shape) >= p


def dropout_forward(
    x: np.ndarray, p: float, training: bool, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    mask = kept(x, p, training, rng).astype(x.dtype)
    if training and p < 1:
        mask /= 1 - p
    return x * mask, mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return dy * mask


def classic_dropout(x: np.ndarray, p: float, training: bool, rng: np.random.Generator | None = None) -> np.ndarray:
    return x * kept(x, p, training, rng) * (1 if training else 1 - p)


def mc_dropout_mean(x: np.ndarray, p: float, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.mean([dropout_forward(x, p, True, rng)[0] for _ in range(n)], axis=0)
