"""What a forked candidate gives up before it runs the learner's code: namespaces, limits, capabilities, system calls.

Everything is prepared in the zygote, before the fork, so that the fork itself only makes system calls.
Linux only; `limit_resources` works on every Unix.
"""

import contextlib
import ctypes
import ctypes.util
import errno
import fcntl
import os
import signal
import socket
import struct
from dataclasses import dataclass
from typing import Any

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET, NEWTIME = 0x10000000, 0x20000000, 0x40000000, 0x00000080
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_RDONLY, _MS_REC, _MS_PRIVATE = 2, 4, 8, 1, 0x4000, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 4, 38, 24, 36
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
UID_INSIDE = 1000
OUT_OF_MEMORY = 98  # exit status of a candidate that has not the memory left to answer

_DENIED = """
ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp
mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
setns unshare keyctl add_key request_key bpf userfaultfd perf_event_open
io_uring_setup io_uring_enter io_uring_register
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
syslog sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex iopl ioperm modify_ldt
name_to_handle_at open_by_handle_at lookup_dcookie nfsservctl uselib vhangup personality
memfd_create shmget shmat semget msgget
fanotify_init memfd_secret landlock_create_ruleset migrate_pages move_pages mbind set_mempolicy vmsplice
""".split()
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True)
class Limits:
    """Bytes, seconds and counts for one submission."""

    call_seconds: float = 10.0
    total_seconds: float = 60.0
    memory: int = 2 << 30
    processes: int = 64
    open_files: int = 256
    file_size: int = 32 << 20
    disk: int = 64 << 20
    output: int = 64 << 10


class Kernel:
    """The few C functions needed, looked up before the fork."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __call__(self, function: str, *args: Any) -> int:
        result: int = getattr(self._libc, function)(*args)
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{function}: {os.strerror(code)}")
        return result

    def mount(self, kind: bytes, target: str, flags: int, options: str = "") -> None:
        self("mount", kind, target.encode(), kind, ctypes.c_ulong(flags), options.encode())

    def prctl(self, option: int, value: int, *rest: int) -> None:
        self("prctl", option, *(ctypes.c_ulong(v) for v in (value, *rest, *(0,) * (3 - len(rest)))))


def system_call_filter() -> Any:
    """A libseccomp filter that refuses what a numpy or torch program never needs; None where libseccomp is absent."""
    find = ctypes.util.find_library
    names = {"seccomp": "libseccomp.so.2"}  # find_library would run ldconfig: slow, and not there in the sandbox
    ctypes.util.find_library = names.get  # type: ignore[assignment]
    try:
        import pyseccomp as seccomp  # type: ignore[import-untyped]
    except (ImportError, OSError, AttributeError, RuntimeError):
        return None
    finally:
        ctypes.util.find_library = find
    refuse, absent = seccomp.ERRNO(errno.EPERM), seccomp.ERRNO(errno.ENOSYS)
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _DENIED:
        with contextlib.suppress(OSError, ValueError):  # a call this kernel or architecture does not know
            rules.add_rule(refuse, name)
    rules.add_rule(absent, "clone3")  # its flags lie in memory, where a filter cannot look; libc falls back to clone
    for flag in (NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET):
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    highest = max(_FAMILIES)
    rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.GT, highest))
    for family in range(highest):
        if family not in _FAMILIES:
            rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.EQ, family))
    for request in (0x5412, 0x541C):  # TIOCSTI, TIOCLINUX: typing into a terminal
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    return rules


def enter_namespaces(kernel: Kernel, limits: Limits, private: list[str], hide_processes: bool = True) -> None:
    """User, mount, ipc, network, host name and cgroup namespaces of its own; `private` folders are empty and writable.

    The first of them becomes the working folder. The process is the first of its pid
    namespace already. Raises OSError where the kernel refuses.
    """
    uid, gid = os.geteuid(), os.getegid()
    kernel.prctl(_PR_SET_DUMPABLE, 1)  # a changed user id cleared it, and with it the right to write one's own uid_map
    kernel("unshare", NEWUSER | NEWNS | NEWIPC | NEWNET | NEWUTS | NEWCGROUP)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{UID_INSIDE} {uid} 1")
    _write("/proc/self/gid_map", f"{UID_INSIDE} {gid} 1")
    kernel.mount(b"none", "/", _MS_REC | _MS_PRIVATE)
    flags = _MS_NOSUID | _MS_NODEV
    owner = f"uid={UID_INSIDE},gid={UID_INSIDE},mode=0700"
    for folder in private:
        kernel.mount(b"tmpfs", folder, flags, f"size={limits.disk // len(private)},nr_inodes=2048,{owner}")
    if hide_processes:  # CUDA's driver looks itself up there
        kernel.mount(b"tmpfs", "/proc", flags | _MS_NOEXEC | _MS_RDONLY, "size=4k,nr_inodes=2,mode=0555")
    os.chdir(private[0])
    _loopback_up()


def limit_resources(limits: Limits, enforce_processes: bool, imports: tuple[int, int] | None) -> None:
    """Resource limits; memory is counted above what the imports have mapped already (`memory_mapped()`).

    None with CUDA, which maps the whole memory of machine and GPU: the zygote watches what is really used.
    """
    import resource

    def set_limit(name: str, value: int) -> None:
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, value))

    if imports is not None:
        mapped, data = imports
        set_limit("RLIMIT_DATA", data + limits.memory)  # private writable memory, as malloc and mmap take it
        # torch and thread arenas map far more than they touch: this bound only stops what RLIMIT_DATA does not count
        set_limit("RLIMIT_AS", mapped + 2 * limits.memory + (4 << 30))
    set_limit("RLIMIT_CPU", int(limits.total_seconds) * 4 + 5)
    set_limit("RLIMIT_FSIZE", limits.file_size)
    set_limit("RLIMIT_NOFILE", limits.open_files)
    set_limit("RLIMIT_CORE", 0)
    set_limit("RLIMIT_MSGQUEUE", 0)
    set_limit("RLIMIT_MEMLOCK", 1 << 20)
    if enforce_processes:
        set_limit("RLIMIT_NPROC", limits.processes)
    with contextlib.suppress(AttributeError, ValueError, OSError):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an OSError, not a death


def memory_mapped() -> tuple[int, int]:
    """Bytes mapped, and bytes of private writable memory, now (0, 0 where /proc is absent)."""
    sizes = {}
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        for line in status:
            name, _, rest = line.partition(":")
            if name in ("VmSize", "VmData"):
                sizes[name] = int(rest.split()[0]) * 1024
    return sizes.get("VmSize", 0), sizes.get("VmData", 0)


def drop_privileges(kernel: Kernel, rules: Any) -> None:
    """No capability, no way to gain one, and the system-call filter last of all."""
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for capability in range(64):
        with contextlib.suppress(OSError):
            kernel.prctl(_PR_CAPBSET_DROP, capability)
    with contextlib.suppress(OSError):
        kernel.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", 0x20080522, 0)
    kernel("capset", ctypes.c_char_p(header), ctypes.c_char_p(bytes(24)))
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if rules is not None:
        rules.load()


def become_subreaper(kernel: Kernel) -> None:
    """Orphans of a candidate become children of this process, where they can be found and killed."""
    kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _write(path: str, text: str) -> None:
    with contextlib.suppress(FileNotFoundError) if path.endswith("setgroups") else contextlib.nullcontext():
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", b"lo", 0x1)  # IFF_UP
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS
