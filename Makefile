# make lab        read the course: sets up .venv when needed, opens JupyterLab on notebook 00
# make present    teach it: the same as live slides, for the back row (another: make present NOTEBOOK=notebooks/…)
# make test       prove it: unit tests, doctests, formulas, every notebook against its committed outputs
# make check      for maintainers: lint, format, types
# make notebooks  execute the notebooks and save them (one: make notebooks NOTEBOOK=notebooks/00_start_here.ipynb)
# make test-formulas  evaluate every formula of the notebooks, and prove that each small error in one is noticed
# make class      rehearse a lesson of thirty learners on a real JupyterHub on this machine (needs Node.js)
# make assignments    the course as an nbgrader course, in build/nbgrader (see notebooks/TEACHING.md)
# make class-summary  how the class did, from nbgrader's gradebook (one: make class-summary ASSIGNMENT=02_chain_rule)
# make handout        one zip for learners, in build: notebooks, package, how to start
# make bench      measure the speed beside other libraries (after .venv/bin/python -m pip install -e ".[bench]")
# make bench-widgets  how fast the explorers answer in JupyterLab (needs Chromium; takes two minutes)
#
# Options: PYTHON=python3.12 (any from 3.11 on), TESTS="tests/browser -x", LAB_ARGS="--no-browser --port=8899",
# BENCH="--mnist FOLDER", USERS=30 (from 5 on), CLASS="--arrive-within 60" (python tests/hub/rehearse.py --help).

PYTHON = python3
VENV = .venv/bin/python
PIP_INSTALL = $(VENV) -m pip install --quiet --disable-pip-version-check --editable
READY = .venv/.ready
CLASS_READY = .venv/.class
USERS = 30
COVERAGE = --cov=linclf_helpers
# Files of tests on all processors, up to four; the slow ones stand first, and so begin first.
PARALLEL = --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# A kernel that inherited one would show figures elsewhere, or none.
unexport MPLBACKEND

.PHONY: lab present test check test-formulas notebooks class assignments class-summary handout bench bench-widgets

lab: $(READY)
	$(VENV) -m jupyterlab --notebook-dir=. $(LAB_ARGS) notebooks/00_start_here.ipynb

present: .venv/.present
	$(VENV) -m linclf_helpers.teaching present $(LAB_ARGS) $(if $(NOTEBOOK),"$(NOTEBOOK)")

test: .venv/.test
	$(VENV) -m pytest $(PARALLEL) $(if $(TESTS),$(TESTS),$(COVERAGE))

check: .venv/.check
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m mypy

test-formulas: export ALL_MUTANTS = 1
test-formulas: .venv/.test
	$(VENV) -m pytest tests/formulas

notebooks: .venv/.test
	$(VENV) tests/notebooks/refresh.py $(if $(NOTEBOOK),"$(NOTEBOOK)")

assignments: .venv/.nbgrader
	@$(VENV) -m linclf_helpers.teaching assignments

class-summary: $(READY)
	@$(VENV) -m linclf_helpers.teaching summary $(ASSIGNMENT)

handout: $(READY)
	@$(VENV) -m linclf_helpers.teaching handout

bench-widgets: .venv/.test .venv/.browser
	$(VENV) -m pytest -q -s -p no:cacheprovider tests/browser/bench_widgets.py

class: $(CLASS_READY)
	$(VENV) tests/hub/rehearse.py --users $(USERS) $(CLASS)

# The proxy 5.1.0 is the newest whose own needs Node.js 18 meets, so that the one of a stable Linux will do.
$(CLASS_READY): $(READY)
	@node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null && npm --version >/dev/null 2>&1 || \
		{ echo "make class needs Node.js 18 or newer, and npm (Debian, Ubuntu: apt install nodejs npm; macOS: brew install node)"; exit 1; }
	@echo "Adding JupyterHub to .venv (once)"
	@$(PIP_INSTALL) '.[class]'
	@npm install --silent --no-audit --no-fund --prefix .venv/chp configurable-http-proxy@5.1.0
	@touch $@

bench: .venv/.test
	$(VENV) tests/benchmark.py $(BENCH)

# The groups of pyproject.toml, each installed once, so that what needs it works offline from then on.
.venv/.%: $(READY)
	@echo "Adding the group $* to .venv (once)"
	@$(PIP_INSTALL) '.[$*]'
	@touch $@

# With a browser of its own, where there is none.
.venv/.browser: $(READY)
	@echo "Adding the group browser to .venv (once)"
	@$(PIP_INSTALL) '.[browser]'
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome chrome; do \
		command -v "$$name" >/dev/null 2>&1 && exit; done; $(VENV) -m playwright install chromium
	@touch $@

# .ready is written last: without it the set-up was interrupted, and starts afresh. So it does when .venv's Python
# no longer runs (the system's was upgraded, say).
ifneq ($(shell $(VENV) -c "print(1)" 2>/dev/null),1)
$(READY): again
.PHONY: again
endif

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "Python 3.11 or newer is needed, and $(PYTHON) is %d.%d. Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" % v[:2])'
	@echo "Setting up .venv (once; it takes a minute)"
	@test -f $@ && $(VENV) -c "" || $(PYTHON) -m venv --clear .venv
	@$(PIP_INSTALL) '.[lab]'
	@touch $@
