"""Loops for ever while it is imported."""

STATUS = {"timeout"}
MAX_SCORE = 0.0

while True:
    pass
