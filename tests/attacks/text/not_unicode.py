"""Prints bytes that are no UTF-8, and closes the streams that Python writes to."""

import os
import sys

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only

os.write(1, bytes(range(256)) * 16)
os.write(2, b"\xff\xfe\xed\xa0\x80\xf8")


def softmax(x, axis=-1, temperature=1.0):
    os.write(1, b"\xc3")
    sys.stdout, sys.stderr = None, 7
    return None


def softmax_backward(dy, y, axis=-1):
    return None
