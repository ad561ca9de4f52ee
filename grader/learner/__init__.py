"""Self-study: a workspace of copies, progress, hints, and grading on save."""
