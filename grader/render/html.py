"""A Result as HTML: a fragment for a notebook's cell or a feedback page, and the page around fragments.

Everything is escaped, nothing is loaded from elsewhere and there is no script. Colours follow JupyterLab's and
VS Code's theme where there is one, else the reader's light or dark preference. A notebook that is not trusted loses
its style: the words and spaces alone must read well.
"""

from collections.abc import Iterator
from html import escape as _escape

from ..result import Check, Result
from ..text import clean
from .terminal import MAX_OUTPUT_LINES, STATUS_WORDS

_MARKS = {"passed": ("✓", "passed"), "failed": ("✗", "failed"), "skipped": ("–", "not run"), "error": ("!", "error")}
_KINDS = {"passed": "good", "failed": "bad", "skipped": "so", "error": "bad"}

# Each colour asks the notebook's theme first; the fallbacks are those of a plain page.
_LIGHT = (
    "--f: #1f2328; --s: #57606a; --l: #d8dee4; --p: #f3f5f7; --g: #187a33; --b: #b3261e; --y: #8a6100; --a: #0b5cad"
)
_DARK = "--f: #e6e8ea; --s: #a3abb3; --l: #3b4148; --p: #24292e; --g: #57c878; --b: #ff8a80; --y: #e0b341; --a: #79b8ff"
STYLE = f"""
.dlkit {{ {_LIGHT};
  --fore: var(--jp-content-font-color1, var(--vscode-editor-foreground, var(--f)));
  --soft: var(--jp-content-font-color2, var(--vscode-descriptionForeground, var(--s)));
  --line: var(--jp-border-color2, var(--vscode-panel-border, var(--l)));
  --pane: var(--jp-layout-color2, var(--vscode-textCodeBlock-background, var(--p)));
  --good: var(--vscode-testing-iconPassed, var(--g)); --bad: var(--vscode-errorForeground, var(--b));
  --so: var(--y); --tell: var(--jp-content-link-color, var(--vscode-textLink-foreground, var(--a)));
  color: var(--fore); font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; }}
@media (prefers-color-scheme: dark) {{ .dlkit {{ {_DARK} }} }}
[data-jp-theme-light="true"] .dlkit {{ {_LIGHT} }}
[data-jp-theme-light="false"] .dlkit {{ {_DARK} }}
body.vscode-light .dlkit {{ {_LIGHT} }}
body.vscode-dark .dlkit {{ {_DARK} }}
.dlkit .head {{ font-size: 1.15em; }} .dlkit h2 {{ font-size: 1.2em; }}
.dlkit h3 {{ font-size: 1em; margin: 1em 0 .3em; }}
.dlkit p {{ margin: .25em 0; white-space: pre-line; }}
.dlkit ul {{ list-style: none; margin: .6em 0 !important; padding: 0 !important; }}
.dlkit li {{ border-top: 1px solid var(--line); padding: .35em 0; }}
.dlkit .row {{ display: flex; gap: .6em; }} .dlkit .title {{ flex: 1; overflow-wrap: anywhere; }}
.dlkit .more {{ margin-left: 1.5em; }} .dlkit .points {{ white-space: nowrap; }}
.dlkit pre, .dlkit code {{ font: 12.5px/1.45 ui-monospace, monospace; color: var(--fore); background: var(--pane); }}
.dlkit pre {{ margin: .3em 0; padding: .4em .6em; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere;
  word-break: normal !important; max-height: 20em; overflow: auto; }}
.dlkit .good {{ color: var(--good); }} .dlkit .bad {{ color: var(--bad); }} .dlkit .so {{ color: var(--so); }}
.dlkit .soft {{ color: var(--soft); font-size: .9em; }}
.dlkit .tell {{ border-left: 3px solid var(--tell); padding-left: .6em; }}
"""
_PAGE_STYLE = """:root { color-scheme: light dark; }
body { margin: 2rem auto; padding: 0 1rem; max-width: 62rem; background: #fff; }
@media (prefers-color-scheme: dark) { body { background: #16191c; } }
@media print { .dlkit pre { max-height: none; } }
"""


