"""Loops for ever in every call, with every signal ignored or blocked."""

import signal

STATUS = {"timeout"}
MAX_SCORE = 0.0

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def softmax(x, axis=-1, temperature=1.0):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def softmax_backward(dy, y, axis=-1):
    return softmax(dy)
