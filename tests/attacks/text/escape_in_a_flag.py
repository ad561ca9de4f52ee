"""Reports a forbidden shortcut of its own whose name is an escape: the report prints the names of shortcuts."""

import sys

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only


def softmax(x, axis=-1, temperature=1.0):
    flags = sys._getframe(1).f_locals["self"]._guard.flags
    flags.append({"name": "\x1b[2J\x1b]0;owned\x07\u202eevil", "line": 3})
    return None


def softmax_backward(dy, y, axis=-1):
    return None
