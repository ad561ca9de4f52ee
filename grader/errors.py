"""Errors that a person reads: one sentence, and the exit code it means (cli.py is the one place that catches them)."""


class DlkitError(Exception):
    """What happened, where, and what to do next."""

    exit_code = 2


class UsageProblem(DlkitError):
    """The command was given something that it cannot use."""

    exit_code = 2


class GraderFault(DlkitError):
    """Our own mistake."""

    exit_code = 3


class MissingOnMachine(DlkitError):
    """Something that was asked for is not on this machine."""

    exit_code = 4
