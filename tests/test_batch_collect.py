"""What a class hands in, hostile or clumsy: every answer is found, everything else is a sentence, nothing stops."""

import io
import json
import os
import random
import stat
import string
import struct
import zipfile
from pathlib import Path

import pytest

from dlkit.grader.batch import entries
from dlkit.grader.batch.collect import Collector, Found, Problem
from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem
from dlkit.grader.submission import MAX_BYTES

NAME = "exercise_07_softmax.py"
OTHER = "exercise_14_backprop.py"


def collect(source, *only):
    return list(Collector(catalog(), [catalog().find(e) for e in only]).collect(Path(source)))


def put(path, data=b"x = 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def archive(path, files, compression=zipfile.ZIP_DEFLATED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def answers(items):
    return {(i.student, i.stem.split("_")[1]): i.data for i in items if isinstance(i, Found)}


def reasons(items):
    return [(i.student, i.stem, i.reason) for i in items if isinstance(i, Problem)]


# Layouts


def test_folders_of_students(tmp_path):
    put(tmp_path / "ann" / NAME, b"a")
    put(tmp_path / "ann" / OTHER, b"b")
    put(tmp_path / "bob" / "ps1" / "exercise_07_softmax.ipynb", b"c")
    put(tmp_path / "bob" / "notes.txt")
    put(tmp_path / "bob" / ".ipynb_checkpoints" / NAME, b"old")
    items = collect(tmp_path)
    assert answers(items) == {("ann", "07"): b"a", ("ann", "14"): b"b", ("bob", "07"): b"c"}
    assert [i.notebook for i in items] == [False, False, True]
    assert reasons(items) == []


def test_only_the_exercises_asked_for(tmp_path):
    put(tmp_path / "ann" / NAME)
    put(tmp_path / "ann" / OTHER)
    assert set(answers(collect(tmp_path, "backprop"))) == {("ann", "14")}
    assert reasons(collect(tmp_path, "backprop")) == []


def test_any_name_will_do_where_one_exercise_is_named(tmp_path):
    put(tmp_path / "ann" / "homework.py", b"a")
    assert reasons(collect(tmp_path)) == [("ann", "", "no exercise has this name")]
    assert answers(collect(tmp_path, "softmax")) == {("ann", "07"): b"a"}
    put(tmp_path / "ann" / "helper.py", b"b")
    ((student, stem, reason),) = reasons(collect(tmp_path, "softmax"))
    assert (student, stem) == ("ann", "exercise_07_softmax")
    assert "several files (helper.py, homework.py)" in reason
    put(tmp_path / "ann" / NAME, b"c")
    assert answers(collect(tmp_path, "softmax")) == {("ann", "07"): b"c"}


def test_exports_of_learning_platforms(tmp_path):
    moodle = {f"Ann Smith_123_assignsubmission_file_/{NAME}": b"a", f"Bo Li_9_assignsubmission_file_/{NAME}": b"b"}
    assert answers(collect(archive(tmp_path / "m.zip", moodle))) == {
        ("Ann Smith_123", "07"): b"a",
        ("Bo Li_9", "07"): b"b",
    }
    canvas = {f"smithann_123_456_{NAME}": b"a", "lib_LATE_9_77_exercise_07_softmax-2.py": b"b"}
    assert answers(collect(archive(tmp_path / "c.zip", canvas))) == {
        ("smithann_123", "07"): b"a",
        ("lib_9", "07"): b"b",
    }
    blackboard = {f"ps1_asmith_attempt_2026-01-02-03-04-05_{NAME}": b"a"}
    assert answers(collect(archive(tmp_path / "b.zip", blackboard))) == {("asmith", "07"): b"a"}
    wrapped = {f"submissions/ann/{NAME}": b"a", f"submissions/bo/{NAME}": b"b", "submissions/bo/ps.zip": b"no zip"}
    found = collect(archive(tmp_path / "w.zip", wrapped))
    assert answers(found) == {("ann", "07"): b"a", ("bo", "07"): b"b"}
    assert reasons(found) == [("bo", "", "it is not a zip archive")]


def test_archives_in_the_folder_are_a_student_or_a_class(tmp_path):
    archive(tmp_path / "one" / "ann.zip", {f"hw/{NAME}": b"a", f"hw/{OTHER}": b"b"})
    assert answers(collect(tmp_path / "one")) == {("ann", "07"): b"a", ("ann", "14"): b"b"}
    archive(tmp_path / "two" / "all.zip", {f"ann/{NAME}": b"a", f"bo/{NAME}": b"b"})
    assert answers(collect(tmp_path / "two")) == {("ann", "07"): b"a", ("bo", "07"): b"b"}
    archive(tmp_path / "three" / "smithann_123_456_hw.zip", {NAME: b"a"})
    assert answers(collect(tmp_path / "three")) == {("smithann_123", "07"): b"a"}
    archive(tmp_path / "four" / "ann" / "hw.zip", {NAME: b"a"})
    assert answers(collect(tmp_path / "four")) == {("ann", "07"): b"a"}


def test_the_newest_of_several_counts_and_the_others_are_named(tmp_path):
    old = put(tmp_path / "ann" / "v1" / NAME, b"old")
    new = put(tmp_path / "ann" / "v0" / NAME, b"new")
    os.utime(old, (1000, 1000))
    os.utime(new, (2000, 2000))
    items = collect(tmp_path)
    assert answers(items) == {("ann", "07"): b"new"}
    assert [(s, e, r[:36]) for s, e, r in reasons(items)] == [("ann", "", "there is a newer answer to the same ")]
    new.write_bytes(b"old")  # the same twice is no problem
    assert reasons(collect(tmp_path)) == []


def test_numbered_copies_are_newer(tmp_path):
    for name in ("exercise_07_softmax.py", "exercise_07_softmax (2).py", "exercise_07_softmax (1).py"):
        os.utime(put(tmp_path / "ann" / name, name.encode()), (5, 5))
    assert answers(collect(tmp_path)) == {("ann", "07"): b"exercise_07_softmax (2).py"}


# What is refused, one by one


def test_hostile_files_on_disk(tmp_path):
    outside = put(tmp_path / "secret.py", b"secret")
    folder = tmp_path / "class"
    put(folder / "good" / NAME)
    (folder / "link").mkdir()
    (folder / "link" / NAME).symlink_to(outside)
    (folder / "linked_folder").symlink_to(tmp_path)
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "pipe" / NAME)
    (folder / "folder" / NAME).mkdir(parents=True)
    put(folder / "large" / NAME, b"#" * (MAX_BYTES + 1))
    put(folder / "text" / "exercise_07_softmax.py.txt")
    put(folder / "rar" / "hw.rar")
    (folder / "empty").mkdir()
    deep = folder / "deep"
    for _ in range(40):
        deep /= "d"
    put(deep / NAME)
    items = collect(folder)
    assert answers(items) == {("good", "07"): b"x = 1\n"}
    found = {s: (bool(stem), reason) for s, stem, reason in reasons(items)}
    assert found == {
        "link": (True, "this is a link; links are not followed"),
        "": (False, "this is a link; links are not followed"),
        "pipe": (True, "this is not an ordinary file"),
        "folder": (True, "this is a folder, not a file"),
        "large": (True, "it is larger than 4 MiB; an answer is a short file"),
        "text": (False, "an answer is a .py or .ipynb file"),
        "rar": (False, "archives of this kind are not read; ask for a zip"),
        "empty": (False, "nothing to grade was found here"),
        "deep": (False, "folders are nested more than 6 deep; this one was not looked at"),
    }