def report_html(result: Result) -> str:
    """The report as one self-contained element, `<div class="dlkit">…</div>`, with its style inside."""
    parts = [*_head(result), "<ul>", *(_check(c, result) for c in result.checks), "</ul>", *_device_checks(result)]
    parts += _foot(result)
    return fragment("\n".join(parts))


def fragment(body: str) -> str:
    """`body` (HTML, escaped by its maker) in an element that carries the style."""
    return f'<div class="dlkit"><style>{STYLE}</style>\n{body}\n</div>'


def page_html(title: str, body: str) -> str:
    """A whole document around fragments. `title` is text, `body` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n'
        f"<title>{escape(title)}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def message_html(text: str) -> str:
    """One sentence, as a fragment: what stands in the cell when there is no report."""
    return fragment(f"<p>{escape(text)}</p>")


def escape(text: str) -> str:
    """Text of any origin, safe inside an element and inside a quoted attribute."""
    return _escape(clean(text), quote=True)


def _head(result: Result) -> Iterator[str]:
    kind = "good" if result.passed else "so" if result.score else "bad"
    yield f'<p class="head"><strong>{escape(result.exercise)} · {escape(result.title)}</strong></p>'
    points = f"{result.score:g} of {result.max_score:g} points"
    yield f'<p class="{kind}"><strong>{points}</strong> · {escape(STATUS_WORDS.get(result.status, result.status))}</p>'
    if result.message:
        yield f"<pre>{escape(result.message)}</pre>"
    for flag in result.flags:
        yield f'<p class="bad">Forbidden: {escape(str(flag.get("message", "")))}. The score is 0.</p>'


def _device_checks(result: Result) -> Iterator[str]:
    """Those that did not pass; they stand beside the score."""
    shown = [c for c in result.gpu.checks if c.status != "passed"]
    if shown:
        yield f"<p>On the device ({escape(str(result.gpu.device))}), without points:</p>"
        yield "\n".join(["<ul>", *(_check(c, result) for c in shown), "</ul>"])


def _check(check: Check, result: Result) -> str:
    mark, word = _MARKS[check.status]
    kind = _KINDS[check.status]
    points = f'<strong class="points {kind}">{check.points:g}/{check.max_points:g}</strong>' if check.max_points else ""
    lines = [
        f'<li><div class="row"><span class="{kind}" title="{word}">{mark}</span> '
        f'<span class="title">{escape(check.title)}</span> {points}</div>'
    ]
    said = check.status == "skipped" if result.message else False  # once, above, is enough
    said = said or (result.status in ("not_started", "invalid") and not check.points)
    if check.status != "passed" and not said:
        lines += ['<div class="more">', *_details(check), "</div>"]
    return "\n".join([*lines, "</li>"])


def _details(check: Check) -> Iterator[str]:
    before = {"skipped": "Not run: ", "error": "A fault of dlkit: "}.get(check.status, "")
    if check.message:
        yield f"<pre>{escape(before + check.message)}</pre>"
    if check.input:
        yield f'<p class="soft">in <code>{escape(check.input)}</code></p>'
    if check.diagnosis is not None:
        yield f'<p class="tell"><strong>→ {escape(check.diagnosis.message)}</strong></p>'
    if check.output.strip():
        lines = check.output.rstrip("\n").split("\n")
        more = len(lines) - MAX_OUTPUT_LINES
        shown = lines[:MAX_OUTPUT_LINES] + ([f"… {more} more lines"] if more > 0 else [])
        yield f'<p class="soft">your code printed:</p><pre>{escape(chr(10).join(shown))}</pre>'
    if check.rerun and check.status in ("failed", "error"):
        yield f'<p class="soft"><code>{escape(check.rerun)}</code></p>'


def _foot(result: Result) -> Iterator[str]:
    facts = f"{result.duration_s:.2f} s · sandbox: {result.sandbox}"
    if result.seed >= 0:  # that of a class is nobody's to know
        facts += f" · seed {result.seed}"
    if result.gpu.total:
        facts += f" · device checks: {result.gpu.passed} of {result.gpu.total} on {result.gpu.device}"
    elif result.gpu.status != "not_applicable":
        facts += f" · device checks: skipped ({result.gpu.reason})"
    yield f'<p class="soft">{escape(facts)}</p>'
