"""Checks that are not run again on replies seen before: the same results, for every student their own."""

import ast
import itertools

import pytest

from dlkit.grader import memory as memories
from dlkit.grader.author.mutants import mutants
from dlkit.grader.candidate.proxy import Exchange, raised_by
from dlkit.grader.catalog import catalog
from dlkit.grader.memory import Memory, digest
from dlkit.grader.options import Options
from dlkit.grader.runner import grade_with
from dlkit.grader.sandbox import start
from dlkit.grader.submission import submission
from dlkit.grader.suite import with_suite

SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
SEED = 7


@pytest.fixture(scope="module")
def parent():
    with start("auto", ["numpy"]) as parent:
        yield parent


@pytest.fixture
def graded(parent):
    """A function: results of sources, one after the other, with one memory (None: with none)."""

    def grade(sources, memory, exercise=SOFTMAX):
        def work(suite):
            for source in sources:
                answer = submission(exercise, ((f"{exercise.stem}.py", source),))
                result = grade_with(suite, parent, exercise, answer, Options(SEED), memory=memory).to_json()
                yield {k: v for k, v in result.items() if k != "duration_s"}

        return with_suite([exercise], lambda suite: list(work(suite)))

    return grade


CRASHES = RIGHT + "\nimport os\n_softmax = softmax\ndef softmax(x, axis=-1, temperature=1.0):\n"
CLASSES = {
    "softmax": [
        RIGHT, SOFTMAX.stub.read_text("utf-8"), "def softmax(:\n",
        CRASHES + "    return _softmax(x, axis, temperature) if abs(x).max() < 900 else os._exit(3)\n",
        RIGHT.replace("np.exp(", "print('exp') or np.exp("), RIGHT.replace("raise ValueError(", "raise TypeError("),
        *(m.source for m in mutants(RIGHT)[:12]),
    ],
    "numerical_gradient": [m.source for m in mutants(catalog().find("numerical_gradient").solution.read_text())[:4]],
}  # fmt: skip


@pytest.mark.parametrize("slug", CLASSES)
def test_results_are_those_of_a_fresh_grader(graded, slug):
    """Each answer twice, the second time in a file with other lines: memory may serve only what is the same."""
    sources = [*CLASSES[slug], *("# a line\n" + s for s in CLASSES[slug])]
    memory, exercise = Memory(), catalog().find(slug)
    with_memory = graded(sources, memory, exercise)
    alone = [graded([s], None, exercise)[0] for s in sources]
    for found, wanted, source in zip(with_memory, alone, sources, strict=True):
        assert found == wanted, source
    assert memory.recalled > len(CLASSES[slug])


def test_an_answer_that_does_the_same_runs_no_check(graded):
    memory = Memory()
    first, second = graded([RIGHT, RIGHT + "# mine\n"], memory)
    assert first == second
    assert memory.recalled == len(first["checks"])


def test_everybody_is_told_their_own_lines_and_output(graded):
    raises = RIGHT.replace("    m = ", "    print(LINE)\n    1 / 0\n    m = ")
    sources = [f"{'#' * 5}\n" * n + raises.replace("LINE", str(n)) for n in (1, 2)]
    memory = Memory()
    for n, result in enumerate(graded(sources, memory), 1):
        line = next(i for i, text in enumerate(sources[n - 1].splitlines(), 1) if "1 / 0" in text)
        failed = [c for c in result["checks"] if c["status"] == "failed"]
        assert failed
        assert all(f"line {line}, in softmax" in c["message"] for c in failed if "1 / 0" in c["message"])
        assert set(result["output"].split()) == {str(n)}
    assert memory.recalled == len(result["checks"])  # the second was told its own from the record of the first


def test_words_of_an_error_that_no_check_asks_about_cost_that_check_only(graded):
    memory = Memory()
    other = RIGHT.replace("raise ValueError(", "raise ValueError('mine: ' + ")
    first, second = graded([RIGHT, other], memory)
    assert first["score"] == second["score"] == 100.0
    assert memory.recalled == len(first["checks"]) - 1


def test_where_memory_misleads_the_submission_is_graded_without(graded):
    """A remembered question that no check asks: what a check that is no function of the replies would leave behind."""
    memory = Memory()
    (wanted,) = graded([RIGHT], memory)
    for known in memory._known.values():
        known.first.tree = ast.literal_eval(repr(known.first.tree).replace("softmax", "softmin"))
    recalled = memory.recalled
    assert graded([RIGHT], memory) == [wanted]
    assert memory.recalled == recalled


def test_a_reply_that_differs_in_one_bit_is_another(graded):
    memory = Memory()
    off = (
        RIGHT + "\n_right = softmax\ndef softmax(*a, **k):\n    y = _right(*a, **k)\n    return y + 1e-300 * 0 - 0.0\n"
    )
    graded([RIGHT, off], memory)  # as equal as can be, and a new array: the same bytes
    assert memory.recalled
    replies = [("ok", ["x"], [b"ab"]), ("ok", ["x"], [b"a", b"b"]), ("ok", ["y"], [b"ab"]), ("raise", ["x"], [b"ab"])]
    found = [digest(Exchange("call", [], [], reply)) for reply in replies]
    assert all(a != b for a, b in itertools.combinations(found, 2))


def test_a_question_with_nan_is_the_same_question():
    nan = [float("nan")]
    assert Exchange("call", nan, []).asks("call", [float("nan")], [])
    assert not Exchange("call", nan, []).asks("call", [1.0], [])
    assert not Exchange("call", nan, [b"a"]).asks("call", nan, [b"b"])


def test_a_reply_that_cannot_be_packed_is_remembered_of_nobody(graded):
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert digest(Exchange("call", [], [], ("ok", deep, []))) == b""


@pytest.mark.parametrize("told", [{"types": 3}, 5, "boom", ["dict", "types", ["list", 1], "frames", ["list", 2]]])
def test_an_exception_told_in_nonsense_is_an_exception(told):
    assert str(raised_by(("raise", told, []))) == "Exception"


def test_hostile_replies_fill_no_memory(graded, monkeypatch):
    monkeypatch.setattr(memories, "MAX_ENDINGS", 3)
    monkeypatch.setattr(memories, "MAX_BYTES", 40_000)
    memory = Memory()
    graded([RIGHT + f"\n_r = softmax\ndef softmax(*a, **k):\n    return _r(*a, **k) + {n}\n" for n in range(6)], memory)
    assert all(known.endings <= 3 for known in memory._known.values())
    assert memory._bytes <= 40_000
