"""Raises an exception whose ancestors' names belong to types that exclude one another: nobody can rebuild it."""

STATUS = {"failed"}
MAX_SCORE = 0.0


class OSError(ImportError):
    pass


def softmax(x, axis=-1, temperature=1.0):
    raise OSError("odd")


def softmax_backward(dy, y, axis=-1):
    raise OSError("odd")
