import numpy as np


def softmax(x, axis=-1, temperature=1.0):
    return np.array([object()])


def softmax_backward(dy, y, axis=-1):
    return np.array([None, 1])
