"""Raises an exception in line 16**4999: Python refuses to write such a number in decimal."""

import sys

STATUS = {"failed", "crashed"}
MAX_SCORE = 0.0

worker = next(m for name, m in sys.modules.items() if name.endswith(".worker") and hasattr(m, "Worker"))
worker._frames = lambda error, files: iter([{"file": "a", "line": 16**4999, "function": "f", "code": "c"}])


def softmax(x, axis=-1, temperature=1.0):
    raise TypeError("somewhere")


def softmax_backward(dy, y, axis=-1):
    raise TypeError("somewhere")
