"""Text that came from a submission, made safe to show: no terminal escapes, no control or direction characters."""

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and other strings: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def counted(number: int, noun: str) -> str:
    """`1 student`, `2 students`."""
    return f"{number} {noun}" + "s" * (number != 1)


def clean(text: str, limit: int | None = None) -> str:
    """`text` without escapes and controls (newlines and tabs stay), cut to `limit` characters."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be printed
    text = _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return text if limit is None or len(text) <= limit else text[: max(0, limit - 2)] + " …"
