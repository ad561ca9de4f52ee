"""Raises a BaseException whose names cannot be read: describing it must not end the candidate's conversation."""

STATUS = {"failed", "crashed"}
MAX_SCORE = 0.0


class Nameless(type):
    __name__ = property(lambda cls: 7)


class Odd(BaseException, metaclass=Nameless):
    def __str__(self):
        raise SystemExit(0)


def softmax(x, axis=-1, temperature=1.0):
    raise Odd


def softmax_backward(dy, y, axis=-1):
    raise Odd
