"""Settings for all tests: what notebooks' kernels see, and doctests that leave nothing behind."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbval.plugin
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent
AS_ALWAYS: Any = np.get_printoptions()
# No modules to look for doctests in: settings that a server executes, and what needs nbgrader or JupyterHub.
collect_ignore_glob = [
    "linclf_helpers/teaching/grading.py",
    "linclf_helpers/teaching/nbgrader_config.py",
    "linclf_helpers/teaching/slides/*",
    "notebooks/teaching/*",
    "tests/hub/re*.py",
]

# Kernels do not see pytest's sys.path, and a notebook's figures need the inline backend, which an inherited
# MPLBACKEND would displace.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ.pop("MPLBACKEND", None)
# Nor do tests see the user's own IPython and matplotlib, whose start-up files may print or draw otherwise.
NO_SETTINGS = tempfile.TemporaryDirectory()
os.environ["IPYTHONDIR"] = NO_SETTINGS.name
os.environ["MATPLOTLIBRC"] = str(Path(NO_SETTINGS.name, "matplotlibrc"))
Path(os.environ["MATPLOTLIBRC"]).touch()
for variable in ("PYTHONSTARTUP", "PYTHONWARNINGS"):
    os.environ.pop(variable, None)
# One thread in each kernel: on a busy machine, threads that share a small matrix product wait for each other, and the
# notebook of the digits takes ten times as long.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# Coverage is that of tests and doctests, which reach all of the package by themselves: a number that a notebook only
# happens to run is not proved by it, and in kernels measuring takes as long as the notebooks.
nbval.plugin.setup_coverage = nbval.plugin.teardown_coverage = lambda *_: None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a loaded machine time between a cell's reply and its output (nbval's own limit is 5 s)."""
    if hasattr(item, "output_timeout"):
        item.output_timeout = 60


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of long lists."""
    config.addinivalue_line("markers", "every_sixth: of this list every sixth is tried; with ALL_MUTANTS all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try every sixth of the long lists (wrong answers, slides); with ALL_MUTANTS all, as with errors in formulas.

    They count for no coverage, which then doesn't hang on which sixth it is.
    """
    listed = [item for item in items if item.get_closest_marker("every_sixth")]
    for item in listed:
        item.add_marker(pytest.mark.no_cover)
    if os.environ.get("ALL_MUTANTS"):
        return
    left_out = {item for n, item in enumerate(listed) if n % 6}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end how many tests were skipped, and why: for most, the command that installs what they need."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:4d}  {reason}")


@pytest.fixture(autouse=True)
def numpy_prints_as_always() -> Iterator[None]:
    """Undo `setup()`, which changes how NumPy prints, before and after every test and doctest."""
    with np.printoptions(**AS_ALWAYS):
        yield
