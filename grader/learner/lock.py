"""One watch per workspace: two would grade every save twice and draw over each other's attempts."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageProblem
from .progress import default_path


@contextlib.contextmanager
def only_watch(root: Path) -> Iterator[None]:
    """Hold the workspace's lock. Raises UsageProblem where another process holds it.

    It lies in the data folder (a workspace may be read-only) and goes with the process that holds it, however that
    ends. Where no lock can be written, there is none.
    """
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    path = default_path().parent / "watching" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError:
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageProblem(
                f"Another `dlkit watch`{_holder(path)} follows {root} already. Quit it there (q), or grade once here:"
                " dlkit watch --once"
            ) from None
        except OSError:  # a file system without locks
            yield
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f" (process {int(path.read_text())})"
    return ""
