"""What is handed in: files of every kind and encoding, notebooks, standard input. Read, bounded, never run here."""

import ast
import codecs
import io
import json
import os
from pathlib import Path

import pytest

from dlkit.grader.catalog import Exercise
from dlkit.grader.errors import UsageProblem
from dlkit.grader.submission import MAX_BYTES, notebook_cells, read_submission, submission, without_magics

SOURCE = "def f(x):\n    return 'Größe'\n"


@pytest.fixture
def exercise(tmp_path):
    """An exercise with a stub of its own."""
    (tmp_path / "exercises").mkdir()
    e = Exercise("exercise_99_sample", "Sample", "A", 1, "numpy", forbidden=("np.exp",), root=tmp_path)
    e.stub.write_text("def f(x): ...\n\n\nclass Layer: ...\n", "utf-8")
    return e


@pytest.fixture
def read(exercise, tmp_path):
    """Read these bytes as a file of this name; gives the units of source."""

    def reading(data, name="answer.py"):
        file = tmp_path / name
        file.write_bytes(data)
        return read_submission(exercise, str(file), io.BytesIO()).units

    return reading


@pytest.fixture
def refused(exercise):
    """The sentence with which a path is refused."""

    def sentence(path, stdin=b""):
        with pytest.raises(UsageProblem) as caught:
            read_submission(exercise, str(path), io.BytesIO(stdin))
        return str(caught.value)

    return sentence


# Python files


def test_a_submission_knows_its_exercise(exercise):
    read = submission(exercise, (("a.py", SOURCE),))
    assert read.units == (("a.py", SOURCE),)
    assert read.module == "exercise_99_sample"
    assert read.names == ("f", "Layer")
    assert "np.exp" in read.bans
    assert "torch" in read.bans


ENCODINGS = {
    "utf-8": SOURCE.encode(),
    "with a BOM": codecs.BOM_UTF8 + SOURCE.encode(),
    "Windows lines": SOURCE.replace("\n", "\r\n").encode(),
    "old Mac lines": SOURCE.replace("\n", "\r").encode(),
    "BOM and Windows lines": codecs.BOM_UTF8 + SOURCE.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_encodings(case, read):
    assert read(ENCODINGS[case]) == (("answer.py", SOURCE),)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15", "utf-8"])
@pytest.mark.parametrize("before", ["", "#!/usr/bin/env python\n"])
def test_a_coding_line_is_followed(encoding, before, read):
    source = f"{before}# -*- coding: {encoding} -*-\n{SOURCE}"
    assert read(source.encode(encoding)) == (("answer.py", source),)


@pytest.mark.parametrize("data", [b"", b"\n", b"x = 1", "x = '🙂 梯度'\n".encode()])
def test_short_and_wide_texts(data, read):
    assert read(data) == (("answer.py", data.decode()),)


@pytest.mark.parametrize(
    "data",
    [
        SOURCE.encode("latin-1"),
        b"x = '\xff'\n",
        b"x = '\xed\xa0\x80'\n",  # a surrogate in UTF-8
        b"# coding: utf-8\nx = '\xff'\n",
        b"# coding: klingon\n",
        b"# coding: rot13\nk = 1\n",  # not a text encoding
        b"# coding: undefined\n",  # a codec that refuses everything
        codecs.BOM_UTF8 + b"# coding: latin-1\n",  # they contradict each other
    ],
    ids=repr,
)
def test_no_utf8(data, refused, tmp_path):
    (tmp_path / "answer.py").write_bytes(data)
    assert refused(tmp_path / "answer.py") == "answer.py is not UTF-8 text. Save it as UTF-8 in your editor."


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\0", 1),
        (b"x = 1\ny = '\0'\n", 2),
        (b"a\n\n\n\0\n\0", 4),
        (SOURCE.encode("utf-16"), 1),
        (b"\x80\x05\0pickle", 1),
    ],
    ids=repr,
)
def test_null_bytes(data, line, refused, tmp_path):
    (tmp_path / "answer.py").write_bytes(data)
    words = f"answer.py holds a null byte (line {line}): it is not a Python text file."
    assert refused(tmp_path / "answer.py") == words


