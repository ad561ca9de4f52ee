"""The untrusted side and the wire.

The sandbox shows this folder, and nothing else of dlkit, to a submission; so its modules import
only one another, numpy and msgpack (torch where the exercise does).

wire.py     values <-> bytes, with every size checked first
channel.py  framed messages over a socket, with deadlines
worker.py   loads the learner's module and answers requests
inputs.py   what a call did to its arguments
zygote.py   the process inside the sandbox: imports once, forks one worker per submission; children.py wakes it
confine.py  what a fork gives up before it runs the learner's code
source.py   what is graded
proxy.py    the grader's end: `candidate.softmax(x)` in a hidden test
"""
