"""Returns bytes that would run a command if anybody unpickled them, in every wrapping."""

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only

POISON = b"cos\nsystem\n(S'touch dlkit_attack_unpickled'\ntR."


def softmax(x, axis=-1, temperature=1.0):
    return POISON


def softmax_backward(dy, y, axis=-1):
    return np.array([POISON])
