"""Guards against gross regressions of speed that cannot flake: messages and bytes per check, not seconds."""

import pytest

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import ProcessLink, Session
from dlkit.grader.catalog import catalog
from dlkit.grader.sandbox import start
from dlkit.grader.submission import submission
from dlkit.grader.suite import with_suite

SOFTMAX = catalog().find("softmax")


@pytest.fixture(scope="module")
def traffic():
    """The checks of softmax against its solution, in a process: the channel with its counts, and the calls made."""
    limits = Limits()
    answer = submission(SOFTMAX, (("answer.py", SOFTMAX.solution.read_text("utf-8")),))

    def work(suite):
        links = []

        def link():
            links.append(ProcessLink(parent.spawn(limits), limits))
            return links[-1]

        session = Session(answer, link, limits, 1)
        session.load()
        records = suite.run(SOFTMAX, session, 1)
        session.close()
        return links, [call for r in records.values() for call in r.candidate.calls]

    with start("process", ["numpy"]) as parent:
        return with_suite([SOFTMAX], work)


def test_a_call_is_one_question_and_one_answer(traffic):
    links, calls = traffic
    assert len(links) == 1  # nothing has died on the way
    assert links[0].channel.messages == 2 * (len(calls) + 2)  # scan and load come first


def test_an_array_crosses_once_in_each_direction(traffic):
    """What softmax is asked comes to so many bytes; results are as large, and the rest is headers and padding."""
    links, calls = traffic
    asked = sum(len(buffer) for call in calls for buffer in call.payload[1])
    channel = links[0].channel
    source = len(SOFTMAX.solution.read_bytes())
    overhead = 512 * (len(calls) + 2)
    assert asked <= channel.bytes_sent <= asked + overhead + 2 * source
    assert channel.bytes_received <= asked + overhead
