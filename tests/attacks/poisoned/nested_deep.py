"""Returns a list nested 200,000 deep."""

STATUS = {"failed"}
MAX_SCORE = 0.0

deep = []
for _ in range(200_000):
    deep = [deep]


def softmax(x, axis=-1, temperature=1.0):
    return deep


def softmax_backward(dy, y, axis=-1):
    return deep
