"""Returns an object whose __array_interface__ points at memory that is not its own."""

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only


class Pointing:
    __array_interface__ = {"shape": (2,), "typestr": "<f8", "data": (4096, False), "version": 3}
    __array_struct__ = property(lambda self: 1 / 0)


def softmax(x, axis=-1, temperature=1.0):
    return Pointing()


def softmax_backward(dy, y, axis=-1):
    return Pointing()
