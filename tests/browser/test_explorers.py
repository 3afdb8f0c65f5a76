"""Every explorer in real JupyterLab: keyboard, mouse, screen reader, both themes, and without being run."""

import base64
import io
import statistics
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from linclf_helpers import widgets
from linclf_helpers.widgets.explorer import Explorer

from .conftest import EXPLORERS, Lab, Notebook, OnScreen, expect

# For each explorer: the field that is moved, and its label on the screen.
MOVED: dict[str, tuple[str, str]] = {
    "ChainRuleExplorer": ("step", "step"),
    "CrossEntropyExplorer": ("p", "probability p"),
    "DigitsExplorer": ("step", "training step"),
    "GradientCheckExplorer": ("h", "step size h"),
    "JacobianExplorer": ("z1", "score z₁"),
    "LearningRateExplorer": ("learning_rate", "learning rate η"),
    "LinearLayerExplorer": ("change", "change it by"),
    "SoftmaxExplorer": ("z1", "score z₁"),
}

# Notes at every frame how high everything above the words is.
WATCH = """(box) => { const img = box.querySelector('img'); window.heights = [];
  const look = () => {
    heights.push(img.getBoundingClientRect().bottom - box.getBoundingClientRect().top);
    window.looking = requestAnimationFrame(look); };
  look(); }"""


@pytest.fixture(scope="session")
def page(open_notebook: Callable[[str], Notebook]) -> Notebook:
    """The notebook with all explorers, run."""
    notebook = open_notebook("explorers.ipynb")
    notebook.problems.clear()  # what JupyterLab itself complains about while it starts
    assert notebook.run_all() == []
    notebook.page.locator(".linclf-explorer img").nth(len(EXPLORERS) - 1).wait_for()
    return notebook


