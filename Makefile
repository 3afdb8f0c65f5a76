# make lab        read the course: sets up .venv when needed, opens JupyterLab on notebook 00
# make test       prove it: lint, types, unit tests, doctests, every notebook against its committed outputs
# make notebooks  execute the notebooks and save them (one: make notebooks NOTEBOOK=notebooks/00_start_here.ipynb)
# make test-formulas  evaluate every formula of the notebooks, and prove that each small error in one is noticed
# make assignments    the course as an nbgrader course, in build/nbgrader (see notebooks/TEACHING.md)
# make class-summary  how the class did, from nbgrader's gradebook (one: make class-summary ASSIGNMENT=02_chain_rule)
# make handout        one zip for learners, in build: notebooks, package, how to start
# make bench      measure the speed beside other libraries (after .venv/bin/python -m pip install -e ".[bench]")
# make bench-widgets  how fast the explorers answer in JupyterLab (needs Chromium; takes two minutes)
#
# Options: PYTHON=python3.12 (any from 3.11 on), LAB_ARGS="--no-browser --port=8899",
# BENCH="--mnist FOLDER".

PYTHON = python3
VENV = .venv/bin/python
READY = .venv/.ready

.PHONY: lab test test-formulas notebooks assignments class-summary handout bench bench-widgets

lab: $(READY)
	$(VENV) -m jupyterlab --notebook-dir=. $(LAB_ARGS) notebooks/00_start_here.ipynb

test: $(READY)
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m mypy
	$(VENV) -m pytest --cov=linclf_helpers

test-formulas: export ALL_MUTANTS = 1
test-formulas: $(READY)
	$(VENV) -m pytest tests/formulas

notebooks: $(READY)
	$(VENV) tests/refresh_notebooks.py $(if $(NOTEBOOK),"$(NOTEBOOK)")

assignments: $(READY)
	@$(VENV) -m pip install --quiet --disable-pip-version-check --editable '.[nbgrader]'
	@$(VENV) .nbgrader/make_assignments.py

class-summary: $(READY)
	@$(VENV) .nbgrader/class_summary.py $(ASSIGNMENT)

handout: $(READY)
	@$(VENV) .nbgrader/make_handout.py

bench-widgets: $(READY)
	$(VENV) -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	$(VENV) -m pytest -q -s -p no:cacheprovider tests/browser/bench_widgets.py

bench: $(READY)
	$(VENV) tests/benchmark.py $(BENCH)

# .ready is written last: without it the set-up was interrupted, and starts afresh. So it does when .venv's Python
# no longer runs (the system's was upgraded, say).
ifneq ($(shell $(VENV) -c "print(1)" 2>/dev/null),1)
$(READY): again
.PHONY: again
endif

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "Python 3.11 or newer is needed, and $(PYTHON) is %d.%d. Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" % v[:2])'
	@echo "Setting up .venv (once; it takes a minute or two)"
	@test -f $@ && $(VENV) -c "" || $(PYTHON) -m venv --clear .venv
	@$(VENV) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@
