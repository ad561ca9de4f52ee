"""Files that we write for people: private, whole or not at all, never over something that is there unasked."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..errors import MissingOnMachine, UsageProblem


def check_free(path: Path, force: bool) -> None:
    """Raises UsageProblem where `path` exists and may not be replaced."""
    if path.is_dir():
        raise UsageProblem(f"{path} is a folder. Name a file in it.")
    if path.exists() and not force:
        raise UsageProblem(f"{path} exists. Say --force to replace it, or name another file with --out.")
    if not path.parent.is_dir():
        raise UsageProblem(f"There is no folder {path.parent} to put {path.name} into. Make it first.")


def write_file(path: Path, pieces: Iterable[str], mode: int = 0o600) -> None:
    """Write a text as a whole, readable by its owner alone."""
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            for piece in pieces:
                file.write(piece)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        raise MissingOnMachine(f"{path} cannot be written: {error.strerror}. Choose another place.") from None
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def fresh_folder(path: Path, force: bool) -> None:
    """Make a private folder; one with something in it is used only when told. Raises UsageProblem."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        full = any(path.iterdir())
    except FileNotFoundError:
        raise UsageProblem(f"There is no folder {path.parent} to put {path.name} into. Make it first.") from None
    except (FileExistsError, NotADirectoryError):
        raise UsageProblem(f"{path} is a file; this format writes a folder. Name one with --out.") from None
    except OSError as error:
        raise MissingOnMachine(f"{path} cannot be written: {error.strerror}. Choose another place.") from None
    if full and not force:
        raise UsageProblem(f"{path} has something in it. Say --force to write into it, or name another with --out.")


def write_out(path: str | None, pieces: Iterable[str], force: bool) -> None:
    """To a file, or to standard output where none is named."""
    if path is not None and path != "-":
        check_free(Path(path), force)
        write_file(Path(path), pieces)
        return
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # `| head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
