"""Submissions that cheat or harm, each with the verdict it must get, in every sandbox of this machine.

`attacks/<family>/<name>.py` says in the first line what it tries, and declares: STATUS, the verdicts it may get;
MAX_SCORE, the points that it earns honestly at most; MIN_SCORE, where it is right but for one attack, the points that
the attack must not cost; NEEDS = "bwrap", where a promise holds only there; EXERCISE and CALL_SECONDS, where they are
not the usual ones. Many answer rightly only once they have succeeded ("Right if …"): then the score betrays the harm.

Attacks are safe for the machine even if the sandbox fails: every loop is bounded, what they write is called
`dlkit_attack`, and they connect to this test's own listeners only. A batch runs behind one warm parent and one suite;
after each attack a right answer goes the same way and must get full marks.
"""

import ast
import contextlib
import ctypes
import dataclasses
import functools
import gc
import hashlib
import importlib.util
import io
import json
import os
import re
import resource
import site
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem
from dlkit.grader.options import Options, preload_for
from dlkit.grader.render.terminal import report
from dlkit.grader.runner import grade_with
from dlkit.grader.sandbox import SandboxUnavailable, start
from dlkit.grader.submission import read_submission, submission
from dlkit.grader.suite import with_suite

ROOT = Path(__file__).parent.parent
ATTACKS = Path(__file__).parent / "attacks"
FAMILIES = "leaving agreeing patching searching writing forging resources escaping network poisoned text probes".split()
LIMITS = Limits(call_seconds=1.5, total_seconds=6.0, memory=512 << 20)
MARGIN_CALLS = 2  # an attack may take the time of one submission and of so many calls more
GRADER_ROOM = 768 << 20  # by how much the grader may grow: the largest message, as bytes and as values, and a copy
GRADER_BELT = 3 << 30  # the grader's own limit while an attack runs: this test must not harm the machine either
SEED = 7
# Torch exercises take longer: a part of the right answer is enough to see that the next one is graded as it should be.
AFTERWARDS = {"softmax": (), "distillation_loss": ("value", "gradient_value")}
RIGHT = (ROOT / "solutions" / "exercise_07_softmax.py").read_text("utf-8")
MARK = "dlkit_attack"  # in the name of whatever an attack leaves behind


@dataclass(frozen=True)
class Attack:
    """One file of the corpus with what it declares."""

    path: Path
    title: str
    status: frozenset[str]
    max_score: float
    min_score: float
    needs: str
    exercise: str
    call_seconds: float

    @classmethod
    def of(cls, path: Path) -> "Attack":
        """Read, never imported."""
        tree = ast.parse(path.read_text("utf-8"))
        declared = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                with contextlib.suppress(ValueError):
                    declared[node.targets[0].id] = ast.literal_eval(node.value)
        return cls(
            path, (ast.get_docstring(tree) or "").split("\n")[0], frozenset(declared["STATUS"]), declared["MAX_SCORE"],
            declared.get("MIN_SCORE", 0.0), declared.get("NEEDS", ""), declared.get("EXERCISE", "softmax"),
            declared.get("CALL_SECONDS", LIMITS.call_seconds),
        )  # fmt: skip

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def limits(self) -> Limits:
        total = max(LIMITS.total_seconds, 2 * self.call_seconds)
        return dataclasses.replace(LIMITS, call_seconds=self.call_seconds, total_seconds=total)

    @property
    def seconds(self) -> float:
        """What it may cost, from the first moment to the verdict."""
        return self.limits.total_seconds + MARGIN_CALLS * self.call_seconds


CORPUS = tuple(Attack.of(path) for path in sorted(ATTACKS.glob("*/*.py")))


@functools.cache
def why_not(kind):
    """Why this kind of sandbox does not work here, or nothing."""
    try:
        with start(kind, ["json"]) as parent:
            parent.ready()
    except SandboxUnavailable as trouble:
        return str(trouble)
    return ""


def runs(attacks):
    """Each attack in each sandbox, those that cannot run marked with the reason."""
    chosen = []
    for kind in ("bwrap", "process"):
        for attack in attacks:
            reason = "this promise holds under bwrap only" if attack.needs == "bwrap" != kind else ""
            if attack.exercise != "softmax" and importlib.util.find_spec("torch") is None:
                reason = "torch is not installed"
            reason = reason or (f"{kind}: {why_not(kind)}" if why_not(kind) else "")
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            chosen.append(pytest.param(kind, attack, id=f"{kind}-{attack.name}", marks=marks))
    return chosen


