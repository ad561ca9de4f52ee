"""Raises with texts that a spreadsheet would compute: they go into exports of results."""

STATUS = {"failed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    raise TypeError('=HYPERLINK("http://localhost";"100")\n+1+1\n-1\n@SUM(A1)\t=cmd|\'/c calc\'!A1')


def softmax_backward(dy, y, axis=-1):
    raise type("=1+1", (Exception,), {})("=1+1")
