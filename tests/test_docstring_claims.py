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

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "linclf_helpers"
NUMBERS = r"\d\d(?:(?:, | and | to |, and )\d\d)*"
CLAIM = re.compile(rf"(?P<before>[^.;:()]*)\b(?:notebooks?) (?P<numbers>{NUMBERS})(?P<on> on\b)?")
Claim = tuple[str, tuple[str, ...], str, bool]  # whose docstring; the names to look for; a notebook; that it is the first

# What a learner meets under another name: whose docstring, and how the code of a notebook shows it.
SHOWN_AS: dict[str, str] = {}


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
    for found in CLAIM.finditer(re.sub(r"\s+", " ", docstring)):
        before = found["before"].lower()
        first = bool(found["on"]) or " first" in f" {before}" or "introduced" in before
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
