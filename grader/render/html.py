"""A Result as HTML: a fragment and a page around fragments. Everything that came from outside is escaped."""

from html import escape

from ..result import Check, Result
from .terminal import _STATUS

_MARKS = {"passed": "✓ passed", "failed": "✗ failed", "skipped": "– not run", "error": "! a fault of dlkit"}
_CSS = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --good: #1a7f37; --bad: #c0302b; --hint: #0b63b0; }
@media (prefers-color-scheme: dark) { :root { --good: #57c777; --bad: #ff7b72; --hint: #6cb6ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
pre { background: var(--soft); padding: .5rem .75rem; overflow-x: auto; white-space: pre-wrap; border-radius: .25rem; }
.check { border-left: .3rem solid var(--line); padding: .1rem 0 .1rem .9rem; margin: .8rem 0; }
.passed { border-color: var(--good); } .failed, .error { border-color: var(--bad); }
.mark { font-weight: 600; } .passed .mark { color: var(--good); } .failed .mark, .error .mark { color: var(--bad); }
.mistake { color: var(--hint); font-weight: 600; } .score { font-weight: 600; } .soft { opacity: .75; }
"""


def report_html(result: Result) -> str:
    """The report as an HTML fragment."""
    parts = [
        f"<h2>{escape(result.exercise)} · {escape(result.title)}</h2>",
        f'<p class="score">{result.score:g} of {result.max_score:g} points · {_STATUS[result.status]}</p>',
    ]
    parts += [f'<p class="mistake">Forbidden: {escape(str(f["message"]))}.</p>' for f in result.flags]
    if result.message:
        parts.append(f"<pre>{escape(result.message)}</pre>")
    parts += [_check(c) for c in result.checks]
    if result.output.strip():
        parts.append(f"<details><summary>What your code printed</summary><pre>{escape(result.output)}</pre></details>")
    return "\n".join(parts)


def _check(check: Check) -> str:
    lines = [
        f'<section class="check {escape(check.status)}"><div><span class="mark">{_MARKS[check.status]}</span>'
        f" {escape(check.title)} <span class=soft>({check.points:g}/{check.max_points:g})</span></div>"
    ]
    if check.status != "passed":
        lines += [f"<pre>{escape(text)}</pre>" for text in (check.message,) if text]
        if check.input:
            lines.append(f'<div class="soft">in <code>{escape(check.input)}</code></div>')
        if check.diagnosis is not None:
            lines.append(f'<p class="mistake">→ {escape(check.diagnosis.message)}</p>')
        if check.output.strip():
            lines.append(f"<div class=soft>your code printed:</div><pre>{escape(check.output)}</pre>")
    return "\n".join([*lines, "</section>"])


def page_html(title: str, body: str) -> str:
    """A whole page around `body`, which is HTML already."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
