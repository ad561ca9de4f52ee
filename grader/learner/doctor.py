"""`dlkit doctor`: what this machine has, what it lacks, and the command that mends it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .progress import default_path


@dataclass(frozen=True)
class Finding:
    """`state` is `ok`, `missing` (something optional) or `broken`; `remedy` is a command, or nothing."""

    subject: str
    state: str
    words: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """One finding after the other; the slow ones (torch, the sandbox) come last."""
    yield _python()
    for package, why in (("numpy", "every exercise"), ("pytest", "the hidden tests"), ("msgpack", "the wire")):
        yield _package(package, why, "broken", f"pip install {package}")
    yield _package("watchfiles", "dlkit watch", "missing", "pip install 'dlkit[watch]'")
    yield _disk()
    yield _progress()
    yield _torch()
    yield from _sandbox()


def _python() -> Finding:
    version = platform.python_version()
    ok = sys.version_info[:2] >= (3, 11)
    return Finding(
        "Python", "ok" if ok else "broken", f"{version}, {sys.executable}", "" if ok else "install Python 3.11 or later"
    )


def _package(name: str, why: str, absent: str, remedy: str) -> Finding:
    try:
        return Finding(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, absent, f"not installed ({why})", remedy)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.home() if Path.home().is_dir() else Path("/")).free
    ok = free > 200 << 20
    return Finding("disk", "ok" if ok else "broken", f"{free / (1 << 30):.1f} GiB free", "" if ok else "make room")


def _progress() -> Finding:
    path = default_path()
    folder = next((p for p in (path.parent, *path.parents) if p.exists()), Path("/"))
    if os.access(path if path.exists() else folder, os.W_OK):
        return Finding("progress", "ok", str(path))
    return Finding("progress", "broken", f"{path} cannot be written", f"chmod u+w {folder}")


def _torch() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("torch", "missing", "not installed (torch exercises)", "pip install 'dlkit[torch]'")
    try:
        import torch
    except Exception as error:
        return Finding("torch", "broken", f"does not import: {error}", "pip install --force-reinstall torch")
    if torch.cuda.is_available():
        return Finding("torch", "ok", f"{torch.__version__}, CUDA: {torch.cuda.get_device_name(0)}")
    from ..device import selftest

    problem = selftest.problem()
    if problem is not None:
        words = f"{torch.__version__}; no device checks: {problem}"
        return Finding("torch", "missing", words, "install another version of torch")
    return Finding("torch", "ok", f"{torch.__version__}, no CUDA device: device checks run on a simulated one")


def _sandbox() -> Iterator[Finding]:
    from ..sandbox import SandboxUnavailable, start

    try:
        with start("bwrap", ["numpy"]) as parent:
            parent.ready()
            filtered = getattr(parent, "abilities", {}).get("filter")
        yield Finding("sandbox", "ok", "bubblewrap works: answers are isolated")
        if not filtered:
            yield Finding(
                "seccomp", "missing", "no system-call filter: libseccomp is absent", "apt install libseccomp2"
            )
    except SandboxUnavailable as error:
        words = f"{error}; answers run as a plain limited process"
        install = "apt install bubblewrap (or dnf, pacman, apk)" if sys.platform == "linux" else ""
        yield Finding("sandbox", "missing", words, install)
