"""Grading a whole class.

entries.py     files on disk and in archives, behind one face
collect.py     what lies in a folder or an archive -> submissions and problems
identity.py    the key of a result: exercise version, submission bytes, grader version, seed
database.py    the results file as a database: schema, errors as sentences
store.py       the SQLite file that loses nothing
engine.py      what an engine is; local.py runs worker processes on this machine (workers.py: the driver's handles)
foreman.py     the process that workers are forked from; node.py is what a worker does
entry.py       node_entry(): one task in, one reply out, for engines on other machines
request.py     what a task asks of a cluster's node; ray_engine.py runs tasks on Ray, remote.py is what its workers call
cluster.py     joining a Ray cluster: address, token; stranger.py asks it without one; preflight.py asks its nodes
on_cluster.py  all of that for `dlkit grade`
shard.py       a part of a class; merge.py joins the results of parts
pool.py        tasks -> outcomes, over any engine: window, attempts, deadlines
parallel.py    the pool on this machine, for callers that keep results in their own way
driver.py      store + pool: grades what has no result yet and makes the only commits
gradebook.py   results as a course needs them: policy, lateness, anonymity
formats/       the gradebook for other programs
export.py      `dlkit export` from words to files; output.py writes them
autograder.py  a folder that Gradescope takes
feedback.py    one page per student
similarity.py  submissions that are suspiciously alike
report.py      the picture of the class, as plain data (render/class_page.py shows it)
command.py     `dlkit grade` from words to a results file; screen.py shows how it goes
"""
