"""`dlkit dev check`: prove that an exercise is sound. What is wrong is said with file, line and the next step."""

import ast
import doctest
import inspect
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..candidate.proxy import Submission
from ..catalog import Catalog, Exercise
from ..local import answer_session
from ..result import Result
from ..runner import Options, Replays, grade_with
from ..sandbox import Parent
from ..submission import submission
from ..suite import Suite
from ..wrong import WrongAnswer, as_submission, load_module, wrong_answers
from .on_device import DEVICES, device_failures

TRACKS = "ABCDEFGHIJKLMNOPQR"
SECTIONS = ("Example", "Asked next")
SANDBOXED_SEEDS = 3  # the first seeds of right answers run in a real candidate, the others in this process
WRONG_SEEDS = 3
# Seconds of processor time for one run of an exercise's checks, with the reference, in this process. The least of
# several runs counts: a busy machine changes nothing.
BUDGETS = {"numpy": 1.0, "torch": 3.0}


@dataclass
class Report:
    """What `dev check` found for one exercise."""

    stem: str
    problems: list[str] = field(default_factory=list)
    checks: int = 0
    right: int = 0  # right answers, the reference included
    wrong: int = 0
    seeds: int = 0
    seconds: float = 0.0  # of all proofs
    run_seconds: float = 0.0  # processor time of one run of all checks


def check_exercise(
    exercise: Exercise,
    catalog: Catalog,
    suite: Suite,
    parent: Parent,
    seeds: int,
    progress: Callable[[str], None] = lambda words: None,
) -> Report:
    """All proofs for one exercise."""
    report = Report(exercise.stem)
    started = time.monotonic()
    for part in (_index_entry, _files, _signatures, _statement, _weights):
        report.problems += list(part(exercise, catalog, suite))
    if report.problems:
        return report
    proof = _Proof(exercise, suite, parent, report, progress)
    proof.stub()
    proof.right_answers(seeds)
    proof.wrong_answers()
    report.seconds = time.monotonic() - started
    return report


# The parts that are read, not run


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
            yield f"{_short(path, exercise)} is missing; `dlkit dev new` writes all files."


