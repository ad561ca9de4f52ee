"""Leaves children in sessions of their own and ends at once: they become somebody else's."""

import os
import time

STATUS = {"crashed"}
MAX_SCORE = 0.0

for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
        os._exit(0)
os._exit(3)