def test_too_large(read, refused, tmp_path):
    (tmp_path / "answer.py").write_bytes(b"#" * (MAX_BYTES + 1))
    sentence = refused(tmp_path / "answer.py")
    assert sentence == "answer.py is larger than 4 MiB. An answer is a short Python file."
    assert read(b"#" * MAX_BYTES) == (("answer.py", "#" * MAX_BYTES),)  # the largest that is read


def test_a_sparse_file_of_a_terabyte_is_refused_without_reading_it(refused, tmp_path):
    with open(tmp_path / "answer.py", "wb") as file:
        file.truncate(1 << 40)
    assert "larger than 4 MiB" in refused(tmp_path / "answer.py")


def test_a_link_is_followed(exercise, tmp_path):
    (tmp_path / "real.py").write_text(SOURCE, "utf-8")
    (tmp_path / "link.py").symlink_to("real.py")
    units = read_submission(exercise, str(tmp_path / "link.py"), io.BytesIO()).units
    assert units == (("link.py", SOURCE),)


# What is no file


def test_no_file(refused, tmp_path):
    path = tmp_path / "absent.py"
    assert refused(path) == f"There is no file {path}. Check the path."


def test_a_link_to_nowhere(refused, tmp_path):
    path = tmp_path / "link.py"
    path.symlink_to("gone.py")
    assert refused(path) == f"There is no file {path}. It is a link to a file that is gone."


def test_a_link_to_itself(refused, tmp_path):
    path = tmp_path / "loop.py"
    path.symlink_to("loop.py")
    assert refused(path) == f"{path} cannot be read: Too many levels of symbolic links."


def test_a_folder(refused, tmp_path):
    assert refused(tmp_path) == f"{tmp_path} is a folder. Give the file in it that holds your answer."
    folder = tmp_path / "folder.ipynb"
    folder.mkdir()
    assert refused(folder).startswith(f"{folder} is a folder.")


def test_a_file_taken_for_a_folder(refused, tmp_path):
    (tmp_path / "a.py").write_text("")
    path = tmp_path / "a.py" / "b.py"
    assert refused(path) == f"{path} cannot be read: Not a directory."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_is_not_waited_for(refused, tmp_path):
    path = tmp_path / "pipe.py"
    os.mkfifo(path)
    assert refused(path) == f"{path} is not an ordinary file."


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no /dev on this system")
def test_a_device(refused):
    assert refused("/dev/zero") == "/dev/zero is not an ordinary file."


@pytest.mark.parametrize(("path", "words"), [("a\0b.py", "That is not a file name."), ("", ". is a folder.")])
def test_odd_names(path, words, refused):
    assert refused(path).startswith(words)


def test_a_name_that_is_too_long(refused):
    assert refused("x" * 300 + ".py").endswith(" cannot be read: File name too long.")


@pytest.mark.parametrize("call", ["open", "stat"])  # chmod does not keep root out, so the system call is replaced
def test_a_file_that_may_not_be_read(call, refused, tmp_path, monkeypatch):
    path = tmp_path / "answer.py"
    path.write_text(SOURCE, "utf-8")
    original = getattr(Path, call)

    def deny(self, *args, **kwargs):
        if self.name == "answer.py":
            raise PermissionError(13, "Permission denied", str(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, call, deny)
    assert refused(path) == f"{path} may not be read by you. Mend its permissions: chmod u+r {path}"


def test_a_disk_that_fails(refused, tmp_path, monkeypatch):
    path = tmp_path / "answer.py"
    path.write_text(SOURCE, "utf-8")
    original = Path.open

    def fail(self, *args, **kwargs):
        if self.name == "answer.py":
            raise OSError(5, "Input/output error", str(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", fail)
    assert refused(path) == f"{path} cannot be read: Input/output error."


# Standard input


def test_standard_input(exercise):
    units = read_submission(exercise, "-", io.BytesIO(SOURCE.replace("\n", "\r\n").encode())).units
    assert units == (("standard input", SOURCE),)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"x\0", "standard input holds a null byte (line 1): it is not a Python text file."),
        (b"\xff", "standard input is not UTF-8 text. Save it as UTF-8 in your editor."),
        (b"#" * (MAX_BYTES + 1), "standard input is larger than 4 MiB. An answer is a short Python file."),
    ],
    ids=["null byte", "encoding", "size"],
)
def test_standard_input_is_bounded_and_decoded(data, sentence, refused):
    assert refused("-", data) == sentence


