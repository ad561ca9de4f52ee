"""The pytest plugin behind the hidden tests: fixtures `candidate`, `tensor`, `device`, `rng`, `case`, and the marks.

The runner drives it (runner.py). It also works alone, with everything in one process, for a debugger:

    python -m pytest -p dlkit.grader.plugin --import-mode=importlib --submission my.py FILE
"""

import contextlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest

from .candidate.proxy import CandidateDied, CandidateProxy, Enough, LearnerError, Session
from .compare import Mismatch

F = TypeVar("F", bound=Callable[..., Any])


def points(value: float) -> Callable[[F], F]:
    """How much a check weighs; an exercise's points add up to 100."""

    def mark(test: F) -> F:
        test.dlkit_points = value  # type: ignore[attr-defined]
        return test

    return mark


def device_check(test: F) -> F:
    """Mark a check that runs on a device (`cuda`, `sim`), beside the score: it has no points."""
    test.dlkit_device_check = True  # type: ignore[attr-defined]
    return test


def needs(*checks: str) -> Callable[[F], F]:
    """Skip a check that would only repeat the failure of another one."""

    def mark(test: F) -> F:
        test.dlkit_needs = checks  # type: ignore[attr-defined]
        return test

    return mark


@dataclass
class Case:
    """One case of a check: how it ended and the calls that it made."""

    name: str
    error: BaseException | None = None


@dataclass
class Record:
    """What one check did: its outcome, error, cases and the calls it made."""

    name: str
    title: str
    max_points: float
    outcome: str = "passed"  # passed, failed, skipped, error; stopped: a replay that went on as long as it was needed
    error: BaseException | None = None
    reason: str = ""
    cases: list[Case] = field(default_factory=list)
    candidate: CandidateProxy | None = None
    output: str = ""
    runs: list[bool] = field(default_factory=list)  # one entry per parametrized run
    ending: object | None = None  # where memory.py has it

    @classmethod
    def of(cls, item: pytest.Function) -> "Record":
        """The empty record of a check: its docstring is the line the learner reads."""
        title = " ".join((item.function.__doc__ or check_name(item)).split())
        return cls(check_name(item), title, getattr(item.function, "dlkit_points", 0.0))

    @property
    def fraction(self) -> float:
        """The share of the cases that passed."""
        if self.cases:
            # A failure outside of every case (an input that was modified, say) weighs as a case of its own.
            outside = self.error is not None and all(c.error is not self.error for c in self.cases)
            return sum(c.error is None for c in self.cases) / (len(self.cases) + outside)
        return sum(self.runs) / len(self.runs) if self.runs else 0.0


def lighten(error: BaseException, most: int) -> None:
    """Let a failure go of its frames and of values of more than `most` bytes (-1: of all): a submission sent them."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    if isinstance(error, Mismatch) and any(_size(v) > most for v in (error.actual, error.expected)):
        error.actual = error.expected = None


def _size(value: Any) -> int:
    """Bytes of an array or a tensor, or of those in a container."""
    if isinstance(value, list | tuple | dict):
        return sum(map(_size, value.values() if isinstance(value, dict) else value))
    ours = type(value).__module__.partition(".")[0] in ("numpy", "torch")  # a handle would ask its candidate
    return int(getattr(value, "nbytes", 0)) if ours else 0


class Grading:
    """One run of a set of checks against one session; the fixtures look here."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.seed = seed
        self.records: dict[str, Record] = {}
        self.current: Record | None = None

    def begin(self, item: pytest.Function) -> None:
        self.current = self.records.setdefault(check_name(item), Record.of(item))
        for other in needed(item):
            if not self.passed(other):
                pytest.skip(f"needs the check `{other}`, which did not pass")

    def passed(self, check: str) -> bool:
        """Whether a check passed, or was not run."""
        return check not in self.records or self.records[check].outcome == "passed"

    def failed_case(self) -> BaseException | None:
        """The error of the first case that failed, if any."""
        cases = self.current.cases if self.current else []
        return next((c.error for c in cases if c.error is not None), None)

    def end(self, error: BaseException | None) -> None:
        """Note how the current check (or one of its parametrized runs) ended."""
        record = self.current
        assert record is not None
        record.output += self.session.collect_output()
        record.runs.append(error is None)
        if error is None:
            return
        if isinstance(error, Enough):
            record.outcome = "stopped"
            return
        if record.error is None:
            record.error = error
        if isinstance(error, pytest.skip.Exception):
            record.outcome, record.reason = "skipped", str(error)
        elif isinstance(error, AssertionError | LearnerError | CandidateDied):
            record.outcome = "failed"
        else:
            record.outcome = "error"


