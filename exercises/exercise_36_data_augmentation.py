"""Data augmentation of image batches: flip, rotation, random crop, cutout, mixup.

A slightly changed image shows the same thing, so a network that is trained on changed copies sees more than
the data set holds. Changes that move or hide pixels keep the label; mixup blends two images and blends their
labels with the same weights. All of it is for TRAINING data only: validation and test data stay as they are.

x is always a batch (N, C, H, W): images, channels, rows, columns, all sizes >= 1; H and W may differ. Any
function raises ValueError where x does not have four axes, for instance a single image (C, H, W). Every
result is a new array, never x or a view of it, and x is left as it is. Results have the dtype of x (uint8
stays uint8), except for mixup. rng is an np.random.Generator; the draws come from it in the order and the
form given here, and nothing else is drawn. rng.integers(0, n) gives one of 0, ..., n - 1.

`hflip(x)`
    returns      x mirrored left to right: the columns of every image in reverse order, shape (N, C, H, W)

`rot90(x, k)`
    k            an int: how many quarter turns COUNTER-clockwise; 0, 5 or -1 (clockwise) are fine, too
    returns      the images turned in the H, W plane; shape (N, C, W, H) for odd k

`random_crop(x, size, padding, rng)`
    size         height and width of the crop, an int >= 1
    padding      how many rows and columns of zeros go around each image first, on each of its four sides, an
                 int >= 0
    returns      one size x size window of every padded image, shape (N, C, size, size)

    For image 0, then image 1, and so on: top = rng.integers(0, H + 2 padding - size + 1), then left in the
    same way with W, one call for each; these are the first row and column of the window in the padded image.
    ValueError: size exceeds H + 2 padding or W + 2 padding.

`cutout(x, size, rng, fill=0.0)`
    size         side of the square, an int >= 1; it may exceed the image
    returns      x with one square of every image replaced by the number `fill`, in all channels

    For image 0, then image 1, and so on: the centre is cy = rng.integers(0, H), then cx = rng.integers(0, W),
    one call for each. The square covers the rows cy - size // 2, ..., cy - size // 2 + size - 1 and the
    columns from cx in the same way. What lies beyond the border is cut off.

`mixup(x, y_onehot, alpha, rng)`
    y_onehot     (N, K), a row of label weights per image
    alpha        a float > 0
    returns      the tuple (lam x + (1 - lam) x[perm], lam y_onehot + (1 - lam) y_onehot[perm]), where
                 lam = rng.beta(alpha, alpha) is drawn first, once for the batch, then
                 perm = rng.permutation(N)

    Here floats keep their dtype (float32 stays float32), and integers, uint8 among them, give float64, for x
    and for y_onehot.

`augment(x, rng, p_flip=0.5)`
    p_flip       the probability of a flip, 0 <= p_flip <= 1
    returns      the batch with some of its images mirrored as by hflip: image i where flags[i] holds, with
                 flags = rng.random(N) < p_flip drawn in one call

Example
    >>> x = np.arange(1, 7).reshape(1, 1, 2, 3)
    >>> hflip(x)[0, 0]
    array([[3, 2, 1],
           [6, 5, 4]])
    >>> rot90(x, 1)[0, 0]
    array([[3, 6],
           [2, 5],
           [1, 4]])
    >>> rng = np.random.default_rng(0)
    >>> int(rng.integers(0, 3)), int(rng.integers(0, 4))  # top and left
    (2, 2)
    >>> random_crop(x, 2, 1, np.random.default_rng(0))[0, 0]
    array([[5, 6],
           [0, 0]])

Asked next: which of these would you not use for handwritten digits, or for satellite images? What changes
when the task is detection or segmentation? Where does test-time augmentation come in? Why does mixup help
calibration?
"""

import numpy as np


def hflip(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: reverse the columns")


def rot90(x: np.ndarray, k: int) -> np.ndarray:
    raise NotImplementedError("TODO: k quarter turns counter-clockwise")


def random_crop(x: np.ndarray, size: int, padding: int, rng: np.random.Generator) -> np.ndarray:
    raise NotImplementedError("TODO: pad with zeros, then draw a window per image")


def cutout(x: np.ndarray, size: int, rng: np.random.Generator, fill: float = 0.0) -> np.ndarray:
    raise NotImplementedError("TODO: draw a centre per image, clip the square, fill it")


def mixup(x: np.ndarray, y_onehot: np.ndarray, alpha: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: blend images and labels with one lam and one permutation")


def augment(x: np.ndarray, rng: np.random.Generator, p_flip: float = 0.5) -> np.ndarray:
    raise NotImplementedError("TODO: one flag per image, flip where it is set")
