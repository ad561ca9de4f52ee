"""No attack: talks to itself over the loopback interface, as exercises with several ranks do. That must work."""

import socket
import threading

import numpy as np

STATUS = {"passed"}
MAX_SCORE = 100.0
MIN_SCORE = 100.0

with socket.create_server(("127.0.0.1", 0)) as server:
    heard = []
    thread = threading.Thread(target=lambda: heard.append(server.accept()[0].recv(5)))
    thread.start()
    with socket.create_connection(server.getsockname(), timeout=1) as connection:
        connection.sendall(b"hello")
        thread.join(1)
assert heard == [b"hello"]


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
