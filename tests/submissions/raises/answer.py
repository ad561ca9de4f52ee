def softmax(x, axis=-1, temperature=1.0):
    return shift(x)


def shift(x):
    return x.nothing


def softmax_backward(dy, y, axis=-1):
    raise KeyError("y")
