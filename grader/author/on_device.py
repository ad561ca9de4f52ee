"""What an answer does in the device checks of its exercise, for `dlkit dev check`."""

from ..candidate.confine import Limits
from ..candidate.proxy import ProcessLink, Session
from ..candidate.source import Submission
from ..catalog import Exercise
from ..devices import device_block
from ..runner import public_seed
from ..sandbox import Parent
from ..suite import Suite

DEVICES = ("cpu", "sim")  # the same checks run on both; CUDA has `make test-gpu`


def device_failures(
    suite: Suite, parent: Parent, exercise: Exercise, answer: Submission, seed: int, device: str
) -> dict[str, str]:
    """The device checks that do not pass, with what they say; a skipped one says why."""
    limits = Limits(call_seconds=exercise.call_seconds)
    session = Session(answer, lambda: ProcessLink(parent.spawn(limits), limits), limits, public_seed(seed), device)
    block = device_block(suite, exercise, session, seed)
    if not block.checks:  # none could run
        return dict.fromkeys(suite.device_checks(exercise), block.reason)
    return {c.name: c.message for c in block.checks if c.status != "passed"}
