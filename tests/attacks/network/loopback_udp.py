"""Right, and sends datagrams to a listener on the loopback interface, which must not hear them."""

import socket

import numpy as np

STATUS = {"passed"}
MAX_SCORE = 100.0
MIN_SCORE = 100.0
NEEDS = "bwrap"  # a plain process shares the network
LISTENER = None  # the test writes the address of its own listener here

for _ in range(3):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(b"dlkit_attack", ("127.0.0.1", LISTENER["udp"]))
        except OSError:
            pass


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
