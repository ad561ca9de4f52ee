"""Reports errors of loading that lack what the grader wants to quote from them."""

import sys

STATUS = {"invalid"}
MAX_SCORE = 0.0

errors = sys._getframe(1).f_locals["errors"]
errors.append({"kind": "import", "types": [], "frames": [7, None, "x"], "file": None})
errors.append({"kind": "syntax", "types": 5, "line": "x", "column": [], "code": 9})
