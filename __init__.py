"""dlkit: deep-learning interview exercises with an auto-grader that names the mistake."""
