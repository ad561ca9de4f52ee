"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_36_data_augmentation import augment, hflip, mixup, random_crop, require_batch, rot90

augment_eval = belief(
    "augment_eval",
    check="per_image",
    message="Augment training data only: validation and test data stay as they are, or scores are not comparable.",
)


@wrong(replaces="hflip", fails=["flip_rot", "per_image", "dtype_purity"])
def flip_vertical(x):
    """A horizontal flip reverses the LAST (width) axis in NCHW; axis 2 is the height."""
    require_batch(x)
    return x[:, :, ::-1].copy()


@wrong(replaces="hflip", fails=["flip_rot", "per_image", "dtype_purity"])
def flip_both(x):
    """Only the columns are reversed; reversing the rows as well is a half turn."""
    require_batch(x)
    return x[:, :, ::-1, ::-1].copy()


@wrong(replaces=("hflip", "rot90"), fails=["dtype_purity"])
class view_returned:
    """Slices, transposes and np.rot90 give views: a later edit of the result hits the input. Return a copy."""

    def hflip(x):
        require_batch(x)
        return x[..., ::-1]

    def rot90(x, k):
        require_batch(x)
        return np.rot90(x, k, axes=(2, 3))


@wrong(replaces="rot90", fails=["dtype_purity"])
def zero_turns_alias(x, k):
    """Zero turns, too, give a new array: returning x itself lets a later edit of the result hit the input."""
    require_batch(x)
    return rot90(x, k) if k % 4 else x


@wrong(replaces=("hflip", "rot90", "mixup", "augment"), fails=["errors"])
class rank_unchecked:
    """A single image (C, H, W) is no batch: check that x has four axes, or a wrong axis is taken without an error."""

    def hflip(x):
        return x[..., ::-1].copy()

    def rot90(x, k):
        return np.rot90(x, k, axes=(-2, -1)).copy()

    def mixup(x, y_onehot, alpha, rng):
        lam, perm = rng.beta(alpha, alpha), rng.permutation(len(x))
        return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[perm]

    def augment(x, rng, p_flip=0.5):
        out, flags = x.copy(), rng.random(len(x)) < p_flip
        out[flags] = x[flags][..., ::-1]
        return out


@wrong(replaces="rot90", fails=["flip_rot", "dtype_purity"])
def rot_clockwise(x, k):
    """Your quarter turns go clockwise: after one turn counter-clockwise the last column is the first row."""
    return rot90(x, -k)


@wrong(replaces="rot90", fails=["flip_rot", "dtype_purity"])
def rot_batch_axes(x, k):
    """np.rot90 turns axes 0 and 1 by default, here batch and channels; the image plane is axes 2 and 3."""
    require_batch(x)
    return np.rot90(x, k).copy()


@wrong(replaces="rot90", fails=["flip_rot", "dtype_purity"])
def rot_transposes(x, k):
    """Transposing mirrors the image at its diagonal; for a quarter turn reverse the rows after it."""
    require_batch(x)
    return np.swapaxes(x, 2, 3).copy() if k % 2 else rot90(x, k)


@wrong(replaces="rot90", fails=["flip_rot"])
def negative_turns_lost(x, k):
    """A loop over range(k) does nothing for negative k; take k % 4, which is 3 for -1."""
    return rot90(x, max(k, 0))


def _places(x, size, padding, rng):
    high, wide = (s + 2 * padding - size + 1 for s in x.shape[2:])
    return [(rng.integers(0, high), rng.integers(0, wide)) for _ in x]


def _windows(padded, size, places):
    return np.stack([image[:, t : t + size, s : s + size] for image, (t, s) in zip(padded, places, strict=True)])


def _padded(x, padding, **options):
    require_batch(x)
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), **options)


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def one_draw_batch(x, size, padding, rng):
    """Draw per image: with one window for the whole batch all images are shifted alike."""
    padded = _padded(x, padding)
    return _windows(padded, size, _places(x[:1], size, padding, rng) * len(x))


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def left_first(x, size, padding, rng):
    """Draw top (rows) before left (columns); the other way round the windows lie elsewhere."""
    padded = _padded(x, padding)
    places = _places(np.swapaxes(x, 2, 3), size, padding, rng)
    return _windows(padded, size, [(top, left) for left, top in places])


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def all_tops_first(x, size, padding, rng):
    """The draws go image by image (top and left of image 0, then of image 1, ...), not all tops and then all lefts."""
    padded = _padded(x, padding)
    high, wide = (s + 2 * padding - size + 1 for s in x.shape[2:])
    return _windows(padded, size, list(zip(rng.integers(0, high, len(x)), rng.integers(0, wide, len(x)), strict=True)))


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def last_place_missing(x, size, padding, rng):
    """rng.integers excludes its upper bound: without the + 1 the last window is never drawn, and size = H fails."""
    padded = _padded(x, padding)
    return _windows(padded, size, _places(x, size + 1, padding, rng))


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def one_side_padded(x, size, padding, rng):
    """The zeros go on both sides of the rows and of the columns; yours are all behind the image."""
    require_batch(x)
    padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    return _windows(padded, size, _places(x, size, padding, rng))


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def edge_padded(x, size, padding, rng):
    """The padding is zeros here, not copies of the border pixels."""
    padded = _padded(x, padding, mode="edge")
    return _windows(padded, size, _places(x, size, padding, rng))


