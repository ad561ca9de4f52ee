import numpy as np


def clip_by_value(grads: list[np.ndarray], clip_value: float) -> list[np.ndarray]:
    if clip_value <= 0:
        raise ValueError("clip_value must be positive")
    return [g.clip(-clip_value, clip_value) for g in grads]


def clip_by_norm(grads: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
    if max_norm <= 0:
        raise ValueError("max_norm must be positive")
    return [clip_by_global_norm([g], max_norm)[0][0] for g in grads]


def clip_by_global_norm(
    grads: list[np.ndarray], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> tuple[list[np.ndarray], float]:
    if max_norm <= 0:
        raise ValueError("max_norm must be positive")
    entries = np.concatenate([[0.0], *(g.ravel() for g in grads)])  # the 0 is for an empty list
    total = float(np.linalg.norm(entries, norm_type))
    if error_if_nonfinite and not np.isfinite(total):
        raise ValueError("the total norm is not finite")
    factor = float(np.minimum(1, max_norm / (total + 1e-6)))  # NaN stays NaN; a Python float keeps float32
    return [g * factor for g in grads], total
