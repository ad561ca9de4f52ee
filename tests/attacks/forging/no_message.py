"""Writes bytes to the wire that are no message at all."""

import os

STATUS = {"crashed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    os.write(3, bytes(range(256)) * 64)
    return None


def softmax_backward(dy, y, axis=-1):
    return softmax(dy)
