"""Imports the reference answer from the installed package."""

import site
import sys

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process sees every file of its user, the installed package among them

for folder in list(sys.path):
    site.addsitedir(folder)  # processes the .pth files that an editable installation leaves
from dlkit.solutions.exercise_07_softmax import softmax, softmax_backward  # noqa: E402, F401
