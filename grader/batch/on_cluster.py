"""The Ray engine for `dlkit grade`: connect, ask the nodes, and limits for machines that are shared."""

from collections.abc import Callable

from ..catalog import Exercise
from .cluster import connect
from .engine import Engine
from .pool import TASK_SECONDS, Pool
from .preflight import check_nodes
from .ray_engine import RayEngine
from .request import Request, request_for

START_SECONDS = 900.0  # a cluster is shared: tasks wait for others', and for nodes that are being started
_SLACK = 30.0  # the node ends what takes too long; the driver only if it does not


def on_cluster(
    address: str, need_token: bool, sandbox: str, exercises: list[Exercise], gpus: float, jobs: int | None,
    say: Callable[[str], None],
) -> tuple[Engine, Pool]:  # fmt: skip
    """An engine on the cluster at `address` for these exercises. Raises UsageProblem, MissingOnMachine."""
    requests = {e.stem: request_for(e, gpus) for e in exercises}
    say(f"joining the cluster at {address}")
    ray = connect(address, need_token)
    try:
        count = check_nodes(ray, address, sandbox, exercises, requests.values())
    except BaseException:
        ray.shutdown()
        raise
    engine = RayEngine(ray, sandbox, lambda stem: requests.get(stem, Request()), jobs, requests[exercises[0].stem])
    say(f"{count} node{'s' * (count > 1)}, room for {engine.slots} submissions at once")
    return engine, Pool(engine, task_seconds=TASK_SECONDS + _SLACK, start_seconds=START_SECONDS)
