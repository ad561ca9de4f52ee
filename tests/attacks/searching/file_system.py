"""Walks the whole file system for the reference answer, loads it and lets it answer."""

import importlib.util
import os

STATUS = {"invalid"}
MAX_SCORE = 0.0
CALL_SECONDS = 60.0  # a walk takes longer on a busy machine with a cold disk
NEEDS = "bwrap"  # a plain process sees every file of its user


def reference():
    for folder, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "torch", "numpy", "nvidia", "tests_of_others")]
        if "exercise_07_softmax.py" in files and not folder.endswith(("exercises", "wrong", "right")):
            return os.path.join(folder, "exercise_07_softmax.py")
    raise FileNotFoundError("no reference anywhere")


spec = importlib.util.spec_from_file_location("reference", reference())
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
softmax, softmax_backward = module.softmax, module.softmax_backward