# What happened


@dataclass
class Outcome:
    """What one attack got, and what it left behind."""

    result: object = None
    raised: str = ""
    seconds: float = 0.0
    growth: int | None = None
    processes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    honest: float | str = 0.0

    def problems(self, attack):
        """Every broken promise, as a sentence."""
        result = self.result
        if self.raised:
            yield f"the grader raised {self.raised}"
        else:
            if result.status not in attack.status:
                yield f"the status is {result.status}: {result.message or first_message(result)}"
            if result.score > attack.max_score:
                yield f"it got {result.score} points, of {earned(result)}"
            if result.score < attack.min_score:
                yield f"it lost what it had earned: {result.score} points, {first_message(result)}"
            yield from harm_in_text(result)
        if self.seconds > attack.seconds:
            yield f"it took {self.seconds:.1f} s, {attack.seconds:g} s allowed"
        if self.growth is not None and self.growth > GRADER_ROOM:
            yield f"the grader grew by {self.growth >> 20} MiB, {GRADER_ROOM >> 20} MiB allowed"
        yield from (f"it left the process {words}" for words in self.processes)
        yield from (f"it left or changed {path}" for path in self.files)
        yield from (f"it reached the listener {name}" for name in self.heard)
        if self.honest != 100.0:
            yield f"the right answer after it got {self.honest}"


def first_message(result):
    return next((f"{c.name}: {c.message[:200]}" for c in result.checks if c.status != "passed"), "")


def earned(result):
    return ", ".join(f"{c.name} {c.points:g}" for c in result.checks if c.points)


def harm_in_text(result):
    """Whatever a person will see of it holds no escape and no character that turns or hides text, and is short."""
    for where, text in {**strings("result", result.to_json()), "the report": report(result, 80, verbose=True)}.items():
        if odd := odd_characters(text):
            yield f"{where} holds {', '.join(map(ascii, odd))}"
    size = len(json.dumps(result.to_json(), allow_nan=False))
    if size > 2 << 20:
        yield f"its result has {size:,} bytes"


def odd_characters(text):
    """Controls, halves of characters, and what turns the direction of text or hides it."""
    return sorted({c for c in text if c not in "\n\t" and (unicodedata.category(c) in ("Cc", "Cs") or c in DIRECTIONS)})


DIRECTIONS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def strings(path, value):
    if isinstance(value, str):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return {k: v for key, entry in items for k, v in strings(f"{path}.{key}", entry).items()}


# The batch


class Batches:
    """Runs what a session of tests asks for: all attacks of one sandbox and exercise at once, each only once."""

    def __init__(self, wanted, listeners, folder):
        self._wanted = wanted
        self._listeners = listeners
        self._folder = folder
        self._outcomes = {}

    def outcome(self, kind, attack):
        if (kind, attack) not in self._outcomes:
            waiting = [w for w in self._wanted if w not in self._outcomes]
            batch = [a for k, a in waiting if (k, a.exercise) == (kind, attack.exercise)]
            before, tempfile.tempdir = tempfile.tempdir, str(self._folder)
            try:
                self._outcomes |= run_batch(kind, attack.exercise, batch, self._listeners, self._folder)
            finally:
                tempfile.tempdir = before
        return self._outcomes[kind, attack]


def run_batch(kind, name, attacks, listeners, folder):
    exercise = catalog().find(name)
    outcomes, waiting = {}, list(attacks)
    while waiting:  # once, unless an attack takes the warm parent with it
        with start(kind, preload_for(exercise)) as parent:
            parent.ready()

            def work(suite, parent=parent):
                right_answer(suite, parent, exercise)  # what the grader imports on the way is no work of an attack
                while waiting:
                    attack = waiting.pop(0)
                    outcomes[kind, attack] = done = run(suite, parent, exercise, attack, listeners, folder)
                    if isinstance(done.honest, str):
                        break

            with_suite([exercise], work)
    return outcomes


