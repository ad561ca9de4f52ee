"""Names of classes, functions and files with escapes in them: they are quoted in tracebacks."""

STATUS = {"failed"}
MAX_SCORE = 0.0

Odd = type("\x1b[31mOdd\x1b]0;owned\x07", (Exception,), {"__qualname__": "\x1b[2J"})


def softmax(x, axis=-1, temperature=1.0):
    raise Odd("\x1b[31m")


def softmax_backward(dy, y, axis=-1):
    return type("\x1b[2J\x1b]0;owned\x07", (), {})()


softmax.__code__ = softmax.__code__.replace(co_name="\x1b[2Jsoftmax")
