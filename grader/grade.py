"""Grade one submission with a warm parent of its own, as `dlkit check` does."""

from collections.abc import Callable

from .candidate.source import Submission
from .catalog import Exercise
from .options import Options, preload_for
from .result import Result
from .sandbox import start


def grade(
    exercise: Exercise, submission: Submission, options: Options, progress: Callable[[str], None] = lambda name: None
) -> Result:
    """The verdict; `progress` hears the name of each check.

    Raises SandboxUnavailable where the sandbox asked for does not work, GraderFault where the hidden tests do not load.
    """
    with start(options.sandbox, preload_for(exercise)) as parent:
        from .runner import grade_with  # now: numpy and pytest are imported here while the parent imports beside
        from .suite import with_suite

        return with_suite(
            [exercise], lambda suite: grade_with(suite, parent, exercise, submission, options, progress)
        )  # fmt: skip
