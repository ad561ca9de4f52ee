"""dlkit: deep-learning interview exercises with an auto-grader that names the mistake."""


def load_ipython_extension(shell: object) -> None:
    """`%load_ext dlkit` in a notebook: the magic `%dlkit`. Imported here, so that `import dlkit` stays light."""
    from .grader.learner.notebook import register

    register(shell)
