"""Reports frames and lines of an error of loading that are not what they should be."""

import sys

STATUS = {"invalid"}
MAX_SCORE = 0.0

errors = sys._getframe(1).f_locals["errors"]
errors.append({"kind": "import", "types": ["E"], "text": 16**4000, "frames": 5, "file": {}})