def run(suite, parent, exercise, attack, listeners, folder):
    outcome = Outcome()
    source = attack.path.read_text("utf-8").replace("LISTENER = None", f"LISTENER = {listeners.addresses!r}")
    source = source.replace("MARKERS = None", f"MARKERS = {secret_lines()!r}")
    named = exercise.framework == "numpy" and (parent.kind == "bwrap" or bool(why_not("bwrap")))
    options = Options(SEED, attack.limits, diagnose=named)
    processes, files, size = descendants(), watched_files(exercise, folder), reset_peak()
    started = time.monotonic()
    try:
        with own_limit(GRADER_BELT), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the known-wrong answers, in a diagnosis
            answer = submission(exercise, (("attack.py", source),))
            outcome.result = grade_with(suite, parent, exercise, answer, options)
    except Exception as error:
        outcome.raised = f"{type(error).__name__}: {str(error)[:200]}"
    outcome.seconds = time.monotonic() - started
    outcome.growth = None if size is None else peak() - size
    outcome.processes = gone(processes)
    after = watched_files(exercise, folder)
    outcome.files = sorted(path for path in files.keys() | after.keys() if files.get(path) != after.get(path))
    outcome.heard = listeners.heard()
    sweep(folder, set(after) - set(files))
    outcome.honest = right_answer(suite, parent, exercise)
    return outcome


def right_answer(suite, parent, exercise):
    """The share of the points that the solution gets, of 100; a sentence if it gets no verdict."""
    answer = submission(exercise, (("right.py", exercise.solution.read_text("utf-8")),))
    limits = dataclasses.replace(LIMITS, call_seconds=8.0, total_seconds=30.0)
    options = Options(SEED, limits, AFTERWARDS[exercise.slug], diagnose=False)
    try:
        result = grade_with(suite, parent, exercise, answer, options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return 100 * result.score / result.max_score


@functools.cache
def secret_lines():
    """The longest line of each file that no submission may see; too long to stand anywhere else."""
    stem = "exercise_07_softmax.py"
    files = [ROOT / "solutions" / stem, ROOT / "solutions" / "wrong" / stem, ROOT / "tests" / "hidden" / f"test_{stem}"]
    return [max(file.read_text("utf-8").splitlines(), key=len).strip() for file in files]


# The machine, before and after


def descendants():
    """The processes below this one: number -> command."""
    parents, names = {}, {}
    with contextlib.suppress(OSError):
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError, ValueError, IndexError):
                name, _, rest = Path(f"/proc/{entry}/stat").read_text("utf-8", "replace").rpartition(")")
                parents[int(entry)], names[int(entry)] = int(rest.split()[1]), f"{name})"
    below, found = {os.getpid()}, {}
    while more := {pid for pid, parent in parents.items() if parent in below and pid not in below}:
        below |= more
        found |= {pid: names[pid] for pid in more}
    return found


def gone(before):
    """The processes that were not there before and do not end; the kernel has a moment to bury the dead."""
    deadline = time.monotonic() + 1.0
    while left := [name for pid, name in descendants().items() if pid not in before]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.02)
    return []


def watched_files(exercise, folder):
    """What no attack may change, with a fingerprint: the exercise's own files by content, start-up files by time, and
    whatever is named like the work of an attack. (Other files of a checkout may change for other reasons.)"""
    own = [exercise.stub, exercise.solution, exercise.wrong, exercise.right, exercise.tests]
    own += (ROOT / "grader" / "candidate").glob("*.py")
    seen = {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in own if p.is_file()}
    home = Path.home()
    start_up = [p for p in home.glob(".*") if p.is_file()] + list(home.glob(".ipython/profile_default/startup/*"))
    packages = [Path(p) for p in {*site.getsitepackages(), *sys.path} if Path(p).is_dir()]
    for place in packages:
        start_up += [*place.glob("*.pth"), *place.glob("*customize.py")]
    seen |= {str(p): str(p.stat().st_mtime_ns) for p in start_up if p.exists()}
    places = [
        home,
        home / ".config",
        home / ".jupyter",
        Path("/"),
        Path("/tmp"),
        Path("/var/tmp"),
        Path("/dev/shm"),
        Path.cwd(),
    ]
    for place in {*places, *packages, Path(tempfile.gettempdir())}:
        seen |= {str(p): "left" for p in place.glob(f"*{MARK}*")}
    for place in ("exercises", "solutions", "grader", "tests/hidden", "tests/records"):
        seen |= {str(p): "left" for p in (ROOT / place).rglob(f"*{MARK}*")}
    return seen | {str(p): "left" for p in folder.iterdir()}


def sweep(folder, left):
    """Remove what an attack has left: a failure should be reported once."""
    subprocess.run(["chmod", "-R", "u+rwX", folder], capture_output=True, check=False)
    inside = [str(p) for p in folder.iterdir()]
    subprocess.run(["rm", "-rf", *inside, *(p for p in left if MARK in Path(p).name)], capture_output=True, check=False)


