"""The bubblewrap command line: an interpreter, its packages, and nothing else of the machine."""

import glob
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parents[2]  # the folder that is `dlkit`
CANDIDATE = ("candidate", "device")  # the folders of grader/ that run there
_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib32", "/lib64")
WORK = "/sandbox"  # the candidate's working folder and home
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Nothing of the user's. One thread per library: forking is safe, and sums come out the same on every machine.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": WORK,
    "TMPDIR": WORK,
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    **dict.fromkeys(_THREADS, "1"),
}
# Where the driver's libraries lie in containers; what it reads of the machine; its device nodes.
_GPU_FOLDERS = ("/usr/local/nvidia", "/usr/local/cuda", "/sys/bus/pci", "/sys/devices", "/sys/module/nvidia")
_GPU_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset")
CAPABILITIES = ("SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "NET_ADMIN", "KILL", "SYS_PTRACE")


def environment(gpu: bool = False) -> dict[str, str]:
    """What a candidate gets; with a GPU, which of them the user wants seen. Without, none has a node to be seen by."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return ENVIRONMENT | ({"CUDA_VISIBLE_DEVICES": visible} if gpu and visible is not None else {})


def site_folders() -> list[str]:
    """The folders that packages are imported from, in order, as this interpreter has them."""
    known = {os.path.realpath(p) for p in [*site.getsitepackages(), sysconfig.get_path("purelib")]}
    folders = []
    for entry in sys.path:
        path = os.path.realpath(entry) if entry else ""
        name = os.path.basename(path)
        if path and os.path.isdir(path) and (path in known or name in ("site-packages", "dist-packages")):
            folders.append(path)
    return list(dict.fromkeys(folders))


def interpreter() -> str:
    """The real executable: inside, there is no virtual environment, only its packages on the path."""
    return os.path.realpath(sys.executable)


def shown_paths() -> list[str]:
    """What a submission may read: the interpreter, its library and the installed packages."""
    return list(dict.fromkeys([p for p in _interpreter_folders() if os.path.exists(p)] + site_folders()))


def private_folders() -> list[str]:
    """The folders that every candidate gets empty and writable. An environment below /tmp must stay visible."""
    tmp = [] if any(p.startswith("/tmp/") for p in shown_paths()) else ["/tmp"]
    return [WORK, "/dev/shm", *tmp]


def command(bwrap: str, inner: list[str], user_namespace: int | None, gpu: bool = False) -> list[str]:
    """bwrap's arguments, to run `inner` with the candidate's packages at /dlkit."""
    shown = shown_paths()
    arguments = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += ["--userns", str(user_namespace)] if user_namespace is not None else ["--unshare-user"]
    arguments += ["--uid", "0", "--gid", "0", "--hostname", "dlkit", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in environment(gpu).items():
        arguments += ["--setenv", name, value]
    arguments += _parents(["/tmp/", "/dlkit/grader/", WORK + "/", *_SYSTEM, *shown])
    for folder in _SYSTEM:
        if os.path.islink(folder):
            arguments += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            arguments += ["--ro-bind", folder, folder]
    arguments += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for path in shown:
        arguments += ["--ro-bind", path, path]
    for folder in _hidden(shown):
        inside = [p for p in shown if p.startswith(folder + "/")]  # a virtual environment in the checkout, say
        arguments += ["--tmpfs", folder, *_parents(inside), "--chmod", "0755", folder]
        for path in inside:
            arguments += ["--ro-bind", path, path]
    for folder in CANDIDATE:
        arguments += ["--ro-bind", str(PACKAGE_ROOT / "grader" / folder), f"/dlkit/grader/{folder}"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm"]
    arguments += _gpu_binds() if gpu else []
    arguments += ["--remount-ro", "/", "--chdir", "/"]
    for capability in CAPABILITIES:
        arguments += ["--cap-add", "CAP_" + capability]
    return [*arguments, "--", *inner]


def _gpu_binds() -> list[str]:
    """The nodes and libraries of NVIDIA's driver."""
    nodes = [*_GPU_NODES, *sorted(glob.glob("/dev/nvidia[0-9]*")), "/dev/nvidia-caps"]
    binds = [word for path in nodes for word in ("--dev-bind-try", path, path)]
    return binds + [word for path in _GPU_FOLDERS for word in ("--ro-bind-try", path, path)]


def _parents(paths: Iterable[str]) -> list[str]:
    """Folders above the mount points, open to every user id (bwrap would make them 0700)."""
    folders = {str(parent) for path in paths for parent in Path(path + "x").parents if str(parent) != "/"}
    return [word for folder in sorted(folders) for word in ("--perms", "0755", "--dir", folder)]


def _interpreter_folders() -> list[str]:
    executable = interpreter()
    prefix = os.path.realpath(sys.base_prefix)
    folders = [sysconfig.get_path("stdlib")]
    if prefix != "/usr":
        folders += [f"{prefix}/lib", f"{prefix}/lib64"]
    for store in ("/nix/store", "/gnu/store"):
        if executable.startswith(store):
            folders.append(store)
    return [os.path.realpath(f) for f in folders] + [executable]


def _hidden(shown: Iterable[str]) -> list[str]:
    """dlkit's own folder, and every other copy of it, wherever it would be visible."""
    visible = [*shown, *_SYSTEM]
    copies = {str(PACKAGE_ROOT)} | {f"{folder}/dlkit" for folder in shown if os.path.isdir(f"{folder}/dlkit")}
    for folder in shown:
        copies |= {str(p) for p in Path(folder).glob("python3*/*-packages/dlkit") if p.is_dir()}
    return sorted(c for c in copies if any(c == v or c.startswith(v + "/") for v in visible))
