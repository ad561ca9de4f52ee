"""The same in other styles."""

import math

import numpy as np

# --- copies changed in place, the norm of the norms


def clip_by_value(grads, clip_value):
    if not clip_value > 0:
        raise ValueError("clip_value")
    return [np.maximum(np.minimum(g, clip_value), -clip_value) for g in grads]


def clip_by_norm(grads, max_norm):
    if not max_norm > 0:
        raise ValueError("max_norm")
    out = []
    for g in grads:
        factor = max_norm / (math.sqrt((g.astype(np.float64) ** 2).sum()) + 1e-6)
        out.append(g.copy() if factor >= 1 else g * factor)
    return out


def clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    if not max_norm > 0:
        raise ValueError("max_norm")
    norms = [float(np.linalg.norm(g.ravel(), norm_type)) for g in grads]
    total = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if error_if_nonfinite and (math.isnan(total) or math.isinf(total)):
        raise ValueError("total")
    factor = max_norm / (total + 1e-6)
    clipped = [g.copy() for g in grads]
    if not factor >= 1:
        for g in clipped:
            g *= factor
    return clipped, total


# --- entry by entry in plain Python


def _apply(g, function):
    return np.array([function(float(v)) for v in g.flat], dtype=g.dtype).reshape(g.shape)


def clip_by_value(grads, clip_value):  # noqa: F811
    if clip_value <= 0:
        raise ValueError("clip_value")

    def limit(v):
        return clip_value if v > clip_value else -clip_value if v < -clip_value else v

    return [_apply(g, limit) for g in grads]


def _norm(values, p):
    if any(math.isnan(v) for v in values):
        return math.nan
    if math.isinf(p):
        return max((abs(v) for v in values), default=0.0)
    return sum(abs(v) ** p for v in values) ** (1 / p) if values else 0.0


def clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):  # noqa: F811
    if max_norm <= 0:
        raise ValueError("max_norm")
    total = _norm([float(v) for g in grads for v in g.flat], norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise ValueError("total")
    factor = max_norm / (total + 1e-6)
    factor = 1.0 if factor > 1 else factor
    return [_apply(g, lambda v: v * factor) for g in grads], total
