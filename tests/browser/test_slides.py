"""The slides of `make present`, clicked through in real JupyterLab at 1280 × 720.

For each slide of each notebook, with all it holds and its answers open: nothing needs scrolling, nothing is cut off,
and what is written is at least as large as the text of a notebook at 125 %.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from linclf_helpers.teaching.__main__ import SLIDES
from tests.browser.conftest import GATE, ROOT, Lab, running_lab
from tests.optional import install, lacks, skip

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LETTERS = 1.25 * 14  # pixels: JupyterLab's text at 125 %
PICTURES = 1.14  # the 11-point letters of a figure, 15.3 pixels at 100 dots an inch, come to LETTERS at this scale

# Pictures that a slide can't show that large, since they share it with their controls: notebook, cell, how large.
SMALLER = {("07", "explore-learning-rate"): 1.04, ("08", "explore-digits"): 1.04}

# What is on the screen: from where to where it reaches, the smallest letters, what is cut, how large the pictures are.
LOOK = """() => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const found = { top: 720, bottom: 0, letters: [], cut: [], pictures: [] };
  found.end = notebook.node.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect().bottom;
  for (const cell of notebook.widgets.filter((w) => w.node.classList.contains("jp-deck-mod-onscreen"))) {
    const id = cell.model.id;
    found.top = Math.min(found.top, cell.node.getBoundingClientRect().top);
    found.bottom = Math.max(found.bottom, cell.node.getBoundingClientRect().bottom);
    const walker = document.createTreeWalker(cell.node, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const box = node.parentElement;
      if (!node.data.trim() || !box.checkVisibility({ visibilityProperty: true })) continue;
      if (box.closest("mjx-script, mjx-assistive-mml, style, script, sub, sup")) continue; // indices are smaller
      const range = document.createRange();
      range.selectNode(node);
      if (range.getBoundingClientRect().width > 1)
        found.letters.push([parseFloat(getComputedStyle(box).fontSize) * box.currentCSSZoom, id, node.data.trim()]);
    }
    const boxes = [".cm-scroller", ".jp-OutputArea-output", ".jp-OutputArea-output pre", ".jp-RenderedMarkdown",
                   "table", ".linclf-explorer", ".widget-label"];
    for (const e of cell.node.querySelectorAll(boxes))
      if (e.scrollWidth > e.clientWidth + 1 && e.checkVisibility()) found.cut.push([id, e.className, e.innerText]);
    for (const e of cell.node.querySelectorAll(".jp-OutputArea-output, .linclf-explorer"))
      if (e.scrollHeight > e.clientHeight + 1 && e.checkVisibility()) found.cut.push([id, e.className, "height"]);
    for (const image of cell.node.querySelectorAll(".jp-OutputArea-output img")) {
      const inNotebook = image.naturalWidth / (image.closest(".linclf-explorer") ? 1.5 : 2);
      found.pictures.push([image.getBoundingClientRect().width / inNotebook, id]);
    }
  }
  found.letters.sort((a, b) => a[0] - b[0]);
  return { ...found, at: notebook.activeCell.model.id, smallest: found.letters[0] };
}"""


@pytest.fixture(scope="module")
def presenting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `make present` starts it."""
    if lacks("jupyterlab_deck"):
        skip("jupyterlab-deck", install("present"), GATE)
    with running_lab(tmp_path_factory.mktemp("present"), f"--config={ROOT / SLIDES}") as lab:
        yield lab


@pytest.fixture(scope="module")
def screen(browser: Any) -> Iterator[Any]:
    """A projector of 1280 × 720."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(90_000)
    yield context
    context.close()


def slides(path: Path) -> list[list[str]]:
    """Return the cells of each slide."""
    found: list[list[str]] = []
    for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
        match cell.metadata["slideshow"]["slide_type"]:
            case "slide":
                found.append([cell.id])
            case "fragment":
                found[-1].append(cell.id)
    return found


def arrived(page: Any, cell: str) -> None:
    """Wait until the deck has come to this cell, and shows it."""
    page.wait_for_function("""id => { const cell = jupyterapp.shell.currentWidget.content.activeCell;
        return cell.model.id === id && cell.node.classList.contains("jp-deck-mod-visible"); }""", arg=cell)  # fmt: skip


def settled(page: Any) -> dict[str, Any]:
    """Wait for two frames, in which the letters are fitted, and look."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return dict(page.evaluate(LOOK))


