import numpy as np


def require_batch(x: np.ndarray) -> None:
    if x.ndim != 4:
        raise ValueError("x must have the shape (N, C, H, W)")


def hflip(x: np.ndarray) -> np.ndarray:
    require_batch(x)
    return x[..., ::-1].copy()


def rot90(x: np.ndarray, k: int) -> np.ndarray:
    require_batch(x)
    return np.rot90(x, k, axes=(2, 3)).copy()


def random_crop(x: np.ndarray, size: int, padding: int, rng: np.random.Generator) -> np.ndarray:
    _, _, h, w = x.shape  # a ValueError unless there are four axes
    crops = []
    for image in np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))):
        top = rng.integers(0, h + 2 * padding - size + 1)  # a ValueError where the window does not fit
        left = rng.integers(0, w + 2 * padding - size + 1)
        crops.append(image[:, top : top + size, left : left + size])  # (C, size, size)
    return np.stack(crops)


def cutout(x: np.ndarray, size: int, rng: np.random.Generator, fill: float = 0.0) -> np.ndarray:
    _, _, h, w = x.shape
    out = x.copy()
    for image in out:  # (C, H, W), a view
        top = rng.integers(0, h) - size // 2
        left = rng.integers(0, w) - size // 2
        image[:, max(top, 0) : top + size, max(left, 0) : left + size] = fill
    return out


def mixup(x: np.ndarray, y_onehot: np.ndarray, alpha: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    require_batch(x)
    lam = rng.beta(alpha, alpha)
    perm = rng.permutation(len(x))
    return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[perm]


def augment(x: np.ndarray, rng: np.random.Generator, p_flip: float = 0.5) -> np.ndarray:
    flags = rng.random(len(x)) < p_flip
    return np.where(flags[:, None, None, None], hflip(x), x)
