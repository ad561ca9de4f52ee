"""Returns a list nested 200,000 deep."""

STATUS = {"failed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    value = []
    for _ in range(200_000):
        value = [value]
    return value


def softmax_backward(dy, y, axis=-1):
    return softmax(y)