@pytest.fixture(scope="session", params=EXPLORERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def own(name: str) -> Explorer[Any, Any]:
    """The same explorer in this process: what the screen has to show."""
    return getattr(widgets, name)()


def expected(own: Explorer[Any, Any]) -> bytes:
    return bytes(own.live.image.value)


def follow(own: Explorer[Any, Any], moved: str, handle: Any) -> None:
    """Set our own slider to the position whose value the screen shows."""
    control = own.controls[moved]
    shown = float(readout_of(handle).inner_text().replace("−", "-"))
    if hasattr(control, "base"):
        exponents = control.min + control.step * np.arange(round((control.max - control.min) / control.step) + 1)
        control.value = float(control.base ** exponents[np.abs(exponents - np.log10(shown)).argmin()])
    else:
        control.value = type(control.value)(shown)


def readout_of(handle: Any) -> Any:
    """The number beside a slider."""
    return handle.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')]").locator(".widget-readout")


def test_opens_with_its_first_picture(page: Notebook, name: str, own: Explorer[Any, Any]) -> None:
    own.reset.click()
    page.explorer(name).wait_for(expected(own))


def test_moves_by_keyboard(page: Notebook, name: str, own: Explorer[Any, Any]) -> None:
    on_screen, (moved, label) = page.explorer(name), MOVED[name]
    handle = on_screen.slider(label)
    handle.focus()
    before, first = readout_of(handle).inner_text(), on_screen.png()
    page.page.keyboard.press("ArrowLeft")
    expect(readout_of(handle)).not_to_have_text(before)
    follow(own, moved, handle)
    assert expected(own) != first
    on_screen.wait_for(expected(own))
    page.page.keyboard.press("ArrowRight")
    own.reset.click()
    on_screen.wait_for(expected(own))


def test_drag_ends_on_the_last_state_and_nothing_jumps(page: Notebook, name: str, own: Explorer[Any, Any]) -> None:
    on_screen, (moved, label) = page.explorer(name), MOVED[name]
    handle = on_screen.slider(label)
    handle.scroll_into_view_if_needed()
    on_screen.box.evaluate(WATCH)
    place = handle.bounding_box()
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
    y = place["y"] + place["height"] / 2
    page.page.mouse.move(place["x"] + place["width"] / 2, y)
    page.page.mouse.down()
    page.page.mouse.move(track["x"] + 0.1 * track["width"], y, steps=10)
    page.page.mouse.move(track["x"] + 0.7 * track["width"], y, steps=12)
    page.page.mouse.up()
    follow(own, moved, handle)
    page.settle()
    heights = page.page.evaluate("() => { cancelAnimationFrame(looking); return heights; }")
    assert max(heights) - min(heights) <= 1
    assert min(heights) > 300
    on_screen.wait_for(expected(own))


def test_no_frame_of_a_drag_is_blank(page: Notebook) -> None:
    """What the browser really painted, frame by frame: the old picture stays until the new one is decoded."""
    on_screen = page.explorer("LearningRateExplorer")
    handle, frames = on_screen.slider("learning rate η"), []
    handle.scroll_into_view_if_needed()
    place, picture = handle.bounding_box(), on_screen.box.locator("img").bounding_box()
    recorder = page.page.context.new_cdp_session(page.page)

    def keep(event: dict[str, Any]) -> None:
        frames.append(Image.open(io.BytesIO(base64.b64decode(event["data"]))))
        recorder.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    recorder.on("Page.screencastFrame", keep)
    recorder.send("Page.startScreencast", {"format": "png"})
    y = place["y"] + place["height"] / 2
    page.page.mouse.move(place["x"] + place["width"] / 2, y)
    page.page.mouse.down()
    for step in range(1, 500):  # to and fro, until enough has been painted: a busy machine paints rarely
        page.page.mouse.move(place["x"] + 8 * min(step % 50, 50 - step % 50), y)
        page.page.wait_for_timeout(20)
        if step >= 25 and len(frames) > 5:
            break
    page.page.mouse.up()
    page.settle()
    recorder.send("Page.stopScreencast")
    assert len(frames) > 5
    for frame in frames:
        x, y = picture["x"] + 0.4 * picture["width"], picture["y"]  # the decision regions, where those are to be seen
        part = frame.convert("L").crop((int(x), int(y), int(x + 0.3 * picture["width"]), int(y + 200)))
        assert np.asarray(part).std() > 10
    on_screen.box.get_by_role("button", name="Reset").click()


def test_values_stand_beside_the_picture(page: Notebook, name: str, own: Explorer[Any, Any]) -> None:
    on_screen = page.explorer(name)
    page.settle()
    shown = on_screen.box.locator(".linclf-readout .widget-html-content")
    assert shown.get_attribute("role") == "status"
    compact = "".join(own.text().split())
    assert "".join(shown.inner_text().split()) == compact
    assert "".join((on_screen.box.locator("img").get_attribute("alt") or "").split()).endswith(compact)


def test_reset_by_keyboard(page: Notebook, name: str, own: Explorer[Any, Any]) -> None:
    on_screen = page.explorer(name)
    on_screen.box.get_by_role("button", name="Reset").focus()
    page.page.keyboard.press("Enter")
    own.reset.click()
    on_screen.wait_for(expected(own))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accessible(page: Notebook, name: str, dark: bool) -> None:
    """Axe-core finds nothing serious in what we add; every slider has a name and says its value as it is shown."""
    from axe_playwright_python.sync_playwright import Axe

    page.dark(dark)
    on_screen = page.explorer(name)
    on_screen.box.evaluate("box => box.setAttribute('data-examined', '')")
    try:
        found = Axe().run(page.page, context="[data-examined]").response["violations"]
    finally:
        on_screen.box.evaluate("box => box.removeAttribute('data-examined')")
        page.dark(False)
    serious = [
        (fault["id"], [node["html"] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []
    for handle in on_screen.box.get_by_role("slider").all():
        assert handle.get_attribute("aria-label")
        assert handle.get_attribute("aria-valuetext") == readout_of(handle).inner_text()


def test_play_moves_the_steps(page: Notebook) -> None:
    on_screen = page.explorer("LearningRateExplorer")
    handle = on_screen.slider("steps")
    handle.focus()
    page.page.keyboard.press("Home")
    on_screen.box.get_by_role("button", name="Play").click()
    page.page.wait_for_function("h => Number(h.getAttribute('aria-valuenow')) >= 3", arg=handle.element_handle())
    on_screen.box.get_by_role("button", name="Pause").click()
    own = widgets.LearningRateExplorer()
    page.settle()
    own.controls["steps"].value = int(float(handle.get_attribute("aria-valuenow") or ""))
    on_screen.wait_for(expected(own))
    on_screen.box.get_by_role("button", name="Reset").click()


def test_chain_rule_by_buttons(page: Notebook) -> None:
    on_screen, own = page.explorer("ChainRuleExplorer"), widgets.ChainRuleExplorer()
    on_screen.box.get_by_role("button", name="Next").focus()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Space")
    own.forward.click()
    own.forward.click()
    on_screen.wait_for(expected(own))
    on_screen.box.get_by_role("button", name="Reset").click()


def test_draw_a_digit(page: Notebook) -> None:
    on_screen, own = page.explorer("DigitsExplorer"), widgets.DigitsExplorer()
    on_screen.box.get_by_role("button", name="row 2, column 4").click()
    on_screen.box.get_by_role("button", name="row 3, column 4").focus()
    page.page.keyboard.press("Space")
    own.pad.pixels[8 * 1 + 3].value = True
    own.pad.pixels[8 * 2 + 3].value = True
    on_screen.wait_for(expected(own))
    on_screen.box.get_by_role("button", name="Reset").click()


def test_answers_at_once(page: Notebook) -> None:
    """A loose bound that a busy machine keeps, too; `make bench-widgets` measures."""
    on_screen = page.explorer("LearningRateExplorer")
    on_screen.slider("learning rate η").focus()
    times = []
    for _ in range(10):
        page.page.evaluate("""() => {
            const img = document.activeElement.closest('.linclf-explorer').querySelector('img');
            window.changed = new Promise(done => { let start;
              document.addEventListener('keydown', e => start = e.timeStamp, {capture: true, once: true});
              img.addEventListener('load', () => done(performance.now() - start), {once: true}); }); }""")
        page.page.keyboard.press("ArrowRight")
        times.append(page.page.evaluate("() => changed"))
    print(f"key to picture: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
    assert statistics.median(times) < 1000
    on_screen.box.get_by_role("button", name="Reset").click()


def test_no_errors_on_the_console(page: Notebook) -> None:
    assert page.problems == []


def test_a_second_display_works(open_notebook: Callable[[str], Notebook], page: Notebook) -> None:
    """Two views of one explorer show the same."""
    page.page.evaluate("""async () => { const w = jupyterapp.shell.currentWidget;
        w.content.activeCellIndex = w.content.widgets.length - 1;
        await jupyterapp.commands.execute('notebook:insert-cell-below');
        w.content.activeCell.model.sharedModel.setSource(
            'one = widgets.JacobianExplorer()\\ndisplay(one)\\ndisplay(one)');
        await jupyterapp.commands.execute('notebook:run-cell'); }""")
    boxes = page.page.locator(".linclf-explorer")
    boxes.nth(len(EXPLORERS) + 1).wait_for()
    one, other = (type(page.explorer(EXPLORERS[0]))(page, boxes.nth(len(EXPLORERS) + k)) for k in (0, 1))
    one.slider("score z₁").focus()
    page.page.keyboard.press("Home")
    own = widgets.JacobianExplorer()
    own.controls["z1"].value = -6.0
    one.wait_for(expected(own))
    other.wait_for(expected(own))


def test_shows_its_picture_without_being_run(open_notebook: Callable[[str], Notebook]) -> None:
    notebook = open_notebook("07_learning_rate.ipynb")
    cell = notebook.page.locator(".jp-CodeCell", has_text="LearningRateExplorer()").first
    picture = cell.locator(".jp-OutputArea img")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") == 1350
    assert abs(picture.bounding_box()["width"] - 900) < 60
    assert "model not found" not in cell.inner_text()


def test_running_a_cell_again_keeps_nothing_of_the_old_explorer(
    lab: Lab, open_notebook: Callable[[str], Notebook]
) -> None:
    """The kernel's display hook keeps every result of a cell (Out), so what is closed must let go of its pictures."""
    count = "import ipywidgets, resource\nprint(len(ipywidgets.widgets.widget._instances), resource.getrusage(0)[2])"
    sources = ("from linclf_helpers.widgets import SoftmaxExplorer", "SoftmaxExplorer()", count)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    file = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(file, lab.root / "again.ipynb")
    notebook = open_notebook("again.ipynb")

    def run() -> list[int]:
        assert notebook.run_all() == []
        return [int(number) for number in notebook.page.locator(".jp-OutputArea-output pre").last.inner_text().split()]

    for _ in range(3):
        widgets_before, memory_before = run()
    for _ in range(12):
        widgets_after, memory_after = run()
    assert widgets_after == widgets_before
    assert (memory_after - memory_before) / 1024 < 40  # MB; without close(), 110 to 190
    expect(notebook.page.locator(".linclf-explorer")).to_have_count(1)
    handle = OnScreen(notebook, notebook.page.locator(".linclf-explorer")).slider("score z₁")
    before = readout_of(handle).inner_text()
    handle.press("ArrowRight")
    expect(readout_of(handle)).not_to_have_text(before)
    own = widgets.SoftmaxExplorer()
    follow(own, "z1", handle)
    OnScreen(notebook, notebook.page.locator(".linclf-explorer")).wait_for(expected(own))
