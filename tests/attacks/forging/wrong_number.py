"""Answers every question with the number of another one."""

import sys

STATUS = {"crashed"}
MAX_SCORE = 0.0

channel = next(m for name, m in sys.modules.items() if name.endswith(".channel") and hasattr(m, "Channel")).Channel
send = channel.send


def softmax(x, axis=-1, temperature=1.0):
    channel.send = lambda self, number, *rest, **more: send(self, number + 1, *rest, **more)
    return None


def softmax_backward(dy, y, axis=-1):
    return softmax(dy)
