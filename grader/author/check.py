"""`dlkit dev check`: an exercise is complete and says what it does. What is run is in prove.py."""

import ast
import doctest
import inspect
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..catalog import Catalog, Exercise
from ..sandbox import Parent
from ..suite import Suite
from ..wrong import load_module, wrong_answers
from .prove import WRONG_SEEDS, Proof
from .report import Report, short

TRACKS = "ABCDEFGHIJKLMNOPQR"
SECTIONS = ("Example", "Asked next")


def check_exercise(
    exercise: Exercise,
    catalog: Catalog,
    suite: Suite,
    parent: Parent,
    seeds: int,
    progress: Callable[[str], None] = lambda words: None,
    wrong_seeds: int = WRONG_SEEDS,
) -> Report:
    """All proofs for one exercise."""
    report = Report(exercise.stem)
    started = time.monotonic()
    for part in (_index_entry, _files, _signatures, _statement, _weights):
        report.problems += list(part(exercise, catalog, suite))
    if report.problems:
        return report
    proof = Proof(exercise, suite, parent, report, progress, wrong_seeds)
    proof.stub()
    proof.right_answers(seeds)
    proof.wrong_answers()
    report.seconds = time.monotonic() - started
    return report


def _index_entry(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    where = f"exercises/index.toml, {exercise.stem}"
    slugs = {e.slug for e in catalog}
    if exercise.track[:1] not in TRACKS or not re.fullmatch(r"[A-R] [A-Z].+", exercise.track):
        yield f"{where}: track is {exercise.track!r}; write it as in the other entries, `A Foundations`."
    if exercise.framework not in ("numpy", "torch"):
        yield f"{where}: framework is {exercise.framework!r}; it is numpy or torch."
    if exercise.level not in range(1, 6):
        yield f"{where}: level is {exercise.level}; it is 1 (warm-up) to 5 (hard)."
    if len(exercise.hints) != 3 or not all(h.strip() for h in exercise.hints):
        yield f"{where}: {len(exercise.hints)} hints; write three: a question, a direction, nearly the answer."
    if not exercise.sources:
        yield f"{where}: no sources; name the paper or the library convention."
    if not exercise.questions:
        yield f"{where}: no questions; which interview questions does it answer?"
    for slug in exercise.prerequisites:
        if slug not in slugs | catalog.planned:
            yield f"{where}: prerequisite `{slug}` is no exercise, and is not among the `planned` ones."


def _files(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    for path in (exercise.stub, exercise.solution, exercise.right, exercise.wrong, exercise.tests):
        if not path.is_file():
            yield f"{short(path, exercise)} is missing; `dlkit dev new` writes all files."


def _signatures(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    stub = _defined(exercise.stub)
    solution = _defined(exercise.solution)
    right = _defined(exercise.right)
    for name, (line, signature) in stub.items():
        if name not in solution:
            yield f"{short(exercise.solution, exercise)}: `{name}` is missing."
        elif solution[name][1] != signature:
            yield (
                f"{short(exercise.solution, exercise)}, line {solution[name][0]}: `{name}` differs from the stub"
                f" (line {line}): {solution[name][1]} against {signature}."
            )
        if name in right and _parameters(right[name][1]) != _parameters(signature):
            yield f"{short(exercise.right, exercise)}, line {right[name][0]}: `{name}` has other parameters."
    answers, _ = wrong_answers(exercise)
    reference = load_module(exercise.solution, f"dlkit.solutions.{exercise.stem}")
    for answer in answers:
        for name, value in answer.overrides.items():
            theirs, ours = _parameter_names(value), _parameter_names(getattr(reference, name, None))
            if ours is None:
                yield f"{short(exercise.wrong, exercise)}: {answer.name} replaces `{name}`, which is not there."
            elif theirs != ours:
                yield f"{short(exercise.wrong, exercise)}: {answer.name} takes {theirs}, `{name}` takes {ours}."


def _defined(path: Path) -> dict[str, tuple[int, str]]:
    """Public functions and methods at the top of a file: name -> line, signature."""
    found: dict[str, tuple[int, str]] = {}
    for node in ast.parse(path.read_text("utf-8"), str(path)).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found[node.name] = (node.lineno, _signature(node))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found[node.name] = (node.lineno, "class")
            for method in node.body:
                public = isinstance(method, ast.FunctionDef) and (
                    not method.name.startswith("_") or method.name in ("__init__", "__call__")
                )
                if public:
                    assert isinstance(method, ast.FunctionDef)
                    found[f"{node.name}.{method.name}"] = (method.lineno, _signature(method))
    return found


def _signature(node: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}"


def _parameters(signature: str) -> list[str]:
    if not signature.startswith("("):
        return []
    arguments = ast.parse(f"def f{signature.split(' -> ')[0]}: pass").body[0].args  # type: ignore[attr-defined]
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _parameter_names(value: Any) -> list[str] | None:
    if value is None:
        return None
    try:
        return list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return []


def _statement(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    file, text = short(exercise.stub, exercise), exercise.statement
    if not text:
        yield f"{file}: no docstring; the statement belongs there."
    for section in SECTIONS:
        if section not in text:
            yield f"{file}: the statement has no `{section}` part."
    for name in exercise.names:
        if f"`{name}(" not in text and f"`{name}`" not in text and f"class `{name}" not in text:
            yield f"{file}: the statement does not describe `{name}(…)`."
    if "ValueError" in exercise.tests.read_text("utf-8") and "ValueError" not in text:
        yield f"{file}: the checks expect ValueError, the statement does not mention it."
    if any(len(line) > 120 for line in text.splitlines()):
        yield f"{file}: the statement has lines of more than 120 characters."
    example = doctest.DocTestParser().get_examples(text)
    if not example:
        yield f"{file}: no worked example; write one as `>>> …` lines."
    yield from _run_examples(exercise, text)


def _run_examples(exercise: Exercise, text: str) -> Iterator[str]:
    reference = load_module(exercise.solution, f"dlkit.solutions.{exercise.stem}")
    stub_space = vars(load_module(exercise.stub, f"dlkit_stub_{exercise.stem}"))
    space = {**stub_space, **vars(reference)}
    parsed = doctest.DocTestParser().get_doctest(text, space, exercise.stem, str(exercise.stub), 0)
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(parsed, out=output.append)
    if runner.failures:
        yield f"{short(exercise.stub, exercise)}: an example disagrees with the reference.\n{''.join(output)}"


def _weights(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    file = short(exercise.tests, exercise)
    names = [*suite.checks(exercise), *suite.device_checks(exercise)]
    described = [suite.describe(exercise, name) for name in names]
    device_checks = suite.device_checks(exercise)
    if exercise.framework == "torch" and not device_checks:
        yield f"{file}: no @device_check; a torch exercise shows parity, gradients and discipline (see CONTRIBUTING)."
    total = sum(points for _, _, points in described)
    if total != 100:
        yield f"{file}: the points add up to {total:g}, not to 100."
    for name, title, points in described:
        if points <= 0 and name not in device_checks:
            yield f"{file}: test_{name} has no @points."
        if title == name or not title.endswith((".", "?")):
            yield f"{file}: test_{name} needs a docstring, one sentence that is true when it passes."
