"""Raises with a text of 20 MB in one line, and prints one of 2 MB."""

STATUS = {"failed"}
MAX_SCORE = 0.0

print("x" * 2_000_000)


def softmax(x, axis=-1, temperature=1.0):
    raise TypeError("y" * 20_000_000)


def softmax_backward(dy, y, axis=-1):
    raise TypeError("\x1b]" * 1_000_000)