def test_hostile_names(tmp_path):
    put(tmp_path / "ann\x1b[31m\n=cmd()" / NAME, b"a")
    put(tmp_path / "caf\u00e9" / NAME, b"b")
    put(tmp_path / "cafe\u0301" / NAME, b"c")
    put(tmp_path / "\u202e\u2066" / NAME, b"d")
    (tmp_path / os.fsdecode(b"\xff\xfe")).mkdir()
    put(tmp_path / ("n" * 200) / NAME, b"e")
    items = collect(tmp_path)
    assert set(answers(items)) == {("ann =cmd()", "07"), ("caf\u00e9", "07"), ("n" * 120, "07")}
    told = {s: r for s, _, r in reasons(items)}
    assert told["caf\u00e9"] == "another folder has a name that looks the same; rename one of them"
    assert told[""] == "the folder's name cannot be shown; rename it"
    assert told["??"] == "nothing to grade was found here"
    for item in items:
        assert item.shown.isprintable(), item.shown


def test_hostile_archives(tmp_path):
    link = zipfile.ZipInfo(NAME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bomb = b"\0" * (50 << 20)
    archive(tmp_path / "climbs.zip", {f"../../{NAME}": b"a"})
    archive(tmp_path / "absolute.zip", {f"/etc/{NAME}": b"a"})
    archive(tmp_path / "drive.zip", {f"C:\\x\\{NAME}": b"a"})
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    archive(tmp_path / "bomb.zip", {NAME: bomb})
    archive(tmp_path / "bomb2.zip", {NAME: bomb}, zipfile.ZIP_BZIP2)
    archive(tmp_path / "many.zip", {f"f{i}.py": b"" for i in range(entries.MAX_ENTRIES + 5)})
    put(tmp_path / "none.zip", b"no zip at all")
    whole = archive(tmp_path / "cut.zip", {NAME: os.urandom(5000)}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:2000] + whole[3000:])
    put(tmp_path / "empty.zip", b"")
    lying = bytearray(archive(tmp_path / "lies.zip", {NAME: b"#" * 9_000_000}).read_bytes())
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<L", 10)  # says: ten bytes
    (tmp_path / "lies.zip").write_bytes(lying)
    (tmp_path / "linked.zip").symlink_to(tmp_path / "bomb.zip")
    items = collect(tmp_path)
    assert answers(items) == {}
    told = {s: r for s, _, r in reversed(reasons(items))}  # the first of each
    assert told["climbs"] == told["absolute"] == told["drive"] == "its name in the archive leads out of the folder"
    assert told["links"] == "this is a link; links are not followed"
    assert told["bomb"] == "it is larger than 4 MiB; an answer is a short file"
    assert told["bomb2"] == "it is compressed in a way that is not read; use an ordinary zip"
    assert told["many"] == f"more than {entries.MAX_ENTRIES} files; the rest was not looked at"
    assert told["none"] == told["empty"] == "it is not a zip archive"
    assert "archive" in told["cut"]
    assert "archive is damaged" in told["lies"] or "larger than" in told["lies"]
    assert told[""] == "this is a link; links are not followed"