@wrong(replaces="random_crop", fails=["crop_value", "per_image", "dtype_purity"])
def padding_ignored(x, size, padding, rng):
    """The argument padding has no effect on your result."""
    return random_crop(x, size, 0, rng)


@wrong(replaces="random_crop", fails=["dtype_purity"])
def float64_frame(x, size, padding, rng):
    """np.zeros gives float64: make the padded array with the dtype of x."""
    return random_crop(x, size, padding, rng).astype(np.float64)


@wrong(replaces="random_crop", fails=["errors"])
def size_shrunk(x, size, padding, rng):
    """A size beyond the padded image cannot be cut out: raise ValueError instead of returning smaller crops."""
    require_batch(x)
    return random_crop(x, min(size, *(s + 2 * padding for s in x.shape[2:])), padding, rng)


def _centres(x, rng):
    require_batch(x)
    return [(rng.integers(0, x.shape[2]), rng.integers(0, x.shape[3])) for _ in x]


def _filled(x, size, fill, corners):
    out = x.copy()
    for image, (top, left) in zip(out, corners, strict=True):
        image[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = fill
    return out


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_wrap(x, size, rng, fill=0.0):
    """A negative start index counts from the end, and the square vanishes: clip the window to the image."""
    out = x.copy()
    for image, (cy, cx) in zip(out, _centres(x, rng), strict=True):
        top, left = cy - size // 2, cx - size // 2
        image[:, top : top + size, left : left + size] = fill
    return out


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_shifted_inside(x, size, rng, fill=0.0):
    """At a border the square is cut off, not pushed back into the image: its area shrinks."""
    corners = [(cy - size // 2, cx - size // 2) for cy, cx in _centres(x, rng)]
    h, w = x.shape[2:]
    return _filled(
        x, size, fill, [(min(max(t, 0), max(h - size, 0)), min(max(s, 0), max(w - size, 0))) for t, s in corners]
    )


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_one_centre(x, size, rng, fill=0.0):
    """Draw a centre per image; yours has the same square in the whole batch."""
    cy, cx = _centres(x[:1], rng)[0]
    return _filled(x, size, fill, [(cy - size // 2, cx - size // 2)] * len(x))


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_corner(x, size, rng, fill=0.0):
    """The draws are the CENTRE of the square; its first row is size // 2 above."""
    return _filled(x, size, fill, _centres(x, rng))


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_column_first(x, size, rng, fill=0.0):
    """Draw the row cy before the column cx."""
    centres = _centres(np.swapaxes(x, 2, 3), rng) if x.ndim == 4 else _centres(x, rng)
    return _filled(x, size, fill, [(cy - size // 2, cx - size // 2) for cx, cy in centres])


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_odd_size(x, size, rng, fill=0.0):
    """From c - size // 2 to c + size // 2 an odd square loses a row and a column; it ends at c - size // 2 + size."""
    corners = [(cy - size // 2, cx - size // 2) for cy, cx in _centres(x, rng)]
    return _filled(x, size // 2 * 2, fill, corners)


@wrong(replaces="cutout", fails=["cutout_value", "per_image", "dtype_purity"])
def cutout_one_channel(x, size, rng, fill=0.0):
    """The square is filled in ALL channels: the image is (C, H, W), so take [:, rows, columns]."""
    corners = [(cy - size // 2, cx - size // 2) for cy, cx in _centres(x, rng)]
    out = _filled(x, size, fill, corners)
    out[:, 1:] = x[:, 1:]
    return out


@wrong(replaces="cutout", fails=["cutout_value", "dtype_purity"])
def fill_ignored(x, size, rng, fill=0.0):
    """The argument fill has no effect on your result."""
    return _filled(x, size, 0.0, [(cy - size // 2, cx - size // 2) for cy, cx in _centres(x, rng)])


@wrong(replaces="cutout", fails=["dtype_purity"])
def cutout_in_place(x, size, rng, fill=0.0):
    """The square is written into the caller's images, which are spoilt for the next epoch; work on a copy."""
    x[:] = _filled(x, size, fill, [(cy - size // 2, cx - size // 2) for cy, cx in _centres(x, rng)])
    return x.copy()


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def mixup_x_only(x, y_onehot, alpha, rng):
    """Mix the labels with the same lam and permutation: a blended image belongs to both classes."""
    return mixup(x, y_onehot, alpha, rng)[0], 1.0 * y_onehot


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def mixup_other_partner(x, y_onehot, alpha, rng):
    """The labels need the SAME permutation as the images; a second draw gives them another partner."""
    require_batch(x)
    lam = rng.beta(alpha, alpha)
    perm, other = rng.permutation(len(x)), rng.permutation(len(x))
    return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[other]


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def lam_per_image(x, y_onehot, alpha, rng):
    """lam is drawn once for the batch here, not once per image."""
    require_batch(x)
    lam = rng.beta(alpha, alpha, size=len(x)).astype(x.dtype if x.dtype.kind == "f" else np.float64)
    perm = rng.permutation(len(x))
    row, pixel = lam[:, None], lam[:, None, None, None]
    return pixel * x + (1 - pixel) * x[perm], row * y_onehot + (1 - row) * y_onehot[perm]


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def perm_first(x, y_onehot, alpha, rng):
    """Draw lam before the permutation; the other way round both come out different."""
    require_batch(x)
    perm = rng.permutation(len(x))
    lam = rng.beta(alpha, alpha)
    return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[perm]


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def lam_swapped(x, y_onehot, alpha, rng):
    """lam weighs the image itself and 1 - lam its partner; yours are exchanged."""
    require_batch(x)
    lam, perm = rng.beta(alpha, alpha), rng.permutation(len(x))
    return (1 - lam) * x + lam * x[perm], (1 - lam) * y_onehot + lam * y_onehot[perm]


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def larger_lam(x, y_onehot, alpha, rng):
    """max(lam, 1 - lam) keeps each image dominant, as some variants do; plain mixup takes lam as drawn."""
    require_batch(x)
    lam, perm = rng.beta(alpha, alpha), rng.permutation(len(x))
    lam = max(lam, 1 - lam)
    return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[perm]


@wrong(replaces="mixup", fails=["mixup_value", "dtype_purity"])
def alpha_ignored(x, y_onehot, alpha, rng):
    """lam is Beta(alpha, alpha) distributed; rng.random() is the special case alpha = 1 at best."""
    require_batch(x)
    lam, perm = rng.random(), rng.permutation(len(x))
    return lam * x + (1 - lam) * x[perm], lam * y_onehot + (1 - lam) * y_onehot[perm]


@wrong(replaces="mixup", fails=["dtype_purity"])
def mixup_rounded(x, y_onehot, alpha, rng):
    """Blends of uint8 images are fractions: casting back to uint8 cuts them off. Return float64."""
    mixed, labels = mixup(x, y_onehot, alpha, rng)
    return mixed.astype(x.dtype), labels


@wrong(replaces="mixup", fails=["dtype_purity"])
def mixup_float64(x, y_onehot, alpha, rng):
    """A np.float64 weight (or a cast) makes float64 of float32; images and labels of float32 stay float32."""
    mixed, labels = mixup(x, y_onehot, alpha, rng)
    return mixed.astype(np.float64), labels.astype(np.float64)


@wrong(replaces="augment", fails=["per_image", "dtype_purity"])
def one_coin(x, rng, p_flip=0.5):
    """Flip a coin per image, not one for the whole batch."""
    require_batch(x)
    return hflip(x) if rng.random() < p_flip else x.copy()


@wrong(replaces="augment", fails=["per_image", "dtype_purity"])
def flags_inverted(x, rng, p_flip=0.5):
    """An image is flipped where its draw is BELOW p_flip; yours is flipped with probability 1 - p_flip."""
    require_batch(x)
    flags = rng.random(len(x)) >= p_flip
    return np.where(flags[:, None, None, None], hflip(x), x)


@wrong(replaces="augment", fails=["per_image"])
def p_flip_ignored(x, rng, p_flip=0.5):
    """The argument p_flip has no effect on your result."""
    return augment(x, rng)


@wrong(replaces="augment", fails=["dtype_purity"])
def augment_in_place(x, rng, p_flip=0.5):
    """The flips are written into the caller's batch, which is then lost for the next epoch; work on a copy."""
    x[:] = augment(x, rng, p_flip)
    return x.copy()


@wrong(replaces="augment", fails=["dtype_purity"])
def unflipped_alias(x, rng, p_flip=0.5):
    """Where no image is flipped the result is still a new array, not x itself."""
    out = augment(x, rng, p_flip)
    return x if np.array_equal(out, x) else out