def _signatures(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    stub = _defined(exercise.stub)
    solution = _defined(exercise.solution)
    right = _defined(exercise.right)
    for name, (line, signature) in stub.items():
        if name not in solution:
            yield f"{_short(exercise.solution, exercise)}: `{name}` is missing."
        elif solution[name][1] != signature:
            yield (
                f"{_short(exercise.solution, exercise)}, line {solution[name][0]}: `{name}` differs from the stub"
                f" (line {line}): {solution[name][1]} against {signature}."
            )
        if name in right and _parameters(right[name][1]) != _parameters(signature):
            yield f"{_short(exercise.right, exercise)}, line {right[name][0]}: `{name}` has other parameters."
    answers, _ = wrong_answers(exercise)
    reference = load_module(exercise.solution, f"dlkit.solutions.{exercise.stem}")
    for answer in answers:
        for name, value in answer.overrides.items():
            theirs, ours = _parameter_names(value), _parameter_names(getattr(reference, name, None))
            if ours is None:
                yield f"{_short(exercise.wrong, exercise)}: {answer.name} replaces `{name}`, which is not there."
            elif theirs != ours:
                yield f"{_short(exercise.wrong, exercise)}: {answer.name} takes {theirs}, `{name}` takes {ours}."


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
    file, text = _short(exercise.stub, exercise), exercise.statement
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
        yield f"{_short(exercise.stub, exercise)}: an example disagrees with the reference.\n{''.join(output)}"


def _weights(exercise: Exercise, catalog: Catalog, suite: Suite) -> Iterator[str]:
    file = _short(exercise.tests, exercise)
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


# The parts that are run


class _Proof:
    def __init__(
        self, exercise: Exercise, suite: Suite, parent: Parent, report: Report, progress: Callable[[str], None]
    ) -> None:
        self._exercise = exercise
        self._suite = suite
        self._parent = parent
        self._report = report
        self._progress = progress
        self._replays: Replays = {}
        report.checks = len(suite.checks(exercise))

    def _problem(self, words: str) -> None:
        if words not in self._report.problems:
            self._report.problems.append(words)

    def _grade(self, answer: Submission, seed: int, diagnose: bool = False) -> Result:
        options = Options(seed, diagnose=diagnose, diagnosis_seconds=1e6)
        return grade_with(self._suite, self._parent, self._exercise, answer, options, replays=self._replays)

    def stub(self) -> None:
        self._progress("stub")
        source = self._exercise.stub.read_text("utf-8")
        result = self._grade(submission(self._exercise, ((self._exercise.stub.name, source),)), 0)
        if result.status != "not_started" or result.score:
            first = next((c.message for c in result.checks if c.status != "passed"), result.message)
            self._problem(
                f"{_short(self._exercise.stub, self._exercise)}: the stub is {result.status}, {result.score:g} points;"
                f" every function should raise NotImplementedError. {first}"
            )

    def right_answers(self, seeds: int) -> None:
        exercise = self._exercise
        reference = exercise.solution.read_text("utf-8")
        for path in (exercise.solution, exercise.right):
            for label, source in _alternatives(path, reference):
                self._report.right += 1
                self._right_answer(label, path, source, reference, seeds)
        self._report.seeds = seeds
        self._time()

    def _time(self) -> None:
        """The checks of the reference, within their budget."""
        took = []
        for seed in range(3):
            session = answer_session(self._exercise, {}, seed)
            started = time.process_time()
            self._suite.run(self._exercise, session, seed)
            took.append(time.process_time() - started)
        self._report.run_seconds = min(took)
        budget = BUDGETS[self._exercise.framework]
        if min(took) > budget:
            file = _short(self._exercise.tests, self._exercise)
            self._problem(f"{file}: one run takes {min(took):.2f} s of processor time; the budget is {budget:g} s.")

    def _right_answer(self, label: str, path: Path, source: str, reference: str, seeds: int) -> None:
        """An alternative may leave functions out: those are the reference's."""
        units = ((path.name, source),) if path == self._exercise.solution else (
            (self._exercise.stem + ".py", reference), (label, source)
        )  # fmt: skip
        answer = submission(self._exercise, units)
        for seed in range(min(seeds, SANDBOXED_SEEDS)):
            self._progress(f"{label}, seed {seed}, sandboxed")
            result = self._grade(answer, seed)
            if result.status != "passed":
                bad = next((c for c in result.checks if c.status != "passed"), None)
                words = f"{bad.name}: {bad.message}" if bad else result.message
                flags = f" {[f['message'] for f in result.flags]}" if result.flags else ""
                self._problem(f"{label}: {result.status}, {result.score:g} points with seed {seed}. {words}{flags}")
                return
        self._right_on_devices(label, answer, min(seeds, SANDBOXED_SEEDS))
        namespace: dict[str, Any] = {}
        if path != self._exercise.solution:
            exec(compile(source, label, "exec", dont_inherit=True), namespace)
        overrides = {n: v for n, v in namespace.items() if not n.startswith("__")}
        for seed in range(SANDBOXED_SEEDS, seeds):
            if seed % 10 == 0:
                self._progress(f"{label}, seed {seed}")
            session = answer_session(self._exercise, overrides, seed)
            for record in self._suite.run(self._exercise, session, seed).values():
                if record.outcome != "passed":
                    self._problem(f"{label}: {record.name} fails with seed {seed}: {record.error}")
                    return
            session.close()

    def _right_on_devices(self, label: str, answer: Submission, seeds: int) -> None:
        if not self._suite.device_checks(self._exercise):
            return
        for device in DEVICES:
            for seed in range(seeds):
                self._progress(f"{label}, seed {seed}, on {device}")
                failures = device_failures(self._suite, self._parent, self._exercise, answer, seed, device)
                for name, words in failures.items():
                    self._problem(f"{label}: {name} does not pass on {device} with seed {seed}. {words}")

    def wrong_answers(self) -> None:
        answers, beliefs = wrong_answers(self._exercise)
        self._report.wrong = len(answers)
        file = _short(self._exercise.wrong, self._exercise)
        if not answers:
            self._problem(f"{file}: no known-wrong answer.")
        for answer in answers:
            if not answer.message:
                self._problem(f"{file}: {answer.name} has no docstring; the learner reads it.")
            for seed in range(WRONG_SEEDS):
                self._progress(f"{answer.name}, seed {seed}")
                if not self._wrong_answer(answer, seed, file):
                    break
        names = {*self._suite.checks(self._exercise), *self._suite.device_checks(self._exercise)}
        for belief in beliefs:
            if belief.check not in names:
                self._problem(f"{file}: belief {belief.name} names the check {belief.check}, which does not exist.")
        needed = {check for answer in answers for check in answer.fails}
        for check in sorted(names - needed):
            self._problem(f"{file}: no known-wrong answer needs the check `{check}`; write one that only it rejects.")

    def _wrong_answer(self, answer: WrongAnswer, seed: int, file: str) -> bool:
        """The first seed in a real candidate, with the diagnosis; the others in this process."""
        if seed > 0 and set(answer.fails) <= set(self._suite.checks(self._exercise)):
            session = answer_session(self._exercise, answer.overrides, seed)
            records = self._suite.run(self._exercise, session, seed)
            outcome = {r.name: str(r.error) for r in records.values() if r.outcome != "passed"}
            return self._fails_exactly(answer, seed, file, outcome, "")
        submitted = as_submission(self._exercise, answer)
        result = self._grade(submitted, seed, diagnose=True)
        outcome = {c.name: c.message for c in result.checks if c.status != "passed"}
        only_there = set(answer.fails) & set(self._suite.device_checks(self._exercise))
        if only_there:
            outcome |= device_failures(self._suite, self._parent, self._exercise, submitted, seed, "sim")
        if not self._fails_exactly(answer, seed, file, outcome, result.message):
            return False
        if only_there:  # numbers do not tell on which device they were computed: the check's own words do
            return True
        named = {c.diagnosis.mistake for c in result.checks if c.diagnosis}
        if answer.name not in named:
            self._problem(f"{file}: {answer.name} is diagnosed as {sorted(named) or 'nothing'} with seed {seed}.")
            return False
        return True

    def _fails_exactly(
        self, answer: WrongAnswer, seed: int, file: str, outcome: dict[str, str], message: str
    ) -> bool:  # fmt: skip
        if set(outcome) == set(answer.fails):
            return True
        surprising = set(outcome) ^ set(answer.fails)
        details = "; ".join(f"{name}: {words[:200]}" for name, words in outcome.items() if name in surprising)
        self._problem(
            f"{file}: {answer.name} says fails={sorted(answer.fails)}, but with seed {seed} it fails"
            f" {sorted(outcome)}. {message[:300]} {details}".replace("\n", " ")
        )
        return False


def _alternatives(path: Path, reference: str) -> list[tuple[str, str]]:
    """Right answers of a file: the whole file, or each part that starts with a line `# --- name`."""
    text = path.read_text("utf-8")
    parts = re.split(r"^# --- (.+)$", text, flags=re.MULTILINE)
    if len(parts) == 1:
        return [(path.name, text)]
    head = parts[0]
    return [(f"{path.name} ({n.strip()})", head + body) for n, body in zip(parts[1::2], parts[2::2], strict=True)]


def _short(path: Path, exercise: Exercise) -> str:
    return str(path.relative_to(exercise.root))
