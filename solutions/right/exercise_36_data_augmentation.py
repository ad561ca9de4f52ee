"""The same in another style: index arrays instead of slices, a list of images instead of a buffer."""

import numpy as np


def batch(x):
    if len(x.shape) != 4:
        raise ValueError("x")
    return x


def hflip(x):
    return np.take(batch(x), np.arange(x.shape[3])[::-1], axis=3)


def rot90(x, k):
    batch(x)
    out = np.array(x)
    for _ in range(k % 4):
        out = np.array(np.swapaxes(out, 2, 3)[:, :, ::-1])
    return out


def random_crop(x, size, padding, rng):
    n, c, h, w = batch(x).shape
    if size > h + 2 * padding or size > w + 2 * padding:
        raise ValueError("size")
    frame = np.zeros((n, c, h + 2 * padding, w + 2 * padding), dtype=x.dtype)
    frame[:, :, padding : padding + h, padding : padding + w] = x
    crops = []
    for image in frame:
        top = int(rng.integers(h + 2 * padding - size + 1))
        left = int(rng.integers(w + 2 * padding - size + 1))
        crops.append(image[:, top:, left:][:, :size, :size])
    return np.stack(crops)


def cutout(x, size, rng, fill=0.0):
    h, w = batch(x).shape[2:]
    rows, columns = np.arange(h), np.arange(w)
    images = []
    for image in x:
        row = rows - rng.integers(h) + size // 2  # 0 in the first row of the square
        column = columns - rng.integers(w) + size // 2
        inside = ((row >= 0) & (row < size))[:, None] & ((column >= 0) & (column < size))
        images.append(np.where(inside, x.dtype.type(fill), image))
    return np.array(images)


def mixup(x, y_onehot, alpha, rng):
    lam = rng.beta(alpha, alpha)
    order = rng.permutation(batch(x).shape[0])
    return tuple(a[order] + lam * (a - 1.0 * a[order]) for a in (x, y_onehot))


def augment(x, rng, p_flip=0.5):
    out = batch(x).copy()
    for i in range(len(out)):
        if rng.random() < p_flip:
            out[i] = x[i, :, :, ::-1]
    return out
