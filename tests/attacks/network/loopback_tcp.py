"""Connects to a listener on the loopback interface. Right if somebody answers."""

import socket

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process shares the network
LISTENER = None  # the test writes the address of its own listener here

with socket.create_connection(("127.0.0.1", LISTENER["tcp"]), timeout=0.5) as connection:
    connection.sendall(b"dlkit_attack")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