def test_an_archive_cannot_make_us_read_a_huge_table_of_contents(tmp_path):
    data = bytearray(archive(tmp_path / "ann.zip", {NAME: b"a"}).read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 1 << 30)
    (tmp_path / "ann.zip").write_bytes(data)
    assert reasons(collect(tmp_path)) == [("ann", "", "the archive lists too many files")]


def test_archives_in_archives_are_bounded(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr(NAME, b"a")
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as made:
        made.writestr("again.zip", inner.getvalue())
    archive(tmp_path / "ann" / "hw.zip", {"deeper.zip": nested.getvalue()})
    for i in range(12):
        put(tmp_path / "bo" / f"{i:02}.zip", inner.getvalue())
    items = collect(tmp_path)
    assert answers(items) == {("bo", "07"): b"a"}
    assert ("ann", "", "nothing to grade was found here") in reasons(items)
    assert sum("more than 8 archives" in r for _, _, r in reasons(items)) == 4


@pytest.mark.parametrize("seed", range(5))
def test_damaged_archives_never_stop_the_run(tmp_path, seed):
    """Bytes of a real archive, changed at random: an answer or a sentence, never an exception."""
    rng = random.Random(seed)
    files = {"".join(rng.choices(string.printable, k=8)) + NAME: rng.randbytes(300) for _ in range(5)}
    whole = archive(tmp_path / "whole.bin", {**files, NAME: b"x" * 500}).read_bytes()
    for i in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 12)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        put(tmp_path / "class" / f"s{i}.zip", bytes(data))
    items = collect(tmp_path / "class", "softmax")
    assert {i.student for i in items} <= {f"s{i}" for i in range(60)} | {""} | {
        i.student for i in items if "_" in i.student
    }
    assert len(items) >= 60


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(UsageProblem, match="There is no folder"):
        collect(tmp_path / "nowhere")
    with pytest.raises(UsageProblem, match="neither a folder nor a zip"):
        collect(put(tmp_path / "notes.txt"))
    ((student, _, reason),) = reasons(collect(put(tmp_path / "class.zip", b"no")))
    assert (student, reason) == ("", "it is not a zip archive")
    assert json.dumps(reason)