def test_endless_standard_input_is_not_read_to_its_end(exercise):
    class Endless:
        taken = 0

        def read(self, size):
            assert 0 < size < 1 << 30
            self.taken += size
            return b"#" * size

    stdin = Endless()
    with pytest.raises(UsageProblem):
        read_submission(exercise, "-", stdin)
    assert stdin.taken == MAX_BYTES + 1


# Notebooks


def cell(source, kind="code"):
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [{"data": "f = None"}]}


def notebook(*cells, **extra):
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": cells, **extra}).encode()


def test_the_code_cells_are_the_submission(read):
    cells = [
        cell("# Softmax", "markdown"),
        cell(["import numpy as np\n", "%matplotlib inline\n", "x = 1"]),
        cell("nonsense", "raw"),
        cell("   \n"),
        cell(""),
        cell("def f(x):\r\n    return x\r\n"),
    ]
    assert read(notebook(*cells), "answer.ipynb") == (
        ("answer.ipynb cell 1", "import numpy as np\n\nx = 1"),
        ("answer.ipynb cell 4", "def f(x):\n    return x\n"),
    )


def test_a_notebook_with_a_bom_and_umlauts(read):
    data = codecs.BOM_UTF8 + json.dumps({"cells": [cell("x = 'ö'")]}, ensure_ascii=False).encode()
    assert read(data, "a.ipynb") == (("a.ipynb cell 1", "x = 'ö'"),)


def test_null_characters_in_a_cell_do_not_stop_the_parser():
    ((_, source),) = notebook_cells(notebook(cell("x = 1\0")), "a.ipynb")
    ast.parse(source)


