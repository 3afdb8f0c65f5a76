"""Break the package on purpose, one line at a time, and see that the tests of that module turn red.

Each mutant is a copy of the package and of one test file in a folder of its own. One extra process runs them all, one
after the other, and forgets the package in between. A test that can't fail would show here.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PACKAGE = TESTS.parent / "linclf_helpers"

# What each folder gets as its conftest.py. Only the copy in the folder counts: the run ends with code 3 (a failed
# test is 1) if another one is imported. Shrinking a failing example would cost time, and nobody reads it.
CONFTEST = """
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import linclf_helpers

settings.register_profile("mutants", deadline=None, derandomize=True, max_examples=20, phases=[Phase.generate])
settings.load_profile("mutants")


def pytest_sessionstart():
    if Path(linclf_helpers.__file__).resolve().parent.parent != Path(__file__).resolve().parent.parent:
        pytest.exit("the wrong copy of linclf_helpers", returncode=3)
"""

# What the extra process does: takes folders and test files, gives back pytest's codes and words.
DRIVER = """
import contextlib, io, json, os, sys
import pytest

path, results = list(sys.path), {}
for name, folder, file in json.load(sys.stdin):
    for module in [m for m in sys.modules if m.startswith(("linclf_helpers", "conftest", "strategies", "test_"))]:
        del sys.modules[module]
    sys.path[:] = [folder, *path]
    os.chdir(folder)
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        code = pytest.main(
            [file, "-xq", "--tb=line", "-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
            + ["--rootdir=.", "-c", "pytest.ini"]
            + ["-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:cov"]
        )
    results[name] = int(code), words.getvalue()
json.dump(results, sys.stdout)
"""

MUTANTS = {
    # issue: what must not go unseen
    "the off-diagonal of the Jacobian": (
        "gradients",
        "return np.diag(y_hat) - np.outer(y_hat, y_hat)",
        "return np.diag(y_hat * (1 - y_hat))",
    ),
    "the 1/N of dL_dZ": ("gradients", "return (Y_hat - Y) / N", "return Y_hat - Y"),
    "the 1/N of dL_dYhat": ("gradients", "-1 / Y_hat[correct] / N", "-1 / Y_hat[correct]"),
    "the sum over the batch, one row instead": (
        "gradients",
        "return G.reshape(-1, G.shape[-1]).sum(axis=0)",
        "return G.reshape(-1, G.shape[-1])[0]",
    ),
    "the sum over the batch, a mean instead": (
        "gradients",
        "return G.reshape(-1, G.shape[-1]).sum(axis=0)",
        "return G.reshape(-1, G.shape[-1]).mean(axis=0)",
    ),
    "the penalty's gradient": ("gradients", "dW + l2 * W", "dW + l2 / 2 * W"),
    "the max-shift of softmax": ("forward", "np.exp(Z - Z.max(axis=-1, keepdims=True))", "np.exp(Z)"),
    "the max-shift of log_softmax": ("forward", "Z = Z - Z.max(axis=-1, keepdims=True)", "Z = Z - 0"),
    "the maximum of the batch instead of the row": (
        "forward",
        "np.exp(Z - Z.max(axis=-1, keepdims=True))",
        "np.exp(Z - Z.max())",
    ),
    "the sign of a step in W": ("model", "self.W - learning_rate * dW", "self.W + learning_rate * dW"),
    "the sign of a step in b": ("model", "self.b - learning_rate * db", "self.b + learning_rate * db"),
    "the sign of descent": ("training", "theta = theta - eta *", "theta = theta + eta *"),
    "the velocity of descent": ("training", "V = momentum * V + gradient if", "V = gradient if"),
    "the sign of the sweep": ("sweeps", "theta = theta - scale * push", "theta = theta + scale * push"),
    "the gradient of the last class": ("fast", "-np.ones(K - 1)", "-0.5 * np.ones(K - 1)"),
    "the overflow of the fast form": ("fast", "math.isfinite(sum(log_sums.tolist()))", "True"),
    "the tiny losses of the fast form": ("fast", "_CANCELLED = 1e-4", "_CANCELLED = -1.0"),
    "the ½ of the bound": ("sweeps", "1 / (largest / 2 + l2)", "1 / (largest / 8 + l2)"),
    "the verdict of a check": ("gradcheck", "bool(relative.max() <= tolerance)", "True"),
    "the checksum of the data": ("_files", "if found != _SHA256[name]:", "if False:"),
}


TESTS_OF = {"_files": "datasets"}  # where a module has no tests of its own
SOUND, FOREIGN = "a sound copy", "no copy"


def prepare(folder, module, old="", new=""):
    """Fill a folder with a copy of the package, one line changed, and of the tests of that module."""
    shutil.copytree(PACKAGE, folder / "linclf_helpers", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "linclf_helpers" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    if old:
        assert source.count(old) == 1, f"the line to break is gone, write the mutant anew: {old}"
        path.write_text(source.replace(old, new), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]", encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for name in (f"test_{TESTS_OF.get(module, module)}.py", "strategies.py"):
        shutil.copy(TESTS / name, folder / "tests")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Run all mutants, a sound copy, and a folder without a copy: name -> (code, words)."""
    jobs = []
    for name, (module, old, new) in {**MUTANTS, SOUND: ("gradients", "", ""), FOREIGN: ("model", "", "")}.items():
        folder = tmp_path_factory.mktemp("mutant")
        prepare(folder, module, old, new)
        if name == FOREIGN:
            shutil.rmtree(folder / "linclf_helpers")
        jobs.append((name, str(folder), f"tests/test_{TESTS_OF.get(module, module)}.py"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps(jobs),
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_package_turns_its_tests_red(mutant, results):
    code, words = results[mutant]
    assert code == 1, words  # 1: tests ran and failed; 2 to 5: they did not run
    assert "1 failed" in words
    assert "ImportError" not in words


def test_a_sound_copy_stays_green(results):
    code, words = results[SOUND]
    assert code == 0, words
    assert " passed" in words


def test_another_copy_would_be_noticed(results):
    """Without a copy in its folder a run finds the installed package, and says so."""
    code, words = results[FOREIGN]
    assert code == 3, words
    assert "the wrong copy" in words
