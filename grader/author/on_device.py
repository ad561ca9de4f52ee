"""What an answer does in the device checks of its exercise, for `dlkit dev check`."""

from .. import devices
from ..candidate.confine import Limits
from ..candidate.proxy import ProcessLink, Session, Submission
from ..catalog import Exercise
from ..sandbox import Parent
from ..suite import Suite

DEVICES = ("cpu", "sim")  # the same checks run on both; CUDA has `make test-gpu`


def device_failures(
    suite: Suite, parent: Parent, exercise: Exercise, answer: Submission, seed: int, device: str
) -> dict[str, str]:
    """The device checks that do not pass, with what they say; a skipped one says why."""
    limits = Limits(call_seconds=exercise.call_seconds)
    session = Session(answer, lambda: ProcessLink(parent.spawn(limits), limits), limits, seed, device)
    with devices.closing(session):
        session.load()
        records = devices.run_device_checks(suite, exercise, session, seed)
        block = devices.gpu_block(records, exercise, device, device, seed)
    return {c.name: c.message for c in block.checks if c.status != "passed"}