NO_NOTEBOOK = "a.ipynb is not a Jupyter notebook (nbformat 4). Save it again from Jupyter."
BAD_NOTEBOOKS = {
    "empty": b"",
    "Python": b"x = 1\n",
    "half a notebook": notebook(cell("x = 1"))[:-10],
    "not UTF-8": b'{"cells": ["\xff"]}',
    "UTF-16": notebook(cell("x")).decode().encode("utf-16"),
    "a number": b"4",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"cells"',
    "no cells": b'{"nbformat": 4}',
    "nbformat 3": b'{"nbformat": 3, "worksheets": [{"cells": []}]}',
    "cells null": b'{"cells": null}',
    "cells a number": b'{"cells": 4}',
    "cells a string": b'{"cells": "code"}',
    "cells a dict": b'{"cells": {"cell_type": "code", "source": "x"}}',
    "cell null": b'{"cells": [null]}',
    "cell a string": b'{"cells": ["x = 1"]}',
    "cell a number": b'{"cells": [4]}',
    "cell a list": b'{"cells": [["cell_type", "source"]]}',
    "cell without a type": b'{"cells": [{"source": "x"}]}',
    "cell without a source": b'{"cells": [{"cell_type": "code"}]}',
    "source null": b'{"cells": [{"cell_type": "code", "source": null}]}',
    "source a number": b'{"cells": [{"cell_type": "code", "source": 4}]}',
    "source a dict": b'{"cells": [{"cell_type": "code", "source": {"a": "x"}}]}',
    "source a list of numbers": b'{"cells": [{"cell_type": "code", "source": ["x = ", 4]}]}',
    "source a nested list": b'{"cells": [{"cell_type": "code", "source": [["x = 4"]]}]}',
    "nested 100000 deep": b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "dicts nested 100000 deep": b'{"cells":' * 100_000 + b"0" + b"}" * 100_000,
    "a number of 100000 digits": b'{"cells": ' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("case", BAD_NOTEBOOKS)
def test_no_notebook(case, refused, tmp_path):
    (tmp_path / "a.ipynb").write_bytes(BAD_NOTEBOOKS[case])
    assert refused(tmp_path / "a.ipynb") == NO_NOTEBOOK


@pytest.mark.parametrize(
    "cells", [[], [cell("# text", "markdown")], [cell(" \n"), cell([])]], ids=["none", "text", "blank"]
)
def test_no_code_cell(cells, refused, tmp_path):
    (tmp_path / "a.ipynb").write_bytes(notebook(*cells))
    assert refused(tmp_path / "a.ipynb") == "a.ipynb has no code cell with anything in it."


def test_a_notebook_too_large(refused, tmp_path):
    (tmp_path / "a.ipynb").write_bytes(notebook(cell("x = 1"), extra="x" * MAX_BYTES))
    assert refused(tmp_path / "a.ipynb") == "a.ipynb is larger than 4 MiB. An answer is a short Python file."


# Magics: what Jupyter would not give to Python becomes an empty line, so that line numbers stay


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("x = 1\ny = 2", "x = 1\ny = 2"),
        ("", ""),
        # line magics
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("x = 1\n%timeit f(x)\ny = 2", "x = 1\n\ny = 2"),
        # shell
        ("!pip install numpy", ""),
        ("!./run.sh", ""),
        ("!!ls", ""),
        ("! ls", ""),
        ("!/bin/ls", ""),
        ("!{command}", ""),
        # help
        ("?np.exp", ""),
        ("??np.exp", ""),
        ("np.exp?", ""),
        ("np.exp??\nx = 1", "\nx = 1"),
        # cell magics
        ("%%time\nx = 1", "\nx = 1"),
        ("%%timeit -n 10\nx = 1", "\nx = 1"),
        ("%%capture out\nx = 1", "\nx = 1"),
        ("%%bash\nls -l\nrm x", ""),
        ("%%writefile a.py\nx = 1", ""),
        ("%%html\n<b>", ""),
        ("\n\n%%bash\nls -l", ""),  # Jupyter ignores blank lines before it
        # comments do not continue anything
        ("# -------\n%matplotlib inline\nx = 1", "# -------\n\nx = 1"),
        ("x = 1  # one, two,\n%matplotlib inline", "x = 1  # one, two,\n"),
        ("# a = (\n!ls", "# a = (\n"),
    ],
)
def test_magics_become_empty_lines(source, python):
    assert without_magics(source) == python


@pytest.mark.parametrize(
    "source",
    [
        "x = a \\\n% b",
        "x = (a\n% b)",
        "x = (a\n     % b)",
        "x = f(a,\n      b\n      %c)",
        "x = (a %\n     b)",
        "ok = (a\n!= b)",
        "x = [\n    1,\n    2\n    % 3,\n]",
        'text = """\n% done\n!important\n?\n"""',
        "text = '''\n%s of %d\n'''",
        'def f(x):\n    """A share.\n\n    %timeit f(3)\n    """\n    return x',
        "x = 5 % 3\ny = 'a' % 1",
        "x = 1 # what?",
        "x = '?'",
    ],
)
def test_python_is_left_as_it_is(source):
    ast.parse(source)
    assert without_magics(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "   %time f(x)",
        "def f(x):\n    if x:\n        %timeit x\n    return x\n",
        "for x in y:  # all of them\n    # one by one\n    !echo (\n    f(x)\n",
        "if x:\n    %time f(x)\n    %time g(x)\nelse:\n    !ls\n",
    ],
)
def test_indented_magics_leave_python_behind(source):
    """A body may consist of nothing else; the line numbers stay."""
    python = without_magics(source)
    ast.parse(python)
    assert python.count("\n") == source.count("\n")


def test_magics_keep_the_number_of_lines():
    source = "%matplotlib inline\n!ls\nx = 1\n?x\ny = 2\n"
    assert without_magics(source).count("\n") == source.count("\n")
    assert without_magics(source).split("\n")[4] == "y = 2"


def test_a_cell_that_is_all_magic_is_not_a_unit():
    """An empty unit does no harm, and the numbers of the cells stay those of the notebook."""
    units = notebook_cells(notebook(cell("%%bash\nls"), cell("x = 1")), "a.ipynb")
    assert ("a.ipynb cell 2", "x = 1") in units
    assert all(ast.parse(source) is not None for _, source in units)
