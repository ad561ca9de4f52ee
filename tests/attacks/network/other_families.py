"""Opens sockets that speak to the kernel, to the machine or to its host rather than to a program. Right if one opens."""

import socket

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # raw sockets are for root to open; a plain process may be root's

opened = []
for family in range(2, 48):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        if family in (socket.AF_INET, socket.AF_INET6) and kind != socket.SOCK_RAW:
            continue
        try:
            socket.socket(family, kind).close()
            opened.append((family, kind))
        except OSError:
            pass
if not opened:
    raise PermissionError("refused")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
