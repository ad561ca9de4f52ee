"""The class report as one page: distribution, heat map, misconceptions, hard checks, shortcuts, likeness, problems.

Works without the network and without a pointer; every text is escaped, and the page forbids itself any other script.
"""

import base64
import hashlib
import statistics
from collections.abc import Iterable, Iterator
from html import escape

from ..batch.report import ClassReport, ExercisePart, Student
from ..batch.similarity import Pair
from .class_assets import CSS, JS
from .terminal import STATUS_WORDS

MAX_LINES = 150  # of an answer, beside another
MAX_PROBLEMS = 2000


def class_page(report: ClassReport) -> str:
    """The whole page."""
    digest = base64.b64encode(hashlib.sha256(JS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    body = "\n".join([_head(report), *_bar(), "<main>", *_body(report), "</main>"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(report.title)}</title><style>{CSS}</style></head>\n<body>\n{body}\n"
        f"<script>{JS}</script></body></html>\n"
    )


def _head(report: ClassReport) -> str:
    names = " · pseudonyms instead of names" if report.anonymous else ""
    sandboxes = f" · sandbox: {', '.join(report.sandboxes)}" if report.sandboxes else ""
    links = "".join(f'<li><a href="#{_id(p)}">{escape(p.name)} {escape(p.title)}</a></li>' for p in report.parts)
    return (
        f"<header><h1>{escape(report.title)}</h1><p class=soft>{len(report.students)} students ·"
        f" {len(report.parts)} exercises · {escape(report.policy)} · {escape(report.made)}{sandboxes}{names}</p>"
        f'<nav aria-label="Exercises"><ul>{links}<li><a href="#problems">Problems ({len(report.problems)})</a></li>'
        "</ul></nav></header>"
    )


def _bar() -> Iterator[str]:
    words = {**STATUS_WORDS, "pending": "pending"}
    states = "".join(f'<option value="{k}">{escape(v)}</option>' for k, v in words.items())
    yield (
        '<div class=bar role=search><label>Filter <input type=search id=filter placeholder="student or mistake  ( / )">'
        f"</label><label>Status <select id=state><option value=''>any</option>{states}</select></label>"
        "<span id=count class=soft role=status></span></div>"
    )


def _body(report: ClassReport) -> Iterator[str]:
    if len(report.parts) > 1:
        yield from _overview(report)
    for part in report.parts:
        yield f'<section id="{_id(part)}"><h2>{escape(part.name)} · {escape(part.title)}</h2>'
        yield _facts(part)
        yield _bins(part)
        yield from _mistakes(part)
        yield from _checks(part)
        yield from _heat(part)
        yield from _flags(part)
        yield from _likeness(part)
        yield "</section>"
    yield from _problems(report)


def _id(part: ExercisePart) -> str:
    return escape(part.name)


# Tables


def _table(label: str, heads: Iterable[str], rows: Iterable[str], kind: str = "") -> str:
    """A table that scrolls in a box of its own and sorts by its heads (texts, not HTML)."""
    row = "".join(f'<th scope=col><button type=button title="Sort">{escape(h)}</button></th>' for h in heads)
    return (
        f'<div class=scroll tabindex=0 role=region aria-label="{escape(label)}"><table class="{kind}">'
        f"<thead><tr>{row}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(share: float | None) -> str:
    """A share from 0 to 1 as a number on a colour; a dash where there is none."""
    if share is None:
        return '<td class=c data-v="-1">–</td>'
    return f'<td class="c h{round(share * 10)}">{100 * share:.0f}</td>'


def _row(who: str, state: str, more: str, cells: str) -> str:
    extra = f' data-more="{escape(more)}"' if more else ""
    status = f' data-state="{escape(state)}"' if state else ""
    name = escape(who)
    return f'<tr data-who="{name}"{status}{extra}><th scope=row title="{name}">{name}</th>{cells}</tr>'


def _overview(report: ClassReport) -> Iterator[str]:
    scores: dict[str, dict[str, Student]] = {}
    for part in report.parts:
        for student in part.students:
            scores.setdefault(student.name, {})[part.name] = student
    rows = []
    for name, own in sorted(scores.items(), key=lambda i: -sum(s.score for s in i[1].values())):
        cells = "".join(_cell(own[p.name].score / 100 if p.name in own else None) for p in report.parts)
        total = sum(s.score for s in own.values()) / len(report.parts)
        states = " ".join(dict.fromkeys(s.status for s in own.values()))
        more = " ".join(m for s in own.values() for m in s.mistakes)
        rows.append(_row(name, states, more, f'<td class="n">{total:.1f}</td>{cells}'))
    yield "<section><h2>All exercises</h2>"
    yield _table("Students by exercises", ["Student", "Mean", *(p.name for p in report.parts)], rows, "heat")
    yield "</section>"


def _facts(part: ExercisePart) -> str:
    attempts = [s.attempts for s in part.students]
    seconds = [s.seconds for s in part.students if s.seconds]
    full = sum(s.status == "passed" for s in part.students)
    facts = [
        (f"{part.mean:.0f}", f"mean (median {part.median:.0f})"),
        (f"{full} of {len(part.students)}", "full marks"),
        (f"{statistics.fmean(attempts):.1f}" if attempts else "–", f"attempts (most {max(attempts, default=0)})"),
    ]
    if part.gains:
        facts.append((f"{statistics.fmean(part.gains):+.0f}", f"points by trying again ({len(part.gains)} students)"))
    if seconds:
        facts.append((f"{statistics.median(seconds):.2f} s", f"to grade (longest {max(seconds):.1f} s)"))
    late = sum(s.days_late > 0 for s in part.students)
    if late:
        facts.append((str(late), "late"))
    return "<ul class=facts>" + "".join(f"<li><b>{escape(v)}</b>{escape(w)}</li>" for v, w in facts) + "</ul>"


def _bins(part: ExercisePart) -> str:
    bins = part.bins()
    most = max((n for _, n in bins), default=0) or 1
    bars = "".join(
        f'<li>{n or ""}<i style="height:{100 * n / most:.0f}px"></i><span>{escape(label)}</span></li>'
        for label, n in bins
    )
    spoken = ", ".join(f"{label} points: {n}" for label, n in bins if n)
    return f'<h3>Scores</h3><ol class=bins role=img aria-label="{escape(spoken)}">{bars}</ol>'


def _mistakes(part: ExercisePart) -> Iterator[str]:
    yield "<h3>Misconceptions</h3>"
    if not part.mistakes:
        yield "<p class=soft>None was recognised.</p>"
        return
    yield "<ol class=mistakes>"
    for m in part.mistakes:
        yield (
            f"<li><strong>{len(m.students)} of {len(part.students)}</strong> · {escape(m.message)}"
            f' <button type=button data-find="{escape(m.name)}" data-at="{_id(part)}-map">show them</button>'
            f" <code class=soft>{escape(m.name)}</code></li>"
        )
    yield "</ol>"


def _checks(part: ExercisePart) -> Iterator[str]:
    if not part.checks:
        return
    rows = []
    for c in part.checks:
        hard = ' <span class=warn title="A bad check, or a bad lecture?">nearly nobody</span>' if c.hard else ""
        rows.append(
            f"<tr><th scope=row>{escape(c.name)}</th><td class=wrap>{escape(c.title)}</td><td class=n>{c.points:g}</td>"
            f'<td data-v="{c.share:.4f}"><span class=meter><i style="width:{100 * c.share:.0f}%"></i></span>'
            f" {c.passed} of {c.ran}{hard}</td></tr>"
        )
    yield "<h3>Checks</h3>"
    yield _table(f"Checks of {part.name}", ["Check", "What it asks", "Points", "Passed by"], rows)


def _heat(part: ExercisePart) -> Iterator[str]:
    yield f'<h3 id="{_id(part)}-map">Students by checks <span class=soft>(per cent of the points)</span></h3>'
    rows = []
    for s in part.students:
        cells = f'<td class="n">{s.score:g}</td><td>{escape(STATUS_WORDS.get(s.status, s.status))}</td>'
        cells += "".join(_cell(share) for share in s.shares) or ""
        late = f" ({s.days_late} d late)" if s.days_late else ""
        cells += f"<td class=n>{s.attempts}</td><td>{escape(s.submitted[:16].replace('T', ' '))}{late}</td>"
        rows.append(_row(s.name, s.status, " ".join(s.mistakes), cells))
    heads = ["Student", "Score", "Status", *(c.name for c in part.checks), "Attempts", "Handed in"]
    yield _table(f"Students by checks of {part.name}", heads, rows, "heat")


def _flags(part: ExercisePart) -> Iterator[str]:
    if part.flags:
        yield "<h3>Forbidden shortcuts</h3>"
        cells = ((f.student, f"<td><code>{escape(f.name)}</code></td><td class=n>{f.line}</td>") for f in part.flags)
        rows = [_row(who, "", "", cell) for who, cell in cells]
        yield _table(f"Shortcuts in {part.name}", ["Student", "Call", "Line"], rows)


def _likeness(part: ExercisePart) -> Iterator[str]:
    found = part.likeness
    if not found.pairs and not found.same and found.available:
        return
    yield "<h3>Answers that are alike</h3>"
    usual = ""
    if found.median is not None:
        usual = f" Two answers of this class are usually {100 * found.median:.0f} % alike."
    yield (
        "<p class=soft>A short exercise has one textbook answer, and people may work together: look before you judge."
        f" Lines of the stub are not compared.{usual}</p>"
    )
    if not found.available:
        yield "<p>Only equal answers are shown. To compare all: <code>pip install 'dlkit[similarity]'</code></p>"
    for group in found.same:
        names = ", ".join(escape(s) for s in group[:30]) + (f" and {len(group) - 30} more" if len(group) > 30 else "")
        yield f"<p>Equal but for spaces: {names}</p>"
    for pair in found.pairs:
        yield _pair(pair)


def _pair(pair: Pair) -> str:
    names = [", ".join(group[:5]) for group in pair.students]
    rare = f" · {len(pair.shared)} rare words in common" if pair.shared else ""
    words = ", ".join(f"<code>{escape(s[:80])}</code>" for s in pair.shared)
    texts = zip(names, _side_by_side(*pair.texts), strict=True)
    sides = "".join(f"<div><strong>{escape(name)}</strong>{text}</div>" for name, text in texts)
    return (
        f"<details><summary>{100 * pair.likeness:.0f} % · {escape(names[0])} — {escape(names[1])}{rare}</summary>"
        f"{f'<p>Nearly nobody else writes: {words}</p>' if words else ''}<div class=two>{sides}</div></details>"
    )


def _side_by_side(first: str, second: str) -> list[str]:
    """Both texts, with the lines that are in the other one marked."""
    lines = [text.splitlines()[:MAX_LINES] for text in (first, second)]
    keys = [{_bare(line) for line in own} for own in lines]
    return [
        "<pre tabindex=0>" + "\n".join(_line(line, others) for line in own) + "</pre>"
        for own, others in zip(lines, reversed(keys), strict=True)
    ]


def _line(line: str, others: set[str]) -> str:
    text = escape(line[:200])
    return f"<mark>{text}</mark>" if len(_bare(line)) > 3 and _bare(line) in others else text


def _bare(line: str) -> str:
    return "".join(line.split())


def _problems(report: ClassReport) -> Iterator[str]:
    yield f"<section id=problems><h2>Problems ({len(report.problems)})</h2>"
    if report.problems:
        rows = [
            _row(p["student"] or "–", "", "", f"<td>{escape(p['file'])}</td><td class=wrap>{escape(p['reason'])}</td>")
            for p in report.problems[:MAX_PROBLEMS]
        ]
        if len(report.problems) > MAX_PROBLEMS:
            yield f"<p>The first {MAX_PROBLEMS} of them:</p>"
        yield _table("Problems", ["Student", "File", "What is wrong"], rows)
    else:
        yield "<p class=soft>None: everything that was handed in could be read.</p>"
    yield "</section>"
