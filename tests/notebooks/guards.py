"""What every notebook of the course promises beyond its outputs, which nbval compares.

Each guard takes a `Page` and returns its faults, one sentence each, naming the cell. An empty list means none.
`test_notebooks.py` runs all of them on all notebooks; `test_tamper.py` shows that each of them can fail.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.validator import iter_validate

from linclf_helpers.plots import PALETTE

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 1_500_000
MAX_LINES = 20
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
RHYTHM = ("Formula", "NumPy", "Check", "See", "Predict")

# Cells that may keep their outputs from being compared, as (file name, cell id). Keep it empty.
ALLOWED_TO_SKIP: set[tuple[str, str]] = set()

# What each step has to state. Compared after `plain_latex`, so colours, spaces and the limits of sums do not matter.
FORMULAS = {
    "01": [
        r"\hat{y}_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
        r"\hat{y}_i = \frac{e^{z_i - m}}{\sum_j e^{z_j - m}}",
        r"L = -\sum_i y_i \log \hat{y}_i",
        r"L = -\frac{1}{N} \sum_n \sum_i y_{ni} \log \hat{y}_{ni}",
    ],
    "02": [
        r"\frac{\partial L}{\partial W_{dk}} = \sum_i \sum_j \frac{\partial L}{\partial \hat{y}_i}"
        r"\frac{\partial \hat{y}_i}{\partial z_j} \frac{\partial z_j}{\partial W_{dk}}",
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial \hat{y}}"
        r"\frac{\partial \hat{y}}{\partial z} \frac{\partial z}{\partial W}",
    ],
    "03": [
        r"-\log \hat{y}_c",
        r"= -\frac{y_j}{\hat{y}_j}",
        r"\frac{\partial L}{\partial \hat{y}} = -\frac{y}{\hat{y}}",
    ],
    "04": [
        r"= \hat{y}_i (1 - \hat{y}_i)",
        r"= -\hat{y}_i \hat{y}_j",
        r"\frac{\partial \hat{y}_i}{\partial z_j} = \hat{y}_i (\delta_{ij} - \hat{y}_j)",
        r"\frac{\partial \hat{y}}{\partial z} = \operatorname{diag}(\hat{y}) - \hat{y} \hat{y}^\top",
    ],
    "05": [
        r"\frac{\partial z_j}{\partial W_{dk}} = x_d \delta_{jk}",
        r"\frac{\partial z_j}{\partial b_k} = \delta_{jk}",
        r"\frac{\partial L}{\partial W} = x^\top g",
    ],
    "06": [
        r"\frac{\partial L}{\partial z} = \hat{y} - y",
        r"\frac{\partial L}{\partial Z} = \frac{1}{N} (\hat{Y} - Y)",
        r"\frac{\partial L}{\partial W} = x^\top (\hat{y} - y)",
        r"\frac{\partial L}{\partial b} = \hat{y} - y",
        r"\frac{\partial L}{\partial W} = \frac{1}{N} X^\top (\hat{Y} - Y)",
        r"\frac{\partial L}{\partial b_k} = \frac{1}{N} \sum_n (\hat{y}_{nk} - y_{nk})",
        r"W \leftarrow W - \eta \frac{\partial L}{\partial W}",
        r"b \leftarrow b - \eta \frac{\partial L}{\partial b}",
    ],
}

# How many gradient checks each notebook has, so that none can go missing unnoticed. Change it when you add one.
GRADIENT_CHECKS = {"00": 3, "01": 2, "02": 5, "03": 4, "04": 4, "05": 5, "06": 12, "07": 2, "08": 2, "10": 2}

# The rows of the notation table in notebook 00: name in code, then shape.
NOTATION = [
    ("N, D, K", "–"),
    ("X", "(N, D)"),
    ("W", "(D, K)"),
    ("b", "(K,)"),
    ("Z", "(N, K)"),
    ("Y_hat", "(N, K)"),
    ("Y", "(N, K)"),
    ("labels", "(N,)"),
    ("L", "scalar"),
    ("learning_rate", "scalar"),
]


@dataclass(frozen=True)
class Page:
    """A notebook and where it lives."""

    path: Path
    notebook: NotebookNode

    @classmethod
    def read(cls, path: Path) -> "Page":
        """Read the file as it is, without upgrading it."""
        return cls(path, nbformat.read(path, as_version=nbformat.NO_CONVERT))

    @property
    def number(self) -> str:
        """The two digits the file name starts with."""
        return self.path.name[:2]

    @property
    def is_step(self) -> bool:
        """Whether it derives one of the six steps."""
        return self.number in FORMULAS

    @property
    def code(self) -> list[NotebookNode]:
        """The code cells."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def markdown(self) -> list[NotebookNode]:
        """The Markdown cells."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def text(self) -> str:
        """All Markdown."""
        return "\n\n".join(cell.source for cell in self.markdown)


Guard = Callable[[Page], list[str]]


def where(cell: NotebookNode) -> str:
    """Name a cell in a fault."""
    return f"cell {cell.get('id')!r}"


# What the file is


def is_valid(page: Page) -> list[str]:
    """nbformat 4.5, unique cell ids, and no metadata that changes from machine to machine."""
    notebook = page.notebook
    faults = [f"is not a valid notebook: {error.message}" for error in iter_validate(notebook)]
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        faults.append(f"has format {notebook.nbformat}.{notebook.nbformat_minor}, not 4.5")
    ids = [cell.get("id") for cell in notebook.cells]
    faults += [f"has the cell id {i!r} more than once" for i in sorted({i for i in ids if ids.count(i) > 1}, key=str)]
    if notebook.metadata != METADATA:
        faults.append(f"has metadata other than kernelspec and language_info: {sorted(notebook.metadata)}")
    return faults


def is_small(page: Page) -> list[str]:
    """Small enough for GitHub to show."""
    size = page.path.stat().st_size
    return [f"has {size} bytes, more than {MAX_BYTES}"] if size > MAX_BYTES else []


# What was executed


def ran_in_order(page: Page) -> list[str]:
    """Counts 1..n: a cell without a count is executed by nbval, but never compared."""
    return [
        f"{where(cell)} has execution count {cell.execution_count}, not {n}: run `make notebooks`"
        for n, cell in enumerate(page.code, start=1)
        if cell.execution_count != n
    ]


def shows_no_accident(page: Page) -> list[str]:
    """No error, nothing on stderr."""
    return [
        f"{where(cell)} shows {'an error' if output.output_type == 'error' else 'stderr'}"
        for cell in page.code
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def hides_nothing_from_nbval(page: Page) -> list[str]:
    """No tag and no comment that stops a cell from being run or compared, outside the allow-list."""
    faults = []
    for cell in page.code:
        if (page.path.name, cell.get("id")) in ALLOWED_TO_SKIP:
            continue
        tags = [t for t in cell.metadata.get("tags", []) if re.match(r"nbval-|raises-exception|skip-execution", t)]
        comments = re.findall(r"(?im)^\s*#\s*((?:NBVAL|PYTEST_VALIDATE)_\w+)", cell.source)
        faults += [f"{where(cell)} is marked {mark}" for mark in tags + comments]
    return faults


# What the code looks like


def code_is_plain_python(page: Page) -> list[str]:
    """No magics, no trailing semicolon (nbval would see the output it hides), no silenced warnings, 20 lines."""
    faults = []
    for cell in page.code:
        if not cell.source.strip():
            faults.append(f"{where(cell)} is empty")
        try:
            ast.parse(cell.source)
        except SyntaxError:
            faults.append(f"{where(cell)} is not plain Python (a magic?)")
            continue
        tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
        code = [t for t in tokens if t.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP)]
        if code and code[-1].string == ";":
            faults.append(f"{where(cell)} ends in a semicolon")
        if re.search(r"\b(filterwarnings|simplefilter)\b", cell.source):
            faults.append(f"{where(cell)} filters warnings")
        if (lines := len(cell.source.splitlines())) > MAX_LINES:
            faults.append(f"{where(cell)} has {lines} lines, more than {MAX_LINES}")
    return faults


def imports_come_first(page: Page) -> list[str]:
    """The first code cell holds every import and ends in setup()."""
    first, *others = page.code
    faults = [] if first.source.rstrip().endswith("\nsetup()") else [f"{where(first)} does not end in setup()"]
    for cell in others:
        nodes = [node for tree in trees(cell) for node in ast.walk(tree)]
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes):
            faults.append(f"{where(cell)} imports; only the first code cell may")
    return faults


def trees(cell: NotebookNode) -> list[ast.Module]:
    """Return the syntax tree of a cell, if it has one."""
    try:
        return [ast.parse(cell.source)]
    except SyntaxError:
        return []


# What the page says


def has_a_title(page: Page) -> list[str]:
    """The first cell starts with `# `."""
    first = page.notebook.cells[0]
    return [] if first.cell_type == "markdown" and first.source.startswith("# ") else ["has no title"]


def uses_the_worked_example(page: Page) -> list[str]:
    """A step is shown on the four penguins, N = 4, D = 2, K = 3."""
    found = any("load_four_penguins()" in cell.source for cell in page.code)
    return ["does not use the four penguins"] if page.is_step and not found else []


def keeps_the_rhythm(page: Page) -> list[str]:
    """A step has a heading that starts with each word of the rhythm."""
    found = [text for cell in page.markdown for level, text in headings(cell) if level == 2]
    return [
        f"has no heading '## {word}'"
        for word in RHYTHM
        if page.is_step and not any(re.match(rf"{word}\b", text) for text in found)
    ]


def headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield level and text of each heading, as the reader sees it."""
    outside_fences = re.sub(r"(?ms)^```.*?^```", "", cell.source)
    for marks, text in re.findall(r"(?m)^(#{1,6}) +(.+?)[ #]*$", outside_fences):
        yield len(marks), re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", text)


