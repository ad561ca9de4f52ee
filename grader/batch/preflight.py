"""Before a class goes to a cluster: is every node able to grade it, and do all of them grade alike?"""

import json
from collections.abc import Iterable
from typing import Any

from ..catalog import Exercise
from ..errors import MissingOnMachine
from ..version import VERSION
from .cluster import places
from .identity import exercise_version
from .remote import describe
from .request import Place, Request

ANSWER_SECONDS = 120.0  # a worker process starts and imports dlkit, from a shared disk perhaps
_MANY = 10  # nodes named in a message


def check_room(address: str, nodes: Iterable[Place], requests: Iterable[Request]) -> list[Place]:
    """The nodes that can do something. Raises MissingOnMachine for a request that none can meet."""
    nodes = list(nodes)
    wanted = list(dict.fromkeys(requests))
    for request in wanted:
        if not any(place.room(request) for place in nodes):
            largest = ", ".join(str(Request(p.cpus, int(p.memory), p.gpus)) for p in nodes[:_MANY]) or "none"
            raise MissingOnMachine(
                f"No node of the cluster at {address} can ever run a task that needs {request} at once (nodes:"
                f" {largest}). Start a node that can, or ask for less (--gpu)."
            )
    return [p for p in nodes if any(p.room(r) for r in wanted)]


def differences(
    reports: dict[str, dict[str, Any] | str], exercises: Iterable[Exercise], need_sandbox: bool = True
) -> list[str]:
    """What keeps nodes from grading these exercises alike, a line each. `reports`: node name -> what `describe` says
    there, or a sentence where it could not be asked."""
    exercises = list(exercises)
    versions = {e.stem: exercise_version(e) for e in exercises}
    torch = any(e.framework == "torch" for e in exercises)
    known = [r["torch"] for r in reports.values() if not isinstance(r, str) and r["torch"]]
    common = max(sorted(set(known)), key=known.count) if known else ""
    lines = []
    for name, report in reports.items():
        if isinstance(report, str):
            lines.append(f"{name}: {report}")
            continue
        if report["dlkit"] != VERSION:
            lines.append(f"{name}: dlkit {report['dlkit']}, here it is {VERSION}")
        elif other := [s for s, v in versions.items() if report["exercises"].get(s) != v]:
            lines.append(f"{name}: {other[0]} is {'another version' if other[0] in report['exercises'] else 'missing'}")
        if torch and not report["torch"]:
            lines.append(f"{name}: PyTorch is not installed")
        elif torch and _public(report["torch"]) != _public(common):
            lines.append(f"{name}: torch {report['torch']}, elsewhere it is {common}")
        if need_sandbox and report["sandbox"]:
            lines.append(f"{name}: {report['sandbox']}")
    return lines


def _public(version: str) -> str:
    """Builds for CPU and CUDA differ behind the plus sign."""
    return version.partition("+")[0]


def check_nodes(ray: Any, address: str, sandbox: str, exercises: list[Exercise], requests: Iterable[Request]) -> int:
    """How many nodes grade. Raises MissingOnMachine with the name of each node that cannot, and why."""
    nodes = check_room(address, places(ray), requests)
    lines = differences(_asked(ray, nodes, sandbox, [e.stem for e in exercises]), exercises)
    if lines:
        more = f"\n  … and {len(lines) - _MANY} more" if len(lines) > _MANY else ""
        raise MissingOnMachine(
            f"Not every node of the cluster at {address} can grade this:\n  " + "\n  ".join(lines[:_MANY]) + more
            + "\nInstall the same versions on all of them, or take those nodes out of the cluster."
        )  # fmt: skip
    return len(nodes)


def _asked(ray: Any, nodes: list[Place], sandbox: str, stems: list[str]) -> dict[str, dict[str, Any] | str]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(max_retries=0, num_cpus=0)(describe)
    asked = {}
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node.id, soft=False)
        asked[node.name] = ask.options(scheduling_strategy=there).remote(sandbox, stems)
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER_SECONDS)
    reports: dict[str, dict[str, Any] | str] = {}
    for name, answer in asked.items():
        try:
            reports[name] = json.loads(ray.get(answer, timeout=0))
        except ray.exceptions.GetTimeoutError:
            ray.cancel(answer, force=True)
            reports[name] = f"it does not answer within {ANSWER_SECONDS:g} s"
        except ray.exceptions.RayError as error:
            reports[name] = _words(error)
    return reports


def _words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    missing = next((line for line in reversed(lines) if "No module named" in line), "")
    if "dlkit" in missing:
        return "dlkit is not installed there, or another version of it"
    return f"it cannot run dlkit ({missing or (lines[-1] if lines else type(error).__name__)})"[:300]
