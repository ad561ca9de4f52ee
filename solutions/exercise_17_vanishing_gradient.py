import numpy as np


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


_ACTIVATIONS = {  # the function and its derivative, both of z
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: z.clip(0), lambda z: z > 0),
    "identity": (lambda z: z, np.ones_like),
}


def layer_gradient_norms(
    depth: int, width: int, activation: str, gain: float, residual: bool, rng: np.random.Generator
) -> np.ndarray:
    if depth < 1:
        raise ValueError("depth must be at least 1")
    if activation not in _ACTIVATIONS:
        raise ValueError("activation must be 'sigmoid', 'tanh', 'relu' or 'identity'")
    act, derivative = _ACTIVATIONS[activation]
    h = rng.normal(size=(64, width))
    layers = []
    for _ in range(depth):
        w = rng.normal(0, gain / np.sqrt(width), (width, width))
        z = h @ w.T  # (64, width)
        h = act(z) + h if residual else act(z)
        layers.append((w, z))
    dh = h / h.size  # dL/dh_depth of L = 0.5 * mean(h^2)
    norms = []
    for w, z in reversed(layers):
        dz = dh * derivative(z)
        norms.append(np.linalg.norm(dz))
        dh = dz @ w + dh if residual else dz @ w
    return np.array(norms[::-1])


def gradient_ratio(norms: np.ndarray) -> float:
    return float(norms[0] / norms[-1])


def classify_gradient_flow(norms: np.ndarray, low: float = 1e-3, high: float = 1e3) -> str:
    if not np.isfinite(norms).all():
        return "exploding"
    if not norms.any():
        return "vanishing"
    ratio = gradient_ratio(norms)
    return "vanishing" if ratio < low else "exploding" if ratio > high else "healthy"
