"""What device checks say: `check_stays`, `check_no_sync`, `check_peak_memory`, `check_operators`, `check_compiles`.

They look at what the candidate noted during its last call (device/watch.py). The first three are for checks marked
`@device_check`; operators and memory can also be counted in a check that gives points, inside
`with candidate.watched():`. Every failure names the learner's line.
"""

from typing import Any

from .candidate.proxy import Call, CandidateProxy, Event, LearnerError
from .compare import Mismatch, check

_LEAVING = ("to_cpu", "hard_coded")


def sentence(event: Event) -> str:
    """What an event means to the learner, and what to do."""
    words = f"Line {event.line}" if event.line else "Somewhere"
    code = f" (`{event.code}`)" if event.code else ""
    if event.kind == "mixed":
        words += f"{code}: {event.what}."
        if event.made_line and event.made_line != event.line:
            words += f" The one on the CPU was made in line {event.made_line}: `{event.made_code}`."
        return (
            words + " Make it where the input is: `device=x.device`, or from the input (`x.new_zeros`, `zeros_like`)."
        )
    if event.kind == "to_cpu":
        return f"{words}{code} copies values to the CPU, and the host waits for it: work on the input's device."
    if event.kind == "sync":
        return f"{words}{code} makes the host wait for the device: {event.what}."
    if event.kind == "left_behind":
        return f"{words}{code} makes it: `device=x.device`, or `x.new_zeros`, `zeros_like` and their kind."
    if event.kind == "hard_coded":
        return f"{words}{code} names a device: {event.what}. Take it from the input: `x.device`."
    return f"{words}{code}: {event.what}."


def on_cpu(tensor: Any) -> Any:
    """A tensor that stays on the CPU when it is sent, for code that has to move it itself (a training loop)."""
    tensor.dlkit_stays = True
    return tensor


def where(value: Any) -> str:
    """The kind of device that a tensor from the submission was on."""
    return str(getattr(value, "dlkit_device", "cpu")).partition(":")[0]


def check_stays(candidate: CandidateProxy, name: str, *tensors: Any) -> None:
    """The last call copied nothing to the CPU, named no device, and these results lie on the run's device."""
    for event in candidate.calls[-1].events:
        if event.kind in _LEAVING:
            raise Mismatch(sentence(event), name)
    device = candidate.session.device
    for tensor in tensors:
        if where(tensor) != device:
            left = [sentence(e) for e in candidate.calls[-1].events if e.kind == "left_behind"]
            words = f"{name} is on {where(tensor)}, the inputs are on {device}: keep it on the device of the input."
            raise Mismatch("\n".join([words, *left]), name)


def check_no_sync(candidate: CandidateProxy, at_most: int = 0) -> None:
    """In the last call the host waited for the device `at_most` times (a copy to the CPU waits, too)."""
    waits = [e for e in candidate.calls[-1].events if e.kind in ("sync", "to_cpu")]
    count = sum(e.times for e in waits)
    if count > at_most:
        allowed = "never" if at_most == 0 else "once" if at_most == 1 else f"{at_most} times"
        times = "once" if count == 1 else f"{count} times"
        where = "\n".join(dict.fromkeys(sentence(e) for e in waits))
        raise Mismatch(f"The host waits for the device {times}; here it should {allowed}.\n{where}")


def check_peak_memory(candidate: CandidateProxy, at_most: int) -> None:
    """The tensors that the last call made and that were alive together took `at_most` bytes."""
    peak = _counted(candidate.calls[-1], candidate.calls[-1].peak)
    check(
        peak <= at_most,
        f"At its peak your code holds {peak:,} bytes of new tensors; {at_most:,} are enough. Which of them are needed"
        " at the same time?",
    )


def check_operators(candidate: CandidateProxy, at_most: int) -> None:
    """The last call ran `at_most` operators of torch: a loop over the elements runs thousands."""
    count = _counted(candidate.calls[-1], candidate.calls[-1].operators)
    check(
        count <= at_most,
        f"Your code runs {count:,} operators where {at_most:,} are plenty: replace the Python loop by one operator on"
        " the whole tensor.",
    )


def _counted(call: Call, number: int | None) -> int:
    if number is None:
        raise RuntimeError(f"{call.target} was not watched: call it inside `with candidate.watched():`")
    return number


def check_compiles(candidate: CandidateProxy, name: str, *args: Any, **kwargs: Any) -> Any:
    """The function compiles into one graph (`torch.compile(fullgraph=True)`); its compiled result."""
    try:
        return candidate.run(_compiled, name, args, kwargs)
    except LearnerError as error:
        if "GraphBreak" not in error.text:
            raise
        reason = error.text.partition("GraphBreak")[2].strip(": ").splitlines()[0]
        raise Mismatch(f"`{name}` does not compile into one graph: {reason}") from None


def _compiled(m: Any, name: str, args: Any, kwargs: Any) -> Any:  # runs in the candidate
    import torch
    from torch._dynamo.exc import Unsupported

    compiled: Any = torch.compile(getattr(m, name), fullgraph=True, backend="eager")
    try:
        return compiled(*args, **kwargs)
    except Unsupported as error:
        raise RuntimeError(f"GraphBreak: {error}") from None