def states_its_formulas(page: Page) -> list[str]:
    """A step states its results."""
    said = [plain_latex(formula) for formula in latex(page.text)]
    return [
        f"does not state {wanted}"
        for wanted in FORMULAS.get(page.number, [])
        if not any(plain_latex(wanted) in formula for formula in said)
    ]


def latex(text: str) -> list[str]:
    """Return everything between dollars."""
    return [display or inline for display, inline in re.findall(r"(?s)\$\$(.+?)\$\$|\$(.+?)\$", text)]


def plain_latex(formula: str) -> str:
    r"""Drop what does not change the meaning: `{\color{#...}{X}}` becomes X; spaces, `&`, dots, sums' limits go."""
    formula = re.sub(r"\{\\color\{#\w+\}\{((?:[^{}]|\{[^{}]*\})*)\}\}", r"\1", formula)
    formula = re.sub(r"\\sum_\{(\w) *= *1\}\^\{?\w\}?", r"\\sum_\1", formula)
    return re.sub(r"\\(?:left|right|cdot)(?![a-z])|\\[,;:!]|[\s&]", "", formula)


def uses_the_palette(page: Page) -> list[str]:
    """Colours in formulas are those of the figures, so that they mean the same."""
    known = {colour.lower() for colour in PALETTE.values()}
    return [
        f"{where(cell)} has the colour {colour}, which is not in PALETTE"
        for cell in page.markdown
        for colour in re.findall(r"\\(?:text)?color *\{([^}]*)\}", cell.source)
        if colour.lower() not in known
    ]


