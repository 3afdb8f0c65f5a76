"""What a docstring says about the notebooks is so: where it names one, that notebook's code has the name.

Looked for as a word in a code cell. "From notebook NN on", "first …" and "introduced in" also say that no earlier
notebook has it. Of a module, any public name will do.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "linclf_helpers"
NUMBERS = r"\d\d(?:(?:, | and | to |, and )\d\d)*"
CLAIM = re.compile(rf"\bnotebooks? (?P<numbers>{NUMBERS})(?P<on> on\b)?")
Claim = tuple[
    str, tuple[str, ...], str, bool
]  # whose docstring; the names to look for; a notebook; that it is the first

# What a learner meets under another name: whose docstring, and how the code of a notebook shows it.
SHOWN_AS = {
    "datasets.Dataset": "load_penguins",
    "datasets.make_blobs": "LearningRateExplorer",
    "_fitting._descend_barzilai_borwein": "barzilai-borwein",
    "forward.linear": "@ W + b",
    "gradcheck.GradientCheck": "check_gradient",
    "gradients.loss_and_gradients": "dL_dW",
    "history.History": "history",
    "loss_surface.LossSlice": "LearningRateExplorer",
    "sweeps.SweepRuns": "sweep_runs",
}


def code_of_notebooks() -> dict[str, str]:
    """Return the code cells of each notebook, by its number."""
    code = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code[path.name[:2]] = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return code


CODE = code_of_notebooks()


def has(notebook: str, name: str) -> bool:
    """Tell whether a word stands in the code of a notebook."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", CODE[notebook]) is not None


def numbers_in(text: str) -> list[str]:
    """Return the notebooks that "03", "02 and 06", "06, 07 and 08" or "02 to 06" names."""
    numbers: list[str] = []
    for separator, number in re.findall(r"(^|, and |, | and | to )(\d\d)", text):
        first = int(numbers[-1]) + 1 if separator == " to " else int(number)
        numbers += [f"{between:02}" for between in range(first, int(number) + 1)]
    return numbers


def public_names(tree: ast.Module) -> tuple[str, ...]:
    """Return what a module defines at its top, names with an underscore apart."""
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return tuple(name for name in names if not name.startswith("_"))


def claims_of(docstring: str, owner: str, names: tuple[str, ...]) -> Iterator[Claim]:
    """Yield what a docstring says about notebooks."""
    text = re.sub(r"\s+", " ", docstring)
    for found in CLAIM.finditer(text):
        before = re.split(r"[.,;:()]", text[: found.start()])[-1].lower()
        first = bool(found["on"]) or re.search(r"\b(first|introduced)\b", before) is not None
        for number in numbers_in(found["numbers"]):
            yield owner, names, number, first


def claims() -> Iterator[Claim]:
    """Yield what the docstrings of the package say about notebooks."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                name = "" if isinstance(node, ast.Module) else node.name
                names = (name,) if name else public_names(tree)
                yield from claims_of(ast.get_docstring(node) or "", f"{module}.{name}".rstrip("."), names)


@pytest.mark.parametrize("claim", list(claims()), ids=lambda claim: f"{claim[0]}-{claim[2]}")
def test_what_a_docstring_says_of_a_notebook_is_so(claim: Claim) -> None:
    owner, names, notebook, first = claim
    if owner in SHOWN_AS:
        names = (SHOWN_AS[owner],)
    assert notebook in CODE, f"{owner}: there is no notebook {notebook}"
    assert any(has(notebook, name) for name in names), f"{owner}: not in the code of notebook {notebook}"
    if first:
        earlier = [other for other in CODE if other < notebook and any(has(other, name) for name in names)]
        assert not earlier, f"{owner}: notebooks {earlier} have it before notebook {notebook}"


@pytest.mark.parametrize("owner", SHOWN_AS)
def test_another_name_is_given_only_where_it_is_needed(owner: str) -> None:
    claimed = [(names, notebook) for whose, names, notebook, _ in claims() if whose == owner]
    assert claimed, f"{owner} claims nothing"
    assert not all(has(notebook, name) for names, notebook in claimed for name in names)


def test_a_claim_is_read_with_all_its_notebooks() -> None:
    text = """Used in notebooks 02 to 04 and 06. First drawn in notebook 01, from notebook 03
    on; explained in notebook 05 (introduced in notebook 00)."""
    numbers = [(notebook, first) for _, _, notebook, first in claims_of(text, "x", ("x",))]
    used = [("02", False), ("03", False), ("04", False), ("06", False)]
    assert numbers == [*used, ("01", True), ("03", True), ("05", False), ("00", True)]
    assert len(list(claims())) > 90


def test_a_word_is_found_as_a_whole_and_in_code_only() -> None:
    assert has("06", "gradient_descent")
    assert not has("06", "gradient_desc")
    assert not has("08", "MNIST database")  # in its prose
