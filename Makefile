# make demo   see a mistake found and named, then the right answer
# make test   everything that must hold: tests, lint, types
# Both set up .venv the first time (Python 3.11 to 3.13) and not again until pyproject.toml or constraints.txt change.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
  2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := pyproject.toml constraints.txt

.PHONY: scaling tests-here demo test bench test-class test-cluster test-gpu check-python lint types tests dev strength clean

demo: $(VENV)/.dlkit
	@echo; echo '--- An answer with a typical mistake: dlkit check softmax docs/demo/softmax_with_a_mistake.py'
	@$(BIN)/dlkit check softmax docs/demo/softmax_with_a_mistake.py --seed 7 || true
	@echo; echo '--- The reference: dlkit check softmax solutions/exercise_07_softmax.py'
	@$(BIN)/dlkit check softmax solutions/exercise_07_softmax.py --seed 7
	@echo; echo 'Your turn: copy exercises/exercise_07_softmax.py, write your answer, and type'
	@echo '  $(BIN)/dlkit check softmax YOUR_COPY.py'

test: $(VENV)/.dlkit-dev lint types tests

# The cluster's tests wait more than they work: they run beside the others.
tests: $(VENV)/.dlkit-dev
	$(MAKE) -j2 tests-here test-cluster

tests-here: $(VENV)/.dlkit-dev
	$(BIN)/python -m pytest -q --ignore=tests/test_cluster.py --ignore=tests/test_cluster_limits.py --durations=25

# On a Ray cluster of two nodes on this machine, whose workers, nodes and drivers are killed and frozen.
test-cluster: $(VENV)/.dlkit-dev
	$(BIN)/python -m pytest -q tests/test_cluster.py tests/test_cluster_limits.py --durations=5

# A class of 500, killed thirty times, and one of 1,000 with broken and hostile answers: minutes.
test-class: $(VENV)/.dlkit-dev
	DLKIT_SLOW=1 $(BIN)/python -m pytest -q tests/test_batch_grade.py -k 'killed_driver or large_class'

# On a machine with CUDA, with a CUDA build of PyTorch in .venv: every device check on the GPU. Elsewhere all is skipped.
test-gpu: $(VENV)/.dlkit-dev
	$(BIN)/python -m pytest -q -rs tests/test_gpu.py tests/test_devices.py

lint: $(VENV)/.dlkit-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy cannot look through an editable install: a link makes the checkout a package called dlkit.
types: $(VENV)/.dlkit-dev
	@mkdir -p .types && ln -sfn "$(CURDIR)" .types/dlkit
	MYPYPATH=.types $(BIN)/mypy -p dlkit.grader -m dlkit.cli

# Ratios that the design promises, measured in one run.
bench: $(VENV)/.dlkit-dev
	@mkdir -p docs/performance
	$(BIN)/python benchmarks/bench.py --json docs/performance/bench.json || true
	$(BIN)/python benchmarks/page.py

# How cost grows, up to 5,000 submissions and arrays of 100 MB.
scaling: $(VENV)/.dlkit-dev
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/page.py

# The strength of every exercise's hidden tests, for docs/strength.md: slow.
strength: $(VENV)/.dlkit-dev
	$(BIN)/dlkit dev mutate --all --record

check-python:
	@test -n "$(PYTHON)" || { echo 'dlkit needs Python 3.11, 3.12 or 3.13; none was found.'; exit 1; }

$(VENV)/bin/python: | check-python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.dlkit: $(SOURCES) | $(VENV)/bin/python
	@.ci/install-bubblewrap
	$(PIP) install -q -e '.[watch]' -c constraints.txt
	@touch $@

$(VENV)/.dlkit-dev: $(SOURCES) | $(VENV)/bin/python
	@.ci/install-bubblewrap
	$(PIP) install -q -e '.[torch,dev]' -c constraints.txt
	@touch $@ $(VENV)/.dlkit

clean:
	rm -rf $(VENV) .types build dist *.egg-info .mutants
