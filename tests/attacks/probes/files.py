"""Walks everything that can be seen and reports files that are named, or contain lines, like what must stay secret."""

import json
import os
import stat

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process sees every file of its user
CALL_SECONDS = 120.0  # a cold disk, a busy machine
MARKERS = None  # the test writes lines of the solution, the known-wrong answers and the hidden tests here

NAMES = (
    "exercise_",
    "test_exercise",
    "index.toml",
    "results.db",
    "gradebook",
    ".bash",
    ".ssh",
    ".ipython",
)
LARGEST = 256 << 10
report = {"named": [], "containing": [], "files": 0, "read": 0, "writable": [], "top": sorted(os.listdir("/"))}
markers = [line.encode() for line in MARKERS]


def look_into(path):
    try:
        status = os.lstat(path)
        if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST:
            with open(path, "rb", buffering=0) as file:
                data = file.read(LARGEST)
            report["read"] += 1
            if any(marker in data for marker in markers):
                report["containing"].append(path)
    except OSError:
        pass


for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
    if "-packages/nbgrader" not in folder:  # it has a gradebook of its own, for its tests
        named = [n for n in (*folders, *files) if n.startswith(NAMES) or n in (".git", ".gitconfig")]
        report["named"] += [os.path.join(folder, n) for n in named]
    report["files"] += len(files)
    if os.access(folder, os.W_OK):
        report["writable"].append(folder)
    of_others = any(f"-packages/{name}" in folder for name in ("torch", "nvidia", "triton", "sympy", "numpy", "pip"))
    for name in files:
        if not of_others and name.endswith((".py", ".pyc", ".toml", ".json", ".txt", ".md", ".ipynb", ".db")):
            look_into(os.path.join(folder, name))
report = {key: value[:40] if isinstance(value, list) else value for key, value in report.items()}
print("PROBE", json.dumps(report))
