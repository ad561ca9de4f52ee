"""Connecting to a Ray cluster that was started by others: at an explicit address, and only to one that wants a token.

Whoever reaches the ports of a Ray cluster without a token runs any code on it. dlkit brings such people along: the
submissions. They have no network; the token is for what a sandbox may miss, and for everybody else.
"""

import contextlib
import importlib
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import MissingOnMachine, UsageProblem
from .request import Place

CONNECT_SECONDS = 10.0
_ASK_SECONDS = 180.0
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})")
_UNWANTED = ("RAY_ADDRESS", "RAY_RUNTIME_ENV_HOOK", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_NAMESPACE")


def check_address(address: str | None) -> tuple[str, int]:
    """Host and port. Raises UsageProblem for anything else: which cluster it is, is never guessed."""
    if not address:
        raise UsageProblem(
            "--engine ray needs --address HOST:PORT, that of the cluster's head (`ray start` prints it)."
        )
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[2]) < 65536:
        raise UsageProblem(
            f"--address {address} is no HOST:PORT. Name the cluster's head as `ray start` prints it (10.0.0.5:6379);"
            " dlkit runs on a node of the cluster, without Ray Client or the job API."
        )
    return found[1].strip("[]"), int(found[2])


def token_file() -> Path | None:
    """Where the token lies, None if it is in the environment: the places that Ray looks at. Raises MissingOnMachine
    where there is none, or where others may read the file."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return None
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named) if named else Path.home() / ".ray" / "auth_token"
    try:
        found = path.stat()
    except OSError:
        raise MissingOnMachine(
            f"There is no token for the cluster in {path}. Copy that of its head there (`ray get-auth-token`) and"
            f" `chmod 600 {path}`, or name the file in RAY_AUTH_TOKEN_PATH."
        ) from None
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise MissingOnMachine(
            f"Others may read {path}, the token for the cluster. `chmod 600 {path}` as its owner; if others could log"
            " in here, make a new token."
        )
    return path


def connect(address: str, need_token: bool = True) -> Any:
    """The module `ray`, connected. Raises UsageProblem, MissingOnMachine."""
    host, port = check_address(address)
    if need_token:
        token_file()
        os.environ["RAY_AUTH_MODE"] = "token"
    for name in _UNWANTED:
        os.environ.pop(name, None)
    try:
        import ray
    except ImportError:
        raise MissingOnMachine(
            "--engine ray needs Ray: pip install 'dlkit[ray]', the version of the cluster."
        ) from None
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        raise MissingOnMachine(
            f"Nothing answers at {address} ({error}). Is the cluster's head running there?"
        ) from None
    if need_token:
        _check_tokens(address)
    _join(ray, address)
    return ray


def _check_tokens(address: str) -> None:
    """Does the cluster refuse whoever has no token, and take ours?"""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dlkit.grader.batch.stranger", address],
        capture_output=True, text=True, cwd="/", timeout=_ASK_SECONDS, check=False,
    )  # fmt: skip
    without, ours = [*done.stdout.split(), "failed:", "failed:"][:2]
    if without == "taken":
        raise MissingOnMachine(
            f"The cluster at {address} takes orders from anybody: it was started without token authentication. Start it"
            " with RAY_AUTH_MODE=token (see docs/cluster.md), or say --no-cluster-auth if nobody else reaches it."
        )
    if without == "refused" and ours == "refused":
        raise MissingOnMachine(
            f"The cluster at {address} does not accept the token in {token_file() or 'RAY_AUTH_TOKEN'}. Copy that of"
            " its head (`ray get-auth-token` prints it there)."
        )
    if (without, ours) != ("refused", "taken"):
        raise MissingOnMachine(f"What answers at {address} is no Ray cluster that this version understands.")


def _join(ray: Any, address: str) -> None:
    # What nodes report of themselves, Ray prints on our standard output, whatever log_to_driver says.
    worker = importlib.import_module("ray._private.worker")
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None  # type: ignore[attr-defined]
    # Ray puts the driver's working folder on the import path of every worker, and ours may be that of the submissions.
    with contextlib.chdir("/"), _own_debugger():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False, logging_level="ERROR")
        except Exception as error:  # ConnectionError, RuntimeError and more, by version
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise MissingOnMachine(
                f"The cluster at {address} cannot be joined ({first[:300]}). dlkit has to run on one of its nodes, with"
                " the same versions of Ray and Python."
            ) from None


@contextlib.contextmanager
def _own_debugger() -> Iterator[None]:
    """Ray points breakpoint() at a debugger of its own, here and in every process that this one starts."""
    before = os.environ.get("PYTHONBREAKPOINT")
    try:
        yield
    finally:
        os.environ.pop("PYTHONBREAKPOINT", None)
        if before is not None:
            os.environ["PYTHONBREAKPOINT"] = before


def places(ray: Any) -> list[Place]:
    """The nodes that are alive."""
    found = []
    for node in ray.nodes():
        if node["Alive"]:
            has = node["Resources"]
            name = f"{node['NodeName'] or node['NodeManagerHostname']} ({node['NodeID'][:8]})"
            found.append(Place(node["NodeID"], name, has.get("CPU", 0.0), has.get("memory", 0.0), has.get("GPU", 0.0)))
    return found