def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name))


def reset_peak():
    """Memory in use now, the peak being forgotten; None where the kernel does not count."""
    gc.collect()
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # what the last attack made it take would hide what the next one does
    with contextlib.suppress(OSError, StopIteration):
        Path("/proc/self/clear_refs").write_text("5")
        return memory("VmRSS")
    return None


def peak():
    return memory("VmHWM")


@contextlib.contextmanager
def own_limit(room):
    """At most `room` bytes more for this process: MemoryError rather than a machine without memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (memory("VmData") + room, hard))
    except (OSError, ValueError, StopIteration):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class Listeners:
    """Open ears on the loopback interfaces, in the abstract namespace and in a file; nobody should knock."""

    def __init__(self, folder):
        self._sockets = {}
        self.addresses = {}
        self._open("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._open("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self._open("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._open("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{MARK}_{os.getpid()}")
        self._open("path", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "socket"))

    def _open(self, name, family, kind, address):
        ear = socket.socket(family, kind)
        try:
            ear.bind(address)
        except OSError:  # no such family on this machine
            ear.close()
            return
        if kind == socket.SOCK_STREAM:
            ear.listen()
        ear.setblocking(False)
        self._sockets[name] = ear
        self.addresses[name] = address.lstrip("\0") if isinstance(address, str) else ear.getsockname()[1]

    def heard(self):
        """The names of the ears at which somebody was since the last look."""
        names = []
        for name, ear in self._sockets.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    ear.recv(100) if ear.type == socket.SOCK_DGRAM else ear.accept()[0].close()
                    names.append(name)
        return names

    def close(self):
        for ear in self._sockets.values():
            ear.close()


@pytest.fixture(scope="module")
def batches(request, tmp_path_factory):
    """The attacks that this session of tests has selected, run when the first of them is asked for."""
    wanted = []
    for item in request.session.items:
        params = item.callspec.params if hasattr(item, "callspec") and item.path == Path(__file__) else {}
        if "attack" in params and not any(item.iter_markers("skip")):
            wanted.append((params["kind"], params["attack"]))
    listeners = Listeners(tmp_path_factory.mktemp("ear"))
    try:
        yield Batches(list(dict.fromkeys(wanted)), listeners, tmp_path_factory.mktemp("candidates"))
    finally:
        listeners.close()


# The corpus


@pytest.mark.parametrize(("kind", "attack"), runs(CORPUS))
def test_attack(batches, kind, attack):
    outcome = batches.outcome(kind, attack)
    assert list(outcome.problems(attack)) == [], attack.title


def test_the_corpus_is_complete():
    sizes = {family: sum(a.path.parent.name == family for a in CORPUS) for family in FAMILIES}
    assert {a.path.parent.name for a in CORPUS} == set(FAMILIES)
    assert {family: n for family, n in sizes.items() if n < 3} == {}
    assert sum(sizes.values()) >= 60
    assert [a.name for a in CORPUS if len(a.title) < 30 or not a.title.endswith(".")] == []
    assert [a.name for a in CORPUS if not 0 <= a.min_score <= a.max_score <= 100] == []
    statuses = {"passed", "failed", "not_started", "invalid", "crashed", "timeout", "out_of_memory"}
    assert [a.name for a in CORPUS if not a.status or not a.status <= statuses] == []
    assert [a.name for a in CORPUS if "passed" in a.status and a.min_score < 100] == []


@pytest.mark.parametrize("name", AFTERWARDS)
@pytest.mark.parametrize("kind", ["bwrap", "process"])
def test_the_right_answer_in_a_sandbox(kind, name):
    """Nothing that a right answer needs is missing in there."""
    exercise = catalog().find(name)
    if why_not(kind) or importlib.util.find_spec(exercise.framework) is None:
        pytest.skip(why_not(kind) or f"{exercise.framework} is not installed")
    code, out, err, _ = dlkit("check", name, str(exercise.solution), "--json", "--sandbox", kind, timeout=120)
    result = json.loads(out)
    assert [c["message"] for c in result["checks"] if c["status"] != "passed"] == []
    assert (code, err, result["score"], result["sandbox"]) == (0, "", 100.0, kind)


def test_a_diagnosis_takes_no_longer_than_a_submission(tmp_path):
    """Naming the mistake is a courtesy of the grader's: an answer that is all wrong must not buy minutes of it."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    names = "soften = distillation_loss = distillation_grad = distill_step"
    file = tmp_path / "answer.py"
    file.write_text(f"import torch\n{names} = lambda *a, **k: torch.zeros(())\n", "utf-8")
    try:
        code, out, _, _ = dlkit("check", "distillation_loss", str(file), "--json", timeout=20)
    except subprocess.TimeoutExpired:
        pytest.fail("the grader is still busy after 20 s; the submission itself needs one")
    assert (code, json.loads(out)["status"]) == (1, "failed")


