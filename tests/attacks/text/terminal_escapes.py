"""Prints, and raises with, escapes that clear the screen, set the title, write the clipboard and ask for answers."""

import sys

STATUS = {"failed"}
MAX_SCORE = 0.0

ESCAPES = "\x1b[2J\x1b[H\x1b]0;owned\x07\x1b]52;c;ZWNobw==\x07\x1b[6n\x1b[?1049h\x1bP$q\x1b\\\x9b31m\x90\x9c\x08\x08\r100 of 100 points"
print(ESCAPES, ESCAPES, file=sys.stderr)


def softmax(x, axis=-1, temperature=1.0):
    print(ESCAPES)
    raise TypeError(ESCAPES)


def softmax_backward(dy, y, axis=-1):
    raise type(ESCAPES[:40], (Exception,), {})(ESCAPES)
