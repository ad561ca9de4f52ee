"""The version of the grader, as results and `dlkit --version` give it."""

VERSION = "0.1.0"
