"""Tries the system calls that lead out of a sandbox, with arguments that do nothing, and reports how each one fails."""

import ctypes
import errno
import json
import os
import signal

STATUS = {"invalid"}
MAX_SCORE = 0.0

NEWUSER = 0x10000000
# name: (x86_64, aarch64, arguments). Where a call is let through, it finds nothing to do: no magic, no path, no flag.
CALLS = {
    "ptrace": (101, 117, (0, 0, 0, 0)),
    "process_vm_readv": (310, 270, (0, 0, 0, 0, 0, 0)),
    "process_vm_writev": (311, 271, (0, 0, 0, 0, 0, 0)),
    "kcmp": (312, 272, (0, 0, 0, 0, 0)),
    "pidfd_getfd": (438, 438, (-1, 0, 0)),
    "mount": (165, 40, (0, 0, 0, 0, 0)),
    "umount2": (166, 39, (0, 0)),
    "pivot_root": (155, 41, (0, 0)),
    "chroot": (161, 51, (0,)),
    "move_mount": (429, 429, (-1, 0, -1, 0, 0)),
    "open_tree": (428, 428, (-1, 0, 0)),
    "fsopen": (430, 430, (0, 0)),
    "fsmount": (432, 432, (-1, 0, 0)),
    "mount_setattr": (442, 442, (-1, 0, 0, 0, 0)),
    "setns": (308, 268, (-1, 0)),
    "unshare": (272, 97, (0,)),
    "keyctl": (250, 219, (0, 0, 0, 0, 0)),
    "add_key": (248, 217, (0, 0, 0, 0, 0)),
    "request_key": (249, 218, (0, 0, 0, 0)),
    "bpf": (321, 280, (-1, 0, 0)),
    "userfaultfd": (323, 282, (0,)),
    "perf_event_open": (298, 241, (0, -1, -1, -1, 0)),
    "io_uring_setup": (425, 425, (0, 0)),
    "io_uring_enter": (426, 426, (-1, 0, 0, 0, 0)),
    "init_module": (175, 105, (0, 0, 0)),
    "finit_module": (313, 273, (-1, 0, 0)),
    "delete_module": (176, 106, (0, 0)),
    "kexec_load": (246, 104, (0, 0, 0, 0)),
    "reboot": (169, 142, (0, 0, 0, 0)),
    "swapon": (167, 224, (0, 0)),
    "acct": (163, 89, (-1,)),
    "syslog": (103, 116, (-1, 0, 0)),
    "sethostname": (170, 161, (0, -1)),
    "settimeofday": (164, 170, (1, 0)),
    "clock_settime": (227, 112, (-1, 0)),
    "open_by_handle_at": (304, 265, (-1, 0, 0)),
    "name_to_handle_at": (303, 264, (-1, 0, 0, 0, 0)),
    "personality": (135, 92, (0xFFFFFFFF,)),
    "quotactl": (179, 60, (-1, 0, 0, 0)),
    "fanotify_init": (300, 262, (0xFFFFFFFF, 0)),
    "memfd_secret": (447, 447, (0xFFFFFFFF,)),
    "move_pages": (279, 239, (-1, 0, 0, 0, 0, 0)),
    "vmsplice": (278, 75, (-1, 0, 0, 0)),
    "clone_newuser": (56, 220, (NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)),
    "clone3": (435, 435, (0, 0)),
}
libc = ctypes.CDLL(None, use_errno=True)
column = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine)
report = {}
for name, call in CALLS.items():
    if column is not None:
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(call[column]), *(ctypes.c_ulong(a % 2**64) for a in call[2]))
        if name.startswith("clone") and result == 0:
            os._exit(0)
        report[name] = "works" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")
print("PROBE", json.dumps(report))
