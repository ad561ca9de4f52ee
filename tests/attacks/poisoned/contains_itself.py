"""Returns a list, a tuple and a dict that contain themselves."""

STATUS = {"failed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    value, table = [], {}
    table["itself"] = (table, value)
    value.append(table)
    return value


def softmax_backward(dy, y, axis=-1):
    return (softmax(y),)
