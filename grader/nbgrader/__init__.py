"""Assignments through nbgrader, there and back.

notebook.py      stubs -> the notebook of an assignment, as plain data
course.py        the course folder: init, add
reading.py       a notebook that somebody handed in -> what answers an exercise, and a clean notebook
service.py       answers -> results: worker processes, what is graded already, the secret seed
preprocessor.py  what runs inside `nbgrader autograde`: the exporter that reads, the preprocessors that grade
autograde.py     `dlkit nbgrader autograde`: the same with several processes
feedback.py      results -> what stands below a graded cell
direct.py        a folder of .py files -> scores in a gradebook
bundle.py        the kit for students: no solutions, no known-wrong answers, no hidden tests

nbgrader itself is imported by preprocessor.py, autograde.py and direct.py only: it costs seconds.
"""

import importlib.util

from ..errors import MissingOnMachine


def need_nbgrader() -> None:
    """Raises MissingOnMachine, with the command that mends it, where nbgrader is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        raise MissingOnMachine("This needs nbgrader, which is not installed: pip install 'dlkit[nbgrader]'")
