import numpy as np


def _check_distribution(p: np.ndarray, axis: int) -> None:
    if (p < 0).any():
        raise ValueError("a probability is negative")
    if (np.abs(p.sum(axis=axis) - 1) > 1e-6).any():
        raise ValueError("probabilities do not sum to 1")


def entropy(p: np.ndarray, axis: int = -1) -> np.ndarray:
    _check_distribution(p, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, -p * np.log(p), 0.0).sum(axis=axis)


def kl_divergence(p: np.ndarray, q: np.ndarray, axis: int = -1) -> np.ndarray:
    if p.shape != q.shape:
        raise ValueError("p and q differ in shape")
    _check_distribution(p, axis)
    _check_distribution(q, axis)
    with np.errstate(divide="ignore", invalid="ignore"):  # log q = -inf makes the term +inf, as it should
        return np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0).sum(axis=axis)


def js_divergence(p: np.ndarray, q: np.ndarray, axis: int = -1) -> np.ndarray:
    m = (p + q) / 2  # where shapes broadcast, m differs from p or q, and kl_divergence refuses it
    return (kl_divergence(p, m, axis) + kl_divergence(q, m, axis)) / 2


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    z = logits - logits.max(axis=0)
    return z - np.log(np.exp(z).sum(axis=0))


def kl_from_logits(p_logits: np.ndarray, q_logits: np.ndarray) -> float:
    if p_logits.shape != q_logits.shape:
        raise ValueError("p_logits and q_logits differ in shape")
    log_p, log_q = _log_softmax(p_logits.T), _log_softmax(q_logits.T)  # (C, N): one number per row broadcasts
    return float((np.exp(log_p) * (log_p - log_q)).sum(axis=0).mean())


def kl_gaussian(mu1: np.ndarray, logvar1: np.ndarray, mu2: np.ndarray, logvar2: np.ndarray) -> np.ndarray:
    if not mu1.shape == logvar1.shape == mu2.shape == logvar2.shape:
        raise ValueError("the four arrays differ in shape")
    terms = logvar2 - logvar1 + (np.exp(logvar1) + (mu1 - mu2) ** 2) / np.exp(logvar2) - 1
    return 0.5 * terms.sum(axis=-1)
