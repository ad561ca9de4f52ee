"""Closes every descriptor that it has, the grader's connection among them, and ends."""

import os

STATUS = {"crashed"}
MAX_SCORE = 0.0

os.closerange(0, 1024)