def checks_its_gradients(page: Page) -> list[str]:
    """Each notebook has as many checks against finite differences as it is known to have."""
    found, expected = gradient_checks(page), GRADIENT_CHECKS.get(page.number, 0)
    return [] if found == expected else [f"has {found} gradient checks, not {expected} (see GRADIENT_CHECKS)"]


def gradient_checks(page: Page) -> int:
    """Count the statements that fail when a formula and its finite differences disagree.

    These are `check_gradient(...).assert_ok()`, and asserts on anything computed from `check_gradient` or another of
    the functions that take differences.
    """
    sources = {"check_classifier", "check_gradient", "numerical_gradient", "numerical_gradients", "numerical_jacobian"}
    count = 0

    def depends(node: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in sources for n in ast.walk(node))

    for node in (n for cell in page.code[1:] for tree in trees(cell) for n in ast.walk(tree)):
        match node:
            case ast.Assign(targets=targets, value=value) if depends(value):
                sources |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value) if depends(value):
                sources |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
            case ast.FunctionDef(name=name) if depends(node):
                sources.add(name)
            case ast.Assert(test=test):
                count += depends(test)
            case ast.Call(func=ast.Attribute(attr="assert_ok", value=check)):
                count += depends(check)
    return count


def has_the_notation(page: Page) -> list[str]:
    """Notebook 00 has the table of symbols, and the sizes of the worked example."""
    if page.number != "00":
        return []
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"(?m)^\|.*\|$", page.text)]
    faults = [
        f"has no row for `{name}` with shape {shape} in the notation table"
        for name, shape in NOTATION
        if not any(len(row) == 4 and f"`{name}`" in row[1] and shape in row[2] for row in rows)
    ]
    return faults + [f"does not say {size}" for size in ("N = 4", "D = 2", "K = 3") if size not in page.text]


def answers_after_the_code(page: Page) -> list[str]:
    """A Predict question is followed by a cell that lets the learner find out, and then by the folded answer."""
    faults = []
    open_question, ran = None, False
    for cell in page.notebook.cells:
        ran = ran or cell.cell_type == "code"
        if cell.cell_type != "markdown":
            continue
        if "<details>" in cell.source:
            if not ran:
                faults.append(f"{where(cell)} answers before a code cell lets the learner find out")
            if cell.source.count("<details>") != cell.source.count("</details>"):
                faults.append(f"{where(cell)} has a <details> that is not closed")
            open_question = None
        if any(text.startswith("Predict") for _, text in headings(cell)):
            if open_question is not None:
                faults.append(f"{where(open_question)} asks, and no folded answer follows")
            open_question, ran = cell, False
    if open_question is not None:
        faults.append(f"{where(open_question)} asks, and no folded answer follows")
    return faults


