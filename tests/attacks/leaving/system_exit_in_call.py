"""Raises SystemExit(0) in every call."""

STATUS = {"failed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    raise SystemExit(0)


def softmax_backward(dy, y, axis=-1):
    raise SystemExit(0)
