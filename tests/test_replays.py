"""Replays for the diagnosis that stop at the first difference: the same names for mistakes, for fewer calls."""

import itertools

import pytest

from dlkit.grader import runner
from dlkit.grader.author.mutants import mutants
from dlkit.grader.candidate.proxy import LocalLink
from dlkit.grader.catalog import catalog
from dlkit.grader.memory import Memory
from dlkit.grader.options import Options, preload_for
from dlkit.grader.runner import grade_with
from dlkit.grader.sandbox import start
from dlkit.grader.submission import submission
from dlkit.grader.suite import with_suite
from dlkit.grader.wrong import as_submission, wrong_answers

# Plain functions; functions called back; objects that live on; results that a check changes afterwards.
EXERCISES = ["softmax", "numerical_gradient", "rmsprop", "early_stopping", "transfer_learning"]


def answers(exercise):
    """A few known-wrong answers and mutants that fit none."""
    known, _ = wrong_answers(exercise)
    for answer in known[:: len(known) // 2]:
        yield as_submission(exercise, answer)
    for mutant in mutants(exercise.solution.read_text("utf-8"))[10::29][:2]:
        yield submission(exercise, ((f"{exercise.stem}.py", mutant.source),))


@pytest.fixture(scope="module", params=EXERCISES)
def diagnosed(request):
    """A function: the diagnoses of all answers, each with a memory of its own or all with this one; replayed calls."""
    exercise = catalog().find(request.param)
    options = Options(seed=7, diagnosis_seconds=1e9)

    def work(suite):
        def run(memory=None):
            calls, original = itertools.count(), LocalLink.request

            def counted(self, *arguments):
                next(calls)
                return original(self, *arguments)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(LocalLink, "request", counted)
                found = [
                    [
                        (c.name, c.diagnosis and c.diagnosis.mistake)
                        for c in grade_with(suite, parent, exercise, answer, options, memory=memory or Memory()).checks
                    ]
                    for answer in answers(exercise)
                ]
            return found, next(calls)

        return run

    with start("auto", preload_for(exercise)) as parent:
        yield with_suite([exercise], work)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_the_diagnoses_are_those_of_whole_replays(diagnosed, monkeypatch):
    stopped, calls = diagnosed()
    shared, fewer = diagnosed(Memory())
    whole = runner._Verdict._run_again
    monkeypatch.setattr(
        runner._Verdict, "_run_again", lambda self, check, overrides, _: whole(self, check, overrides, None)
    )
    told, most = diagnosed()
    assert stopped == shared == told
    assert any(mistake for checks in told for _, mistake in checks)
    assert fewer < calls < 0.6 * most
