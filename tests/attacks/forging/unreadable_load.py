"""Answers the request to load with a tree that is no value."""

import sys

STATUS = {"crashed", "invalid"}
MAX_SCORE = 0.0

worker = next(m for name, m in sys.modules.items() if name.endswith(".worker") and hasattr(m, "Worker"))
worker.Worker._reply = lambda self, kind, value: (kind, {}, [])
