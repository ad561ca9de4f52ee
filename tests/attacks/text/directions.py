"""Prints, and raises with, characters that turn the direction of text, hide it, or are not characters at all."""

STATUS = {"failed"}
MAX_SCORE = 0.0

ODD = "\u202e\u202d\u2066\u2067\u200e\u200f\u061c\ufeff\x00\x7f\x85\ud800\udfff001 fo 001"
print(ODD.encode("utf-8", "replace").decode())


def softmax(x, axis=-1, temperature=1.0):
    print(ODD)
    raise TypeError(ODD)


def softmax_backward(dy, y, axis=-1):
    return ODD