def describes_its_figures(page: Page) -> list[str]:
    """Every figure is followed by a cell that says in words what it shows: JupyterLab has no alt text for outputs."""
    faults = []
    cells = page.notebook.cells
    for i, cell in enumerate(cells):
        if any(kind.startswith("image/") for output in cell.get("outputs", []) for kind in output.get("data", {})):
            caption = re.match(r"\*Figure\.\*(.*)", cells[i + 1].source if i + 1 < len(cells) else "")
            if not caption or len(caption[1].split()) < 8:
                faults.append(f"{where(cell)} shows a figure; the next cell must be *Figure.* and 8 words or more")
    return faults


def ends_with_what_we_have(page: Page) -> list[str]:
    """A rule, what we have now (a line of mathematics, a line of code), a link to the next notebook."""
    last = page.notebook.cells[-1]
    text = last.source if last.cell_type == "markdown" else ""
    faults = [] if re.match(r"---\n", text) else ["does not end in a cell that starts with a rule (---)"]
    _, found, summary = text.partition("What we have now")
    if not found:
        faults.append("does not end with 'What we have now'")
    if not latex(summary):
        faults.append("has no line of mathematics at its end")
    if not re.search(r"`[^`]+`", summary):
        faults.append("has no line of code at its end")
    later = sorted(p.name for p in (ROOT / "notebooks").glob("*.ipynb") if p.name > page.path.name)
    if later and f"{later[0]})" not in summary:
        faults.append(f"does not end with a link to {later[0]}")
    return faults


def links_work(page: Page) -> list[str]:
    """Every link to a file of the course, or to a heading, leads somewhere.

    A heading's anchor is JupyterLab's: its text with `-` for every space, `## Check: all nine` being
    `#Check:-all-nine`. It must be the only heading with this text.
    """
    faults = []
    for cell in page.markdown:
        prose = re.sub(r"(?s)```.*?```|`[^`]*`|\$\$.*?\$\$", "", cell.source)
        targets = re.findall(r"\]\(([^()\s]+(?:\([^()\s]*\))?)[^()]*\)|(?:href|src)=\"([^\"]+)\"", prose)
        for target in (markdown or html for markdown, html in targets):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = unquote(target).partition("#")
            file = page.path.parent / name if name else page.path
            if not file.is_file():
                faults.append(f"{where(cell)} links to {target}: no such file")
            elif anchor and anchors(Page.read(file) if name else page).count(anchor) != 1:
                faults.append(f"{where(cell)} links to {target}: not one heading with this anchor")
    return faults


def anchors(page: Page) -> list[str]:
    """Return the anchors of all headings."""
    return [text.replace(" ", "-") for cell in page.markdown for _, text in headings(cell)]


def makes_slides(page: Page) -> list[str]:
    """A slide begins at each heading, and holds neither set-up nor what its figure shows anyway.

    NumPy may follow its formula on the same slide. That all of it fits is measured in a browser, test_slides.py.
    """
    if page.path.parent.name == "solutions":
        return []
    faults = []
    for i, cell in enumerate(page.notebook.cells):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        titles = [text for level, text in headings(cell) if level <= 2] if cell.cell_type == "markdown" else []
        if kind not in ("slide", "fragment", "notes", "skip"):
            faults.append(f"{where(cell)} has the slide type {kind!r}, not slide, fragment, notes or skip")
        if kind != "slide" and (i == 0 or any(not title.startswith("NumPy") for title in titles)):
            faults.append(f"{where(cell)} has a heading and does not begin a slide")
        if kind != "skip" and cell.get("id") == "imports":
            faults.append(f"{where(cell)} shows the set-up on a slide")
        if kind != "notes" and cell.source.startswith("*Figure.*"):
            faults.append(f"{where(cell)} shows a figure's description on a slide")
        if "hide-input" in cell.metadata.get("tags", []) and not cell.get("outputs"):
            faults.append(f"{where(cell)} hides its input and has no output: nothing is left on the slide")
    return faults


GUARDS: list[Guard] = [
    is_valid,
    is_small,
    ran_in_order,
    shows_no_accident,
    hides_nothing_from_nbval,
    code_is_plain_python,
    imports_come_first,
    has_a_title,
    uses_the_worked_example,
    keeps_the_rhythm,
    states_its_formulas,
    uses_the_palette,
    checks_its_gradients,
    has_the_notation,
    answers_after_the_code,
    describes_its_figures,
    ends_with_what_we_have,
    links_work,
    makes_slides,
]
