"""What is handed in -> a Submission: `.py`, `.ipynb`, standard input. Bounded, decoded, never executed here."""

import io
import json
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO

from .candidate.source import Submission
from .catalog import Exercise
from .errors import UsageProblem

MAX_BYTES = 4 << 20  # a notebook with pictures in it is this large at most
# What editors write. Other codecs of Python's are transformations, some of them with running times of their own.
_ENCODINGS = ("utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "mac-roman")


def read_submission(exercise: Exercise, path: str, stdin: BinaryIO) -> Submission:
    """The submission at `path` (`-` is `stdin`). Raises UsageProblem where it is not a readable text of ours."""
    data, label = _read(path, stdin)
    notebook = path.endswith(".ipynb")
    if notebook:
        from .nbgrader.reading import assignment_units  # an assignment holds several answers

        units = assignment_units(data, label, exercise)
        if units is not None:
            return submission(exercise, units)
    return submission(exercise, units_of(data, label, notebook))


def units_of(data: bytes, label: str, notebook: bool) -> tuple[tuple[str, str], ...]:
    """The bytes of a file as units of source: (name in tracebacks, text). Raises UsageProblem where they are none."""
    return notebook_cells(data, label) if notebook else ((label, _text(data, label)),)


def submission(exercise: Exercise, units: tuple[tuple[str, str], ...]) -> Submission:
    """Units of source as a submission to an exercise."""
    return Submission(units, exercise.stem, exercise.names, exercise.bans)


def _read(path: str, stdin: BinaryIO) -> tuple[bytes, str]:
    if path == "-":
        data = stdin.read(MAX_BYTES + 1)
        label = "standard input"
    else:
        file = Path(path)
        label = file.name
        data = _read_file(file)
    if len(data) > MAX_BYTES:
        raise UsageProblem(f"{label} is larger than {MAX_BYTES >> 20} MiB. An answer is a short Python file.")
    return data, label


def read_bytes(file: Path) -> tuple[bytes, str]:
    """The bytes of a file, bounded, and its name. Raises UsageProblem where it is no ordinary file, or too large."""
    return _read(str(file), io.BytesIO())


def read_text(file: Path) -> str:
    """A Python file as text. Raises UsageProblem where it is none."""
    return _text(*read_bytes(file))


def _read_file(file: Path) -> bytes:
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UsageProblem(f"{file} is a folder. Give the file in it that holds your answer.")
        if not stat.S_ISREG(mode):
            raise UsageProblem(f"{file} is not an ordinary file.")
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        dangling = " It is a link to a file that is gone." if file.is_symlink() else " Check the path."
        raise UsageProblem(f"There is no file {file}.{dangling}") from None
    except PermissionError:
        raise UsageProblem(f"{file} may not be read by you. Mend its permissions: chmod u+r {file}") from None
    except OSError as error:
        raise UsageProblem(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UsageProblem("That is not a file name.") from None


def _text(data: bytes, label: str) -> str:
    """Source as text: UTF-8 (with or without a BOM), or what its coding line says."""
    import codecs
    import tokenize

    if b"\0" in data:
        at = data[: data.index(b"\0")].count(b"\n") + 1
        raise UsageProblem(f"{label} holds a null byte (line {at}): it is not a Python text file.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if codecs.lookup(encoding.removesuffix("-sig")).name not in _ENCODINGS:
            raise LookupError
        text = data.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        raise UsageProblem(f"{label} is not UTF-8 text. Save it as UTF-8 in your editor.") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def notebook_cells(data: bytes, label: str) -> tuple[tuple[str, str], ...]:
    """The code cells of a notebook, in order, without IPython's magics. Raises UsageProblem where it is none."""
    try:
        cells = json.loads(data.decode("utf-8-sig"))["cells"]
        sources = [_cell_source(c) for c in cells if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageProblem(f"{label} is not a Jupyter notebook (nbformat 4). Save it again from Jupyter.") from None
    if not any(s.strip() for s in sources):
        raise UsageProblem(f"{label} has no code cell with anything in it.")
    return tuple((f"{label} cell {i + 1}", without_magics(s)) for i, s in enumerate(sources) if s.strip())


def _cell_source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    text = "".join(source) if isinstance(source, list) else source
    if not isinstance(text, str):
        raise TypeError
    return text.replace("\r\n", "\n").replace("\0", "")


# What decides whether a line begins a statement: strings, brackets, comments.
_TOKEN = re.compile(r"""#.*|'''|\"\"\"|'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|[\[({]|[\])}]""")
_HELP = re.compile(r"[\w.]+\?{1,2}\s*")
_CAPTURED = re.compile(r"(\s*)([\w.,\s*()\[\]]+?)\s*=\s*[%!]")  # `files = !ls`, `t = %timeit -o f()`
_TIMING = ("time", "timeit", "capture", "prun")  # cell magics that run the cell as Python


def without_magics(source: str) -> str:
    """Cell source as Python: `%matplotlib inline`, `!pip …`, `?help` become empty lines, so line numbers stay.

    What a line captures from a command (`files = !ls`) becomes None: nothing is run.
    """
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        magic = lines[first][2:].split()
        if magic and magic[0] not in _TIMING:
            return ""  # another language, or a file that is written
        lines[first] = ""
    quote, depth, continued, of_magic = "", 0, False, False
    for i, line in enumerate(lines):
        if of_magic:  # a command that goes on after a backslash
            lines[i], of_magic = "", line.endswith("\\")
            continue
        plain = None if quote or depth or continued else _plain(line, i > first)
        if plain is not None:
            lines[i], of_magic = plain, line.endswith("\\")
            continue
        quote, depth = _scanned(line, quote, depth)
        continued = line.endswith("\\")
    return "\n".join(lines)


def _plain(line: str, inside: bool) -> str | None:
    """What stands for a line that is IPython's and no Python (no statement begins like this); None for Python."""
    text = line.strip()
    if text.startswith(("%", "!", "?")) or _HELP.fullmatch(text):
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}pass" if indent and inside else ""  # a body may consist of it alone
    captured = _CAPTURED.match(line)
    return f"{captured[1]}{captured[2]} = None" if captured else None


def _scanned(line: str, quote: str, depth: int) -> tuple[str, int]:
    """The triple quote that is open after a line, and how many brackets are."""
    at = 0
    while at < len(line):
        if quote:
            end = re.compile(rf"(?:\\.|(?!{quote}).)*").match(line, at).end()  # type: ignore[union-attr]
            if end >= len(line):
                return quote, depth
            quote, at = "", end + 3
            continue
        found = _TOKEN.search(line, at)
        if found is None:
            break
        token, at = found.group(), found.end()
        if token in ("'''", '"""'):
            quote = token
        elif token in "[({":
            depth += 1
        elif token in "])}":
            depth = max(0, depth - 1)
    return quote, depth
