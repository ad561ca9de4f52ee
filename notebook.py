"""For notebooks: `from dlkit.notebook import check`, then `check(softmax)` or `check("softmax")` below your cells."""

from dlkit.grader.learner.notebook import check

__all__ = ["check"]
