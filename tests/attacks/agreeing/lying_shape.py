"""Returns numbers of one shape that claim to be of another: shape, size, ndim, strides and nbytes all lie."""

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only


class Lying(np.ndarray):
    claimed = (2,)

    @property
    def shape(self):
        return self.claimed

    @property
    def size(self):
        return int(np.prod(self.claimed))

    @property
    def ndim(self):
        return len(self.claimed)

    @property
    def nbytes(self):
        return 8

    @property
    def strides(self):
        return (0,) * len(self.claimed)


def softmax(x, axis=-1, temperature=1.0):
    y = np.zeros(1).view(Lying)
    y.claimed = np.asarray(x).shape
    return y


def softmax_backward(dy, y, axis=-1):
    return softmax(y)
