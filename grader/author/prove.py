"""What `dlkit dev check` runs: the stub, every right answer on every seed, every known-wrong answer.

Each right answer runs as a submission does, in a real candidate, on the first seeds, and so do the first known-wrong
answers. All others run in this process, through the same wire: a fork for each would take most of the time.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import diagnose
from ..candidate.source import Submission
from ..candidate.wire import pack
from ..catalog import Exercise
from ..local import answer_session
from ..memory import Memory
from ..options import Options
from ..plugin import Record
from ..result import Result
from ..runner import grade_with, public_seed
from ..sandbox import Parent
from ..submission import submission
from ..suite import Suite
from ..wrong import WrongAnswer, as_submission, wrong_answers
from .on_device import DEVICES, device_failures
from .report import Report, short

SANDBOXED_SEEDS = 3
SANDBOXED_WRONG = 3
WRONG_SEEDS = 3
UNLIMITED = 1e6  # seconds: a proof does not depend on how busy the machine is
# Seconds of processor time for one run of an exercise's checks, with the reference, in this process. The least of
# several runs counts: a busy machine changes nothing.
BUDGETS = {"numpy": 1.0, "torch": 3.0}
Records = dict[str, Record]


class Proof:
    """All of it for one exercise; what is not as it should be goes into the report."""

    def __init__(
        self, exercise: Exercise, suite: Suite, parent: Parent, report: Report, progress: Callable[[str], None],
        wrong_seeds: int = WRONG_SEEDS,
    ) -> None:  # fmt: skip
        self._wrong_seeds = wrong_seeds
        self._exercise = exercise
        self._suite = suite
        self._parent = parent
        self._report = report
        self._progress = progress
        self._memory = Memory()
        self._device_checks = suite.device_checks(exercise)
        report.checks = len(suite.checks(exercise))

    def stub(self) -> None:
        self._progress("stub")
        file = short(self._exercise.stub, self._exercise)
        source = self._exercise.stub.read_text("utf-8")
        result = self._grade(submission(self._exercise, ((self._exercise.stub.name, source),)), 0)
        if result.status != "not_started" or result.score:
            first = next((c.message for c in result.checks if c.status != "passed"), result.message)
            self._report.add(
                f"{file}: the stub is {result.status}, {result.score:g} points;"
                f" every function should raise NotImplementedError. {first}"
            )

    def right_answers(self, seeds: int) -> None:
        """Full marks on every seed. An alternative may leave functions out: those are the reference's."""
        exercise = self._exercise
        reference = exercise.solution.read_text("utf-8")
        self._report.seeds = seeds
        for path in (exercise.solution, exercise.right):
            for label, source in alternatives(path, reference):
                self._report.right += 1
                alone = path == exercise.solution
                units = ((path.name, source),) if alone else ((exercise.stem + ".py", reference), (label, source))
                answer = submission(exercise, units)
                if self._right_in_sandbox(label, answer, min(seeds, SANDBOXED_SEEDS)):
                    self._right_on_devices(label, answer, min(seeds, SANDBOXED_SEEDS))
                    self._right_here(label, {} if alone else _definitions(source, label), seeds)
        self._reference_runs()

    def _right_in_sandbox(self, label: str, answer: Submission, seeds: int) -> bool:
        for seed in range(seeds):
            self._progress(f"{label}, seed {seed}, sandboxed")
            result = self._grade(answer, seed)
            if result.status != "passed":
                bad = next((c for c in result.checks if c.status != "passed"), None)
                words = f"{bad.name}: {bad.message}" if bad else result.message
                flags = f" {[f['message'] for f in result.flags]}" if result.flags else ""
                self._report.add(f"{label}: {result.status}, {result.score:g} points with seed {seed}. {words}{flags}")
                return False
        return True

    def _right_on_devices(self, label: str, answer: Submission, seeds: int) -> None:
        for device in DEVICES if self._device_checks else ():
            for seed in range(seeds):
                self._progress(f"{label}, seed {seed}, on {device}")
                failures = device_failures(self._suite, self._parent, self._exercise, answer, seed, device)
                for name, words in failures.items():
                    self._report.add(f"{label}: {name} does not pass on {device} with seed {seed}. {words}")

    def _right_here(self, label: str, overrides: dict[str, Any], seeds: int) -> None:
        for seed in range(SANDBOXED_SEEDS, seeds):
            if seed % 10 == 0:
                self._progress(f"{label}, seed {seed}")
            for record in self._run(overrides, seed).values():
                if record.outcome != "passed":
                    self._report.add(f"{label}: {record.name} fails with seed {seed}: {record.error}")
                    return

    def _reference_runs(self) -> None:
        """The checks of the reference: within their budget, and with one seed they ask the same each time."""
        took, asked = [], []
        for seed in (0, 0, 1):
            started = time.process_time()
            records = self._run({}, seed)
            took.append(time.process_time() - started)
            asked.append({name: _questions(record) for name, record in records.items()})
        self._report.run_seconds = min(took)
        budget = BUDGETS[self._exercise.framework]
        file = short(self._exercise.tests, self._exercise)
        if min(took) > budget:
            self._report.add(f"{file}: one run takes {min(took):.2f} s of processor time; the budget is {budget:g} s.")
        for name in [n for n in asked[0] if asked[0][n] != asked[1][n]]:
            self._report.add(
                f"{file}: {name} asks for different things in two runs with one seed. Draw from `rng` alone, and let no"
                " clock, address or order of a set in."
            )

    def wrong_answers(self) -> None:
        """Each fails exactly the checks that it names, and is named by the diagnosis."""
        answers, beliefs = wrong_answers(self._exercise)
        self._report.wrong = len(answers)
        file = short(self._exercise.wrong, self._exercise)
        if not answers:
            self._report.add(f"{file}: no known-wrong answer.")
        for answer in answers:
            if not answer.message:
                self._report.add(f"{file}: {answer.name} has no docstring; the learner reads it.")
        on_device = [a for a in answers if set(a.fails) & set(self._device_checks)]
        with_points = [a for a in answers if self._points_lost(a)]
        self._wrong_here(with_points)
        for answer in [a for a in with_points if a not in on_device][:SANDBOXED_WRONG]:
            self._wrong_in_sandbox(answer)
        for answer in on_device:
            self._wrong_on_device(answer)
        names = {*self._suite.checks(self._exercise), *self._device_checks}
        for belief in beliefs:
            if belief.check not in names:
                self._report.add(f"{file}: belief {belief.name} names the check {belief.check}, which does not exist.")
        needed = {check for answer in answers for check in answer.fails}
        for check in sorted(names - needed):
            self._report.add(
                f"{file}: no known-wrong answer needs the check `{check}`; write one that only it rejects."
            )

    def _wrong_here(self, answers: list[WrongAnswer]) -> None:
        """Several seeds in this process. The diagnosis of one answer compares it with what the others did."""
        sound = list(answers)
        for seed in reversed(range(self._wrong_seeds)):  # the runs of seed 0 are kept for the diagnosis
            runs: dict[str | None, Records] = {None: self._run({}, seed)}
            for answer in answers:
                self._progress(f"{answer.name}, seed {seed}")
                runs[answer.name] = records = self._run(answer.overrides, seed)
                failed = _failures(records)
                if answer in sound and not self._fails_exactly(answer, seed, failed, self._points_lost(answer)):
                    sound.remove(answer)
        for name, records in runs.items():  # for the diagnosis of those that run sandboxed
            self._memory.replays |= {(self._exercise.stem, 0, c, name): record for c, record in records.items()}
        for answer in sound:
            self._progress(f"{answer.name}, its diagnosis")
            self._diagnosed(answer, runs)

    def _diagnosed(self, answer: WrongAnswer, runs: dict[str | None, Records]) -> None:
        def replay(check: str, other: WrongAnswer | None, against: Record | None) -> Record | None:
            return runs[other.name if other else None].get(check) if not other or other.name in runs else None

        failed = [r for r in runs[answer.name].values() if r.outcome in ("failed", "error")]
        found = diagnose.diagnose(self._exercise, failed, replay, UNLIMITED)
        self._is_named(answer, {d.mistake for d in found.values()}, 0)

    def _wrong_in_sandbox(self, answer: WrongAnswer) -> None:
        result = self._grade(as_submission(self._exercise, answer), 0, diagnose=True)
        failed = {c.name: c.message for c in result.checks if c.status != "passed"}
        if self._fails_exactly(answer, 0, failed, set(answer.fails), result.message):
            self._is_named(answer, {c.diagnosis.mistake for c in result.checks if c.diagnosis}, 0)

    def _wrong_on_device(self, answer: WrongAnswer) -> None:
        """Numbers do not tell on which device they were computed: there, the check's own words are the diagnosis."""
        submitted = as_submission(self._exercise, answer)
        for seed in range(self._wrong_seeds):
            self._progress(f"{answer.name}, seed {seed}, on sim")
            records = self._run(answer.overrides, seed)
            failed = _failures(records)
            failed |= device_failures(self._suite, self._parent, self._exercise, submitted, seed, "sim")
            if not self._fails_exactly(answer, seed, failed, set(answer.fails)):
                return

    def _points_lost(self, answer: WrongAnswer) -> set[str]:
        """The checks with points that it names."""
        return set(answer.fails) - set(self._device_checks)

    def _fails_exactly(
        self, answer: WrongAnswer, seed: int, failed: dict[str, str], expected: set[str], message: str = ""
    ) -> bool:
        if set(failed) == expected:
            return True
        file = short(self._exercise.wrong, self._exercise)
        surprising = set(failed) ^ expected
        details = "; ".join(f"{name}: {words[:200]}" for name, words in failed.items() if name in surprising)
        self._report.add(
            f"{file}: {answer.name} says fails={sorted(expected)}, but with seed {seed} it fails"
            f" {sorted(failed)}. {message[:300]} {details}".replace("\n", " ")
        )
        return False

    def _is_named(self, answer: WrongAnswer, named: set[str], seed: int) -> None:
        if answer.name not in named:
            file = short(self._exercise.wrong, self._exercise)
            self._report.add(f"{file}: {answer.name} is diagnosed as {sorted(named) or 'nothing'} with seed {seed}.")

    # Runs

    def _grade(self, answer: Submission, seed: int, diagnose: bool = False) -> Result:
        """As a learner's file is graded."""
        options = Options(seed, diagnose=diagnose, diagnosis_seconds=UNLIMITED)
        return grade_with(self._suite, self._parent, self._exercise, answer, options, memory=self._memory)

    def _run(self, overrides: dict[str, Any], seed: int) -> Records:
        """The reference with some names replaced, in this process."""
        session = answer_session(self._exercise, overrides, public_seed(seed))
        try:
            return self._suite.run(self._exercise, session, seed)
        finally:
            session.close()


def _questions(record: Record) -> list[tuple[str, bytes, list[bytes]]]:
    """What was asked, so that it can be compared: packed, NaN equals itself."""
    calls = record.candidate.calls if record.candidate else []
    return [(call.target, pack(call.payload[0]), call.payload[1]) for call in calls]


def _failures(records: Records) -> dict[str, str]:
    return {r.name: str(r.error) for r in records.values() if r.outcome != "passed"}


def _definitions(source: str, label: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(source, label, "exec", dont_inherit=True), namespace)
    return {n: v for n, v in namespace.items() if not n.startswith("__")}


def alternatives(path: Path, reference: str) -> list[tuple[str, str]]:
    """Right answers of a file: the whole file, or each part that starts with a line `# --- name`."""
    text = path.read_text("utf-8")
    parts = re.split(r"^# --- (.+)$", text, flags=re.MULTILINE)
    if len(parts) == 1:
        return [(path.name, text)]
    head = parts[0]
    return [(f"{path.name} ({n.strip()})", head + body) for n, body in zip(parts[1::2], parts[2::2], strict=True)]