GRADING = pytest.StashKey[Grading]()


def needed(item: pytest.Function) -> tuple[str, ...]:
    """The checks that it needs to have passed."""
    return getattr(item.function, "dlkit_needs", ())


def check_name(item: pytest.Item) -> str:
    return getattr(item, "originalname", item.name).removeprefix("test_")


def _grading(request: pytest.FixtureRequest) -> Grading:
    return request.config.stash[GRADING]


@pytest.fixture
def candidate(request: pytest.FixtureRequest) -> CandidateProxy:
    """The submission: `candidate.softmax(x)` calls the learner's function in its own process."""
    grading = _grading(request)
    proxy = CandidateProxy(grading.session)
    if grading.current is not None:
        if grading.current.candidate is not None:  # parametrized: keep one list of calls
            proxy.calls = grading.current.candidate.calls
        grading.current.candidate = proxy
    return proxy


class CheckGenerator(np.random.Generator):
    """The check's own: it cannot be sent, for its state would come back as the submission wants it."""


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that depend on the run's seed and on the check, and on nothing else."""
    grading = _grading(request)
    return CheckGenerator(np.random.PCG64([grading.seed, zlib.crc32(request.node.name.encode())]))


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """Where the candidate puts the tensors of this run: `cpu`, `sim` or `cuda`."""
    return _grading(request).session.device


@pytest.fixture
def tensor() -> Callable[..., Any]:
    """`tensor(values, dtype=None)`: a torch tensor, float64 unless said otherwise.

    It lies on the CPU here; sent to the candidate, it goes to the device of this run.
    """
    import torch

    def make(values: Any, dtype: Any = None, **options: Any) -> Any:
        array = np.asarray(values)
        dtype = dtype or (torch.float64 if array.dtype.kind == "f" else None)
        return torch.tensor(array, dtype=dtype, **options)

    return make


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """`with case("axis=0"): …` — a case that fails costs its share of the points, and the others still run."""
    grading = _grading(request)

    @contextlib.contextmanager
    def run(name: str) -> Iterator[None]:
        record, proxy = grading.current, None
        entry = Case(name)
        if record is not None:
            record.cases.append(entry)
            proxy = record.candidate
        if proxy is not None:
            proxy.case = name
        try:
            yield
        except (AssertionError, LearnerError, CandidateDied) as error:
            entry.error = error
            if grading.failed_case() is not error:  # only the first is told at length
                lighten(error, -1)
        except Exception as error:  # unforeseen: it ends the check, and this case has certainly not passed
            entry.error = error
            raise
        finally:
            if proxy is not None:
                proxy.case = None

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dlkit")
    group.addoption("--submission", help="grade this file, in pytest's own process (trusted code only)")
    group.addoption("--dlkit-seed", type=int, default=0, help="seed of the random inputs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Alone, with --submission: the exercise is that of the test file."""
    file = config.getoption("--submission", None)
    if file and items and GRADING not in config.stash:
        from .local import local_session

        seed = config.getoption("--dlkit-seed")
        config.stash[GRADING] = Grading(local_session(items[0].path.stem, file, seed), seed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Before the fixtures: open the check's record; skip it where a check it needs did not pass."""
    grading = item.config.stash.get(GRADING, None)
    if grading is None or not isinstance(item, pytest.Function):
        return (yield)
    with _noted(grading):
        grading.begin(item)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Around the check: note how it ended, also for cases that failed inside."""
    grading = item.config.stash.get(GRADING, None)
    if grading is None or not isinstance(item, pytest.Function):
        return (yield)
    with _noted(grading):
        yield
        failed = grading.failed_case()
        if failed is not None:
            raise failed
    grading.end(None)


@contextlib.contextmanager
def _noted(grading: Grading) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        grading.end(error)
        raise