def test_system_libraries_are_there(tmp_path):
    """Parts of Python's own library load libraries of the system when they are first imported."""
    file = tmp_path / "answer.py"
    file.write_text("import bz2, ctypes, decimal, hashlib, lzma, ssl, zlib\n" + RIGHT, "utf-8")
    code, out, _, _ = dlkit("check", "softmax", str(file), "--json")
    assert json.loads(out)["message"] == ""
    assert code == 0


# What a submission can see


def probe(batches, kind, name):
    attack = next(a for a in CORPUS if a.name == f"probes/{name}")
    output = batches.outcome(kind, attack).result.output
    return json.loads(re.search(r"^PROBE (.*)$", output, re.MULTILINE)[1])


def probes(name):
    return pytest.mark.parametrize(("kind", "attack"), runs([a for a in CORPUS if a.name == f"probes/{name}"]))


@probes("files")
def test_no_secret_file_is_in_sight(batches, kind, attack):
    seen = probe(batches, kind, "files")
    assert seen["containing"] == []
    assert seen["named"] == []
    assert all(path.startswith(("/sandbox", "/tmp", "/dev/shm")) for path in seen["writable"])
    assert not {"home", "mnt", "opt", "srv", "var", "boot", "sys", "run"} & set(seen["top"])
    assert seen["read"] > 500  # it did look: the standard library alone has more
    assert all(len(line) > 60 for line in secret_lines())


@probes("itself")
def test_a_candidate_is_nobody(batches, kind, attack):
    seen = probe(batches, kind, "itself")
    names = {n for n in seen["environment"] if not n.endswith("_NUM_THREADS")}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "PYTHONDONTWRITEBYTECODE"}
    assert str(Path.home()) not in seen["environment"].values()
    assert seen["home"] != str(Path.home())
    assert not seen["home_holds"]
    assert seen["holds"] == []
    assert seen["arguments"] == [""]
    assert seen["flags"] == [1, 1]
    assert seen["descriptors"] == [0, 1, 2, 3]
    assert seen["capabilities"] == [0] * 6
    assert seen["no_new_privileges"] == 1
    assert seen["seccomp"] == 2
    assert seen["limits"]["CORE"] == [0, 0]
    assert seen["limits"]["NOFILE"] == [LIMITS.open_files] * 2
    assert seen["limits"]["FSIZE"] == [LIMITS.file_size] * 2
    if kind == "bwrap":
        assert (seen["pid"], seen["parent"], seen["session"], seen["reachable"]) == (1, 0, 1, 0)
        assert (seen["proc"], seen["sys"], seen["interfaces"]) == (0, False, ["lo"])
        assert seen["host"] == "dlkit"
        assert seen["folder"] == seen["home"] == "/sandbox"
        assert seen["bounding"] == []
        assert 0 not in seen["users"]
        assert 0 not in seen["groups"]
        assert seen["limits"]["NPROC"] == [LIMITS.processes] * 2


@probes("itself")
def test_memory_is_counted_above_the_imports(batches, kind, attack):
    limit = probe(batches, kind, "itself")["limits"]["DATA"][0]
    assert LIMITS.memory + (4 << 20) < limit < LIMITS.memory + (512 << 20)


@probes("system_calls")
def test_ways_out_are_closed(batches, kind, attack):
    answers = probe(batches, kind, "system_calls")
    if not answers:
        pytest.skip("the numbers of the system calls of this processor are not in the table")
    assert {name: how for name, how in answers.items() if how not in ("EPERM", "ENOSYS")} == {}
    assert len(answers) > 40


# The real command

COLD = (
    "leaving/exit_at_import", "agreeing/float_subclass", "patching/numpy_testing", "searching/stack_frames",
    "writing/site_packages", "forging/prints_a_report", "forging/errors_without_types", "forging/huge_flag",
    "resources/fork_bomb", "escaping/daemon_after_death", "network/other_families", "poisoned/contains_itself",
    "poisoned/gradient_overwritten", "text/terminal_escapes", "text/escape_in_a_flag",
)  # fmt: skip