@pytest.mark.every_sixth  # all eleven, with ALL_MUTANTS, take three minutes
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_slides_fit_and_can_be_read(path: Path, presenting: Lab, screen: Any) -> None:
    """From the first slide to the last with the space bar, every answer opened."""
    page, problems = screen.new_page(), []
    page.on("pageerror", lambda error: problems.append(error.stack or str(error)))
    page.goto(f"{presenting.url}/lab/tree/{path.name}?reset&token={presenting.token}")
    page.wait_for_selector(".jp-Deck.jp-linclf-ran")  # it opens as slides, and runs by itself
    assert (
        page.evaluate("""() => [...jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
        .filter(c => c.cell_type === 'code').flatMap(c => c.outputs.filter(o => o.output_type === 'error'))""")
        == []
    )
    planned = slides(path)
    for number, cells in enumerate(planned, start=1):
        for cell in cells[number == 1 :]:  # it begins at the first cell of the first slide
            page.keyboard.press("Space")
            arrived(page, cell)
        problems += faults(f"slide {number}, {cells[0]}", path.name[:2], settled(page))
        if page.evaluate("""(ids) => { let opened = false;
            for (const w of jupyterapp.shell.currentWidget.content.widgets.filter((w) => ids.includes(w.model.id)))
              for (const d of w.node.querySelectorAll("details")) { d.open = true; opened = true; } return opened; }""",
                         cells):  # fmt: skip
            problems += faults(f"slide {number} with its answer", path.name[:2], settled(page))
    page.keyboard.press("Shift+Space")
    arrived(page, [cell for cells in planned for cell in cells][-2])
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    assert not problems, "\n".join(problems)


def faults(place: str, notebook: str, seen: dict[str, Any]) -> list[str]:
    """Say what is wrong with what is on the screen."""
    found = []
    if seen["top"] < 0 or seen["bottom"] > seen["end"]:
        found.append(f"{place}: reaches from {seen['top']:.0f} to {seen['bottom']:.0f} of {seen['end']:.0f} pixels")
    if seen["smallest"] and seen["smallest"][0] < LETTERS - 0.01:
        found.append(f"{place}: letters of {seen['smallest'][0]} pixels: {seen['smallest'][1:]}")
    found += [f"{place}: {what} is cut off" for what in seen["cut"]]
    found += [
        f"{place}: the picture of {cell} is {scale:.2f} times its size in the notebook"
        for scale, cell in seen["pictures"]
        if scale < SMALLER.get((notebook, cell), PICTURES)
    ]
    return found


def test_a_lesson_is_alive(presenting: Lab, screen: Any) -> None:
    """A slider follows the mouse, a remote moves on, an answer opens, code can be changed, a link leads on."""
    page = screen.new_page()
    page.goto(f"{presenting.url}/lab/tree/03_loss_derivative.ipynb?reset&token={presenting.token}")
    page.wait_for_selector(".jp-Deck.jp-linclf-ran")

    show(page, "explore-loss")
    handle = page.locator(".linclf-explorer [role=slider]").first
    before, box = page.locator(".linclf-explorer img").get_attribute("src"), handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=5)
    page.mouse.up()
    assert abs(handle.bounding_box()["x"] - box["x"] - 40) < 8, "the slider does not stay under the mouse"
    page.wait_for_function("src => document.querySelector('.linclf-explorer img').src !== src", arg=before)
    page.keyboard.press("ArrowRight")  # the slider's own key
    arrived(page, "explore-loss")
    page.keyboard.press("PageDown")
    arrived(page, "explore-loss-answer")
    answer = page.locator(".jp-deck-mod-visible details").element_handle()
    page.locator(".jp-deck-mod-visible summary").click()
    assert answer.evaluate("details => details.open")
    page.keyboard.press("Space")  # goes on, and does not close it
    arrived(page, "check")
    assert answer.evaluate("details => details.open")

    show(page, "finite-run")
    page.locator(".jp-CodeCell.jp-deck-mod-visible .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("; print('changed in' + 40 * ' class')")
    page.keyboard.press("Shift+Enter")  # the slide stays, and shows all that is printed
    printed = page.wait_for_selector(".jp-deck-mod-visible pre:has-text('changed in class')")
    arrived(page, "finite-run")
    settled(page)
    assert printed.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    page.keyboard.press("Space")
    arrived(page, "finite-seen")

    show(page, "end")
    page.locator(".jp-deck-mod-visible a", has_text="04,").click()
    page.wait_for_function("""() => jupyterapp.shell.currentWidget.context.path.startsWith('04_')
        && jupyterapp.shell.currentWidget.node.matches('.jp-Deck.jp-linclf-ran')""")
    page.keyboard.press("Space")
    arrived(page, slides(NOTEBOOKS[4])[1][0])
    page.close()


def show(page: Any, cell: str) -> None:
    """Go to the slide of a cell."""
    page.evaluate("""id => { const n = jupyterapp.shell.currentWidget.content;
        n.activeCellIndex = n.widgets.findIndex((w) => w.model.id === id); }""", cell)  # fmt: skip
    settled(page)
