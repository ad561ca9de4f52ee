"""Where candidates run: `bwrap` (Linux namespaces through bubblewrap) or `process` (a plain process with limits).

parent.py   the grader's handle on a warm parent and on the candidates it forks
bwrap.py    the bubblewrap command line: what a submission can see
"""

from .parent import Candidate, FreshParent, SandboxUnavailable, WarmParent, start

Parent = WarmParent | FreshParent

__all__ = ["Candidate", "FreshParent", "Parent", "SandboxUnavailable", "WarmParent", "start"]
