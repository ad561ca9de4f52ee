"""Prints, and raises with, markup of terminal libraries, HTML and Markdown: it must come out as the letters it is."""

STATUS = {"failed"}
MAX_SCORE = 0.0

MARKUP = "[bold red]100[/] [/nothing] [link=file:///x]y[/link] {0} {x} %s <script>alert(1)</script><img src=x onerror=y> `a` |"
print(MARKUP)


def softmax(x, axis=-1, temperature=1.0):
    print(MARKUP)
    raise TypeError(MARKUP)


def softmax_backward(dy, y, axis=-1):
    raise TypeError(MARKUP)
