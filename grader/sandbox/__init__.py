"""Where candidates run: `bwrap` (Linux namespaces through bubblewrap) or `process` (a plain process with limits).

parent.py    warm parents: started here, or shared with a process that was forked from this one
control.py   what the grader says to a warm parent, and the candidates that it forks
bwrap.py     the bubblewrap command line: what a submission can see
"""

from .control import Candidate, SandboxUnavailable
from .parent import FreshParent, Guest, WarmParent, start

Parent = WarmParent | Guest | FreshParent

__all__ = ["Candidate", "FreshParent", "Guest", "Parent", "SandboxUnavailable", "WarmParent", "start"]
