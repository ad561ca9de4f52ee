"""Waiting for one's own children beside other things."""

import os
import signal


def wake_on_exit() -> int:
    """A descriptor that becomes readable when a child ends, for `poll`; read it empty, then ask `waitpid`."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken
