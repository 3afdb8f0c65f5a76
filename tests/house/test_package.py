"""The rules of the package: cheap to import, layers in order, everything public documented."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import linclf_helpers

PACKAGE = Path(linclf_helpers.__file__).parent
# Each layer imports only from layers below it.
LAYERS = [
    {"_validate"},
    {"_careful", "_files", "_tables"},
    {"forward", "datasets"},
    {"gradients"},
    {"gradcheck"},
    {"fast_gradcheck"},
    {"model", "fast"},
    {"history"},
    {"training"},
    {"sweeps"},
    {"loss_surface"},
    {"_fitting"},
    {"estimator"},
    {"plots"},
    {"widgets", "exercises"},
    {"teaching"},
]
NUMBERS = [
    "forward",
    "datasets",
    "gradients",
    "gradcheck",
    "fast_gradcheck",
    "model",
    "fast",
    "history",
    "training",
    "sweeps",
    "loss_surface",
    "estimator",
]
AT_NEED = {"training": {"tqdm"}, "estimator": {"sklearn"}}  # imported inside a function
SCREENS = {"plots", "widgets", "exercises", "teaching"}


def layer_of(module):
    return next((number for number, names in enumerate(LAYERS) if module in names), None)


def modules():
    """Yield the name of the layer's module and the path of each file of the package, `__init__` apart."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if name != "__init__":
            yield name, path


def imported_by(path):
    """Return every absolute module name that a file imports, at the top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda value: getattr(value, "name", None))
def test_each_layer_imports_only_from_layers_below(name, path):
    layer = layer_of(name)
    assert layer is not None, f"{name} has no layer: add it to the list, and to the package's docstring"
    for imported in imported_by(path):
        top, *rest = imported.split(".")
        if top == "linclf_helpers" and rest[0] != name:
            assert layer_of(rest[0]) is not None, f"{path.name} imports {imported}"
            assert layer_of(rest[0]) < layer, f"{path.name} imports {imported}"
        elif top in ("matplotlib", "ipywidgets", "IPython"):
            assert name in SCREENS, f"{path.name} imports {imported}"
        elif name in NUMBERS:
            known = sys.stdlib_module_names | {"numpy", "linclf_helpers"} | AT_NEED.get(name, set())
            assert top in known, f"{path.name} imports {imported}"


def test_the_layering_test_sees_every_module():
    assert {name for name, _ in modules()} >= {"_validate", "plots", *NUMBERS}


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_import_is_cheap():
    """Neither the package nor any module below the pictures loads a library for screens."""
    modules = ", ".join(f"linclf_helpers.{name}" for name in NUMBERS)
    heavy = run(
        f"import sys, linclf_helpers, {modules}\n"
        "screens = {'matplotlib', 'ipywidgets', 'IPython'}\n"
        "print(*sorted((screens | {'scipy', 'pandas', 'tqdm', 'sklearn'}) & set(sys.modules)))"
    )
    assert heavy.split() == []
    assert run("import sys, linclf_helpers; print('numpy' in sys.modules)").split() == ["False"]


def test_modules_are_loaded_when_they_are_asked_for():
    assert run("import linclf_helpers as lh; print(lh.forward.softmax([[0.0, 0.0]]))").split() == ["[[0.5", "0.5]]"]
    everything = {name for name, _ in modules() if not name.startswith("_")}
    assert everything <= set(dir(linclf_helpers))
    for name in everything:
        assert getattr(linclf_helpers, name).__name__ == f"linclf_helpers.{name}"
    with pytest.raises(AttributeError, match="'linclf_helpers' has no attribute 'nothing'"):
        _ = linclf_helpers.nothing


def test_setup_prints_four_decimals():
    linclf_helpers.setup()
    assert str(np.array([1 / 3, -2, 1e-9])) == "[ 0.3333 -2.0000  0.0000]"


def test_version_is_a_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", linclf_helpers.__version__)


def test_records_are_compared_by_identity():
    """Field by field would end in "the truth value of an array is ambiguous"."""
    from linclf_helpers.datasets import load_four_penguins
    from linclf_helpers.gradcheck import check_gradient
    from linclf_helpers.model import LinearClassifier
    from linclf_helpers.training import gradient_descent

    for make in (
        load_four_penguins,
        lambda: check_gradient(lambda x: x @ x, [1.0, 2.0], [2.0, 4.0]),
        lambda: gradient_descent(LinearClassifier(2, 3), [[1.0, 2.0]], [0], 0.1, 2),
    ):
        one, other = make(), make()
        assert len({one, other, one}) == 2
        assert one != other


# --- documentation ---


def public():
    """Yield every public function, class and method of the layers of numbers."""
    for module in NUMBERS:
        contents = importlib.import_module(f"linclf_helpers.{module}")
        for name in contents.__all__:
            item = getattr(contents, name)
            yield pytest.param(item, id=f"{module}.{name}")


def methods():
    for parameter in public():
        (item,) = parameter.values
        if inspect.isclass(item):
            for name, method in vars(item).items():
                if not name.startswith("_") and inspect.isfunction(method):
                    yield pytest.param(method, id=f"{item.__name__}.{name}")


def sections(item):
    """Return the sections of a numpydoc docstring, by title."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(item), flags=re.MULTILINE)
    return {"Summary": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section):
    """Return the names at the margin of a section such as Parameters: `X : array of shape (N, D)`."""
    return [
        name.strip() for names in re.findall(r"^([\w, ]+?)(?: :|$)", section, re.MULTILINE) for name in names.split(",")
    ]


@pytest.mark.parametrize("item", list(public()))
def test_public_names_are_documented(item):
    doc = sections(item)
    summary = doc["Summary"].strip().splitlines()[0]
    assert summary.endswith(".")
    if inspect.isclass(item):
        assert "Parameters" in doc or "Attributes" in doc
        return
    parameters = list(inspect.signature(item).parameters)
    assert documented(doc.get("Parameters", "")) == parameters
    assert "Returns" in doc
    assert re.search(r"(ValueError|Error)\n    \S", doc["Raises"])
    assert re.match(r"(Return|Compare|Train|Check)\b", summary)


@pytest.mark.parametrize("method", list(methods()))
def test_public_methods_are_documented(method):
    doc = sections(method)
    assert doc["Summary"].strip().splitlines()[0].endswith(".")
    parameters = [name for name in inspect.signature(method).parameters if name != "self"]
    if "Parameters" in doc:
        assert documented(doc["Parameters"]) == parameters
        assert "Returns" in doc
        assert "Raises" in doc


@pytest.mark.parametrize("module", NUMBERS)
def test_all_lists_what_a_module_defines(module):
    contents = importlib.import_module(f"linclf_helpers.{module}")
    defined = {
        name
        for name, item in vars(contents).items()
        if getattr(item, "__module__", None) == contents.__name__ and not name.startswith("_") and callable(item)
    }
    assert set(contents.__all__) == defined


@pytest.mark.parametrize("module", NUMBERS)
def test_nothing_prints(module):
    path = PACKAGE / f"{module}.py"
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


def test_the_data_page_tells_the_checksums_and_licences():
    page = (PACKAGE / "data" / "README.md").read_text(encoding="utf-8")
    from linclf_helpers._files import _SHA256

    for name, digest in _SHA256.items():
        assert name in page
        assert digest in page
    assert "CC0" in page
    assert "CC BY 4.0" in page
    assert {path.name for path in (PACKAGE / "data").iterdir()} == {*_SHA256, "README.md"}
