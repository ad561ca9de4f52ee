"""Grading a whole class.

collect.py     what lies in a folder or an archive -> submissions and problems
identity.py    the key of a result: exercise version, submission bytes, grader version, seed
store.py       the SQLite file that loses nothing
engine.py      what an engine is; local.py runs worker processes on this machine, node.py is such a process
pool.py        tasks -> outcomes, over any engine: window, attempts, deadlines
driver.py      store + pool: grades what has no result yet and makes the only commits
gradebook.py   results as a course needs them: policy, lateness, anonymity
formats/       the gradebook for other programs
feedback.py    one page per student
similarity.py  submissions that are suspiciously alike
report.py      the picture of the class, as plain data (render/class_page.py shows it)
command.py     `dlkit grade`, `export`, `report` from words to files
"""
