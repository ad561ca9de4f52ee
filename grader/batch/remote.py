"""What a worker process of a Ray cluster runs: functions by name, JSON in, JSON out, no pickles."""

import json
import os
from collections.abc import Iterator

from .entry import node_events


def run_task(task: bytes, sandbox: str, gpu: bool, task_seconds: float) -> Iterator[bytes]:
    """Grade one task here: messages of `node_events`, the first of them with this node's id."""
    import ray

    yield _packed({"node": ray.get_runtime_context().get_node_id()})
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", "") if gpu else ""  # Ray names those that this task may use
    for message in node_events(json.loads(task), sandbox, task_seconds, devices=devices):
        yield _packed(message)


def describe(sandbox: str, stems: list[str]) -> bytes:
    """What of dlkit this node has: versions, and why the sandbox does not work here ("" where it does)."""
    from importlib.metadata import PackageNotFoundError, version

    from ..catalog import catalog
    from ..errors import DlkitError
    from ..version import VERSION
    from .command import usable_sandbox
    from .identity import exercise_version

    try:
        torch: str | None = version("torch")
    except PackageNotFoundError:
        torch = None
    known = {e.stem: exercise_version(e) for e in catalog() if e.stem in stems}
    try:
        usable_sandbox(sandbox)
        trouble = ""
    except DlkitError as error:
        trouble = str(error)
    return _packed({"dlkit": VERSION, "torch": torch, "exercises": known, "sandbox": trouble})


def _packed(message: dict[str, object]) -> bytes:
    return json.dumps(message, ensure_ascii=True, allow_nan=False).encode()
