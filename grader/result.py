"""What grading a submission gives: plain data, with a versioned JSON form (`result.schema.json`)."""

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "dlkit.result/1"


@dataclass(frozen=True)
class Diagnosis:
    """The mistake by its name (the known-wrong answer, or a generic pattern) and the sentence for the learner."""

    mistake: str
    message: str


@dataclass(frozen=True)
class Check:
    """One check: `status` is `passed`, `failed` (the learner's), `skipped` (could not run) or `error` (ours)."""

    name: str
    title: str
    status: str
    points: float
    max_points: float
    message: str = ""
    input: str = ""
    diagnosis: Diagnosis | None = None
    rerun: str = ""
    output: str = ""


@dataclass(frozen=True)
class Gpu:
    """Device checks; they never change the score."""

    status: str = "not_applicable"
    device: str | None = None
    reason: str = "numpy exercise"
    passed: int = 0
    total: int = 0
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Result:
    """The verdict on one submission to one exercise."""

    exercise: str
    slug: str
    title: str
    status: str
    score: float
    max_score: float
    seed: int
    device: str
    sandbox: str
    duration_s: float
    checks: tuple[Check, ...]
    grader: str
    gpu: Gpu = field(default_factory=Gpu)
    flags: tuple[dict[str, Any], ...] = ()
    output: str = ""
    message: str = ""  # what is wrong with the submission as a whole (it does not load, say)

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def to_json(self) -> dict[str, Any]:
        """The object that `dlkit check --json` prints."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Result":
        """The inverse of `to_json`. Raises KeyError or TypeError for another object."""
        values = {k: v for k, v in data.items() if k != "schema"}
        gpu = {**values["gpu"], "checks": tuple(map(_check, values["gpu"]["checks"]))}
        checks, flags = tuple(map(_check, values["checks"])), tuple(values["flags"])
        return cls(**{**values, "checks": checks, "gpu": Gpu(**gpu), "flags": flags})


def _check(data: dict[str, Any]) -> Check:
    diagnosis = data["diagnosis"]
    return Check(**{**data, "diagnosis": None if diagnosis is None else Diagnosis(**diagnosis)})