def dlkit(*arguments, stdin=b"", timeout=60):
    """The command, cold: exit code, what it wrote, seconds."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", *map(os.fsencode, arguments)],
        input=stdin, capture_output=True, timeout=timeout, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"), time.monotonic() - started


def no_harm_in(text):
    return not odd_characters(text)


@pytest.mark.parametrize("name", COLD)
def test_the_command_says_one_thing(name):
    attack = next(a for a in CORPUS if a.name == name)
    if attack.needs == "bwrap" and why_not("bwrap"):
        pytest.skip("this promise holds under bwrap only")
    code, out, err, _ = dlkit("check", "softmax", str(attack.path), "--json", "--seed", str(SEED))
    assert (code, err) == (1, "")
    result = json.loads(out)  # one object and nothing else
    assert result["schema"] == "dlkit.result/1"
    assert result["status"] in attack.status
    assert result["score"] <= attack.max_score


def test_the_command_gives_up_when_told():
    attack = ATTACKS / "resources" / "loop_at_import.py"
    code, out, _, seconds = dlkit("check", "softmax", str(attack), "--json", "--timeout", "1")
    result = json.loads(out)
    assert (code, result["status"], result["score"]) == (1, "timeout", 0.0)
    assert "within 1 s" in result["message"]
    assert seconds < 8


@pytest.mark.parametrize("name", ["terminal_escapes", "escape_in_a_flag", "directions", "markup", "not_unicode"])
def test_the_printed_report_is_plain(name):
    code, out, err, _ = dlkit("check", "softmax", str(ATTACKS / "text" / f"{name}.py"), "--seed", str(SEED))
    assert (code, err) == (1, "")
    assert no_harm_in(out)
    assert out.splitlines()[-2].endswith(("of 100 points · not there yet", "of 100 points · crashed"))


# Files that are no ordinary Python files

REFUSED, FULL, LESS = 2, 0, 1
CONTENTS = {
    "empty": (b"", LESS),
    "byte_order_mark_alone": (b"\xef\xbb\xbf", LESS),
    "binary": (bytes(range(256)) * 256, REFUSED),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(500), REFUSED),
    "null_byte": (RIGHT.encode() + b"\n# \0\n", REFUSED),
    "latin_1_undeclared": (b"# caf\xe9\n" + RIGHT.encode(), REFUSED),
    "latin_1_declared": (b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + RIGHT.encode(), FULL),
    "utf_16": (RIGHT.encode("utf-16"), REFUSED),
    "coding_unknown": (b"# coding: klingon\n" + RIGHT.encode(), REFUSED),
    "coding_undefined": (b"# coding: undefined\n" + RIGHT.encode(), REFUSED),
    "coding_of_bytes": (b"# coding: zlib\n" + RIGHT.encode(), REFUSED),
    "coding_contradicts_mark": (b"\xef\xbb\xbf# coding: latin-1\n" + RIGHT.encode(), REFUSED),
    "byte_order_mark": (b"\xef\xbb\xbf" + RIGHT.encode(), FULL),
    "dos_lines": (RIGHT.replace("\n", "\r\n").encode(), FULL),
    "old_mac_lines": (RIGHT.replace("\n", "\r").encode(), FULL),
    "lone_surrogates": (RIGHT.encode() + b"\n# \xed\xa0\x80\n", REFUSED),
    "brackets": (b"x = " + b"(" * 200_000, LESS),
    "minus_signs": (b"x = " + b"-" * 500_000 + b"1\n", LESS),
    "terms": (b"x = " + b"1+" * 400_000 + b"1\n", LESS),
    "digits": (b"x = " + b"9" * 100_000 + b"\n", LESS),
    "five_megabytes": (b"#" * (5 << 20), REFUSED),
}


def refusal(file):
    """The sentence with which a file is refused, without a process for it."""
    with pytest.raises(UsageProblem) as refused:
        read_submission(catalog().find("softmax"), str(file), io.BytesIO())
    return str(refused.value)


@pytest.mark.parametrize("name", CONTENTS)
def test_contents(name, tmp_path):
    content, expected = CONTENTS[name]
    file = tmp_path / "answer.py"
    file.write_bytes(content)
    if expected == REFUSED:
        assert re.fullmatch(r"answer\.py .+\.", refusal(file))
        return
    code, out, err, seconds = dlkit("check", "softmax", str(file), "--json")
    assert (code, err) == (expected, "")
    assert seconds < 30
    result = json.loads(out)
    assert result["score"] == (100.0 if expected == FULL else 0.0)
    assert result["status"] in (("passed",) if expected == FULL else ("invalid", "crashed", "out_of_memory"))


def test_a_coding_line_does_not_run_for_ever(tmp_path):
    """Decoding happens in the grader, where nothing limits it: punycode takes time with the square of the length."""
    file = tmp_path / "answer.py"
    file.write_bytes(b"# coding: punycode\n" + b"x" * 1000 + b"-" + b"a9" * 200_000)
    try:
        code, out, err, _ = dlkit("check", "softmax", str(file), "--json", timeout=10)
    except subprocess.TimeoutExpired:
        pytest.fail("the grader is still decoding after 10 s")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"dlkit: .+\n", err)


NOTEBOOKS = {
    "no_json": b"print(1)",
    "a_list": b"[1, 2]",
    "nested": b'{"cells": ' + b"[" * 300_000,
    "cells_of_text": b'{"cells": "code"}',
    "cells_of_numbers": b'{"cells": [1, null]}',
    "source_of_numbers": b'{"cells": [{"cell_type": "code", "source": [1, 2]}]}',
    "source_missing": b'{"cells": [{"cell_type": "code"}]}',
    "digits": b'{"cells": [' + b"9" * 100_000 + b"]}",
    "empty": b"",
    "binary": bytes(range(256)),
    "no_code": b'{"cells": []}',
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_that_are_none(name, tmp_path):
    file = tmp_path / "answer.ipynb"
    file.write_bytes(NOTEBOOKS[name])
    assert re.fullmatch(r"answer\.ipynb .+\.", refusal(file))


def test_a_notebook_with_half_characters(tmp_path):
    file = tmp_path / "answer.ipynb"
    file.write_text('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}', "utf-8")
    code, out, err, _ = dlkit("check", "softmax", str(file), "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)["score"] == 0.0


def folder(path):
    path.mkdir()


def fifo(path):
    os.mkfifo(path)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as sock, contextlib.chdir(path.parent):
        sock.bind(path.name)


def dangling_link(path):
    path.symlink_to(path.parent / "nowhere.py")


def link_to_itself(path):
    path.symlink_to(path)


def link_to_a_device(path):
    path.symlink_to("/dev/zero")


def link_to_a_folder(path):
    path.symlink_to(path.parent)


def of_200_mb(path):
    with path.open("wb") as file:
        file.truncate(200 << 20)  # sparse: it takes no room


@pytest.mark.parametrize(
    "make",
    [folder, fifo, unix_socket, dangling_link, link_to_itself, link_to_a_device, link_to_a_folder, of_200_mb],
    ids=lambda make: make.__name__,
)
def test_what_is_no_file(make, tmp_path):
    file = tmp_path / "answer.py"
    make(file)
    code, out, err, seconds = dlkit("check", "softmax", str(file), "--json")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"dlkit: .+\n", err)
    assert seconds < 10


ODD_NAMES = {
    "spaces": b"my answer (1).py",
    "newline": b"an\nswer.py",
    "escape": b"an\x1b[2J\x1b]0;owned\x07swer.py",
    "not_utf_8": b"caf\xe9.py",
    "direction": "an\u202eyp.swer.py".encode(),
    "markup": b"[red]{0} %s.py",
}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(name, tmp_path):
    """A right answer gets full marks whatever its file is called, and a name is shown without what is odd in it."""
    right, wrong = (os.fsencode(tmp_path) + start + ODD_NAMES[name] for start in (b"/", b"/wrong "))
    Path(os.fsdecode(right)).write_text(RIGHT, "utf-8")
    Path(os.fsdecode(wrong)).write_text("def softmax(x: return", "utf-8")
    code, out, err, _ = dlkit("check", "softmax", right)
    assert (code, err) == (0, "")
    assert no_harm_in(out)
    code, out, err, _ = dlkit("check", "softmax", wrong)
    assert (code, err) == (1, "")
    assert no_harm_in(out)
    code, out, err, _ = dlkit("check", "softmax", right + b"missing")
    assert (code, out) == (2, "")
    assert no_harm_in(err)
    assert "There is no file" in err
