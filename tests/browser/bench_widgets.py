"""How long the explorers take, in real JupyterLab: `make bench-widgets`. Prints a table, asserts nothing.

From the key event to the frame after the new picture is ready, in milliseconds; beside the explorers the usual
`@interact` with `plt.show()`, and a version that lives wholly in the browser, in the same run.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import nbformat
import numpy as np
import pytest

from linclf_helpers import widgets
from linclf_helpers.datasets import load_penguins
from linclf_helpers.sweeps import sweep_runs

from .conftest import EXPLORERS, Notebook, OnScreen, write_explorers
from .test_explorers import MOVED

KEYS = 40
DRAGS = 5

NAIVE = """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import interact, FloatLogSlider
from linclf_helpers.datasets import load_penguins
from linclf_helpers.sweeps import sweep_runs
from linclf_helpers.plots import decision_regions, loss_curve
data = load_penguins().standardize()
runs = sweep_runs(data.X, data.labels, 10 ** np.linspace(-4, 2, 101), 200)

@interact(rate=FloatLogSlider(value=0.1, base=10, min=-4, max=2, step=0.06, description="naive"))
def show(rate):
    r = int(round((np.log10(rate) + 4) / 0.06))
    W, b = runs.W_path[r, 100], runs.b_path[r, 100]
    fig, axes = plt.subplots(1, 2, figsize=(9, 4))
    loss_curve(axes[0], runs.losses[r])
    decision_regions(axes[1], lambda X: (X @ W + b).argmax(axis=1), data)
    plt.show()
"""

IN_BROWSER = """
<div class="in-browser"><label>in the browser <input type="range" min="0" max="100" value="50"></label>
<canvas width="900" height="400"></canvas><script type="application/json">DATA</script></div>
<script>(() => { const box = document.querySelector('.in-browser'), [slider, canvas] = box.querySelectorAll('input, canvas');
const data = JSON.parse(box.querySelector('[type="application/json"]').textContent), c = canvas.getContext('2d');
const tints = [[238, 223, 190], [203, 209, 221], [240, 210, 222]], solid = ['#BE8A00', '#2F4B7C', '#D45087'];
const draw = () => { const r = +slider.value, W = data.W[r], b = data.b[r];
  c.clearRect(0, 0, 900, 400); c.beginPath();
  data.losses[r].forEach((l, t) => c.lineTo(20 + 2 * t, 380 - 150 * Math.min(l, 2.4))); c.stroke();
  const image = c.createImageData(400, 380);
  for (let j = 0; j < 380; j++) for (let i = 0; i < 400; i++) { const x = i / 80 - 2.5, y = 2.5 - j / 76; let best = 0, top = -1e9;
    for (let k = 0; k < 3; k++) { const z = W[0][k] * x + W[1][k] * y + b[k]; if (z > top) { top = z; best = k; } }
    image.data.set([...tints[best], 255], 4 * (400 * j + i)); }
  c.putImageData(image, 480, 10);
  data.X.forEach(([x, y], n) => { c.fillStyle = solid[data.labels[n]]; c.fillRect(477 + 80 * (x + 2.5), 7 + 76 * (2.5 - y), 6, 6); });
  canvas.dispatchEvent(new Event('drawn')); };
// JupyterLab keeps the arrow keys of a plain range for itself, so they are handled here
slider.addEventListener('input', draw); slider.addEventListener('keydown', e => {
  const by = {ArrowRight: 1, ArrowLeft: -1, Home: -100}[e.key];
  if (by) { slider.value = +slider.value + by; e.preventDefault(); e.stopPropagation(); draw(); } }); draw(); })()</script>
"""  # noqa: E501

# The promise is of the time from the next key to the frame after the picture changed. `@interact` makes a new image.
ARM = {
    "image": """(box) => { const img = box.querySelector('img'); window.latency = new Promise(done => { let start;
        document.addEventListener('keydown', e => start = e.timeStamp, {capture: true, once: true});
        img.addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(t => done(t - start))),
            {once: true}); }); }""",
    "new image": """(box) => { window.latency = new Promise(done => { let start;
        document.addEventListener('keydown', e => start = e.timeStamp, {capture: true, once: true});
        const old = box.querySelector('.jp-OutputArea img'), watch = new MutationObserver(async () => {
            const img = box.querySelector('.jp-OutputArea img'); if (!img || img === old || !img.src) return;
            watch.disconnect(); await img.decode();
            requestAnimationFrame(() => requestAnimationFrame(t => done(t - start))); });
        watch.observe(box, {subtree: true, childList: true}); }); }""",
    "canvas": """(box) => { window.latency = new Promise(done => { let start;
        document.addEventListener('keydown', e => start = e.timeStamp, {capture: true, once: true});
        box.querySelector('canvas').addEventListener('drawn',
            () => requestAnimationFrame(() => requestAnimationFrame(t => done(t - start))), {once: true}); }); }""",
}
WATCH_DRAG = """(box) => { window.last = 0; window.up = 0; const now = () => { last = performance.now(); };
    document.addEventListener('pointerup', e => up = e.timeStamp, {capture: true, once: true});
    document.addEventListener('mouseup', e => up = e.timeStamp, {capture: true, once: true});
    box.querySelectorAll('img').forEach(img => img.addEventListener('load', now));
    new MutationObserver(now).observe(box.querySelector('.jp-OutputArea') || box, {subtree: true, childList: true});
    box.querySelectorAll('canvas').forEach(canvas => canvas.addEventListener('drawn', now)); }"""


def test_latency_table(lab: Any, open_notebook: Callable[[str], Notebook]) -> None:
    write_bench(lab)
    notebook = open_notebook("bench.ipynb")
    assert notebook.run_all() == []
    cells = notebook.page.locator(".jp-CodeCell")
    rows = [
        ("@interact + plt.show", cells.nth(len(EXPLORERS) + 1), "new image", None),
        ("in the browser only", cells.nth(len(EXPLORERS) + 2), "canvas", None),
        *((name, notebook.explorer(name).box, "image", getattr(widgets, name)()) for name in EXPLORERS),
    ]
    print(f"\nload {' '.join(f'{load:.1f}' for load in os.getloadavg())} before")
    print(f"{'':24} median   p95  drag | compute  draw  encode  transfer and display   kB")
    medians = {}
    for name, box, kind, own in rows:
        handle = OnScreen(notebook, box).slider(MOVED[name][1]) if own else box.locator("[role=slider], input").first
        times = keys(notebook, box, handle, kind)
        settle = drags(notebook, box, handle)
        medians[name] = statistics.median(times)
        p95 = sorted(times)[int(0.95 * len(times))]
        split = parts(own, MOVED[name][0], medians[name]) if own else ""
        print(f"{name:24} {medians[name]:6.0f} {p95:5.0f} {settle:5.0f} | {split}", flush=True)
    share = medians["LearningRateExplorer"] / medians["@interact + plt.show"]
    print(f"LearningRateExplorer takes {share:.2f} of @interact; load {os.getloadavg()[0]:.1f} after")


def write_bench(lab: Any) -> None:
    """Write the notebook of the explorers, and the two others."""
    write_explorers(lab.root)
    notebook = nbformat.read(lab.root / "explorers.ipynb", as_version=4)
    data = load_penguins().standardize()
    runs = sweep_runs(data.X, data.labels, 10 ** np.linspace(-4, 2, 101), 200)
    table = {
        "losses": runs.losses.round(4).tolist(),
        "W": runs.W_path[:, 100].round(4).tolist(),
        "b": runs.b_path[:, 100].round(4).tolist(),
        "X": data.X.round(3).tolist(),
        "labels": data.labels.tolist(),
    }
    page = IN_BROWSER.replace("DATA", json.dumps(table))
    show = f"from IPython.display import HTML\nHTML({page!r})"
    notebook.cells += [nbformat.v4.new_code_cell(NAIVE), nbformat.v4.new_code_cell(show)]
    nbformat.write(notebook, lab.root / "bench.ipynb")


def keys(notebook: Notebook, box: Any, handle: Any, kind: str) -> list[float]:
    """Press an arrow key again and again, each time waiting for the picture."""
    handle.scroll_into_view_if_needed()
    handle.focus()
    notebook.page.keyboard.press("Home")
    notebook.settle()
    notebook.page.wait_for_timeout(500)
    times = []
    for n in range(KEYS + 3):
        box.evaluate(ARM[kind])
        notebook.page.keyboard.press(
            "ArrowRight" if n // 6 % 2 == 0 else "ArrowLeft"
        )  # the shortest slider has 8 steps
        times.append(
            notebook.page.evaluate("() => Promise.race([latency, new Promise(r => setTimeout(r, 4000, null))])")
        )
    return [t for t in times[3:] if t is not None]  # the first three warm up; None: an end of the slider


def drags(notebook: Notebook, box: Any, handle: Any) -> float:
    """Return how long after a fast drag the last picture comes; median of several, 0 if it was there at once."""
    times = []
    box.evaluate(WATCH_DRAG)
    for k in range(DRAGS):
        place = handle.bounding_box()
        y = place["y"] + place["height"] / 2
        x = place["x"] + place["width"] / 2 if place["width"] < 60 else place["x"] + 5
        box.evaluate("""() => { last = up = 0; for (const kind of ['pointerup', 'mouseup'])
            document.addEventListener(kind, e => up = e.timeStamp, {capture: true, once: true}); }""")
        notebook.page.mouse.move(x, y)
        notebook.page.mouse.down()
        for step in range(15):
            notebook.page.mouse.move(x + (1 if k % 2 == 0 else -1) * 6 * step, y)
        notebook.page.mouse.up()
        notebook.settle()
        notebook.page.wait_for_timeout(700)
        times.append(max(0.0, notebook.page.evaluate("() => last - up")))
    return statistics.median(times)


def parts(own: Any, moved: str, total: float) -> str:
    """Return what a move costs in this process, part by part; the rest is transfer and display."""
    control = own.controls[moved]
    first, last = (control.min, control.max)
    values = np.linspace(first, last, 21)
    costs: list[tuple[float, float, float]] = []
    for value in values:
        control.value = control.base**value if hasattr(control, "base") else type(control.value)(value)
        state = own.state()
        t0 = time.perf_counter()
        result = own.compute(state)
        t1 = time.perf_counter()
        own.draw(own.artists, result)
        pixels = own.live.pixels()
        t2 = time.perf_counter()
        size = len(own.live.encode(pixels))
        costs.append((t1 - t0, t2 - t1, time.perf_counter() - t2))
    compute, draw, encode = (1000 * statistics.median(part) for part in zip(*costs, strict=True))
    return f"{compute:7.1f} {draw:5.1f} {encode:7.1f} {total - compute - draw - encode:21.1f} {size / 1000:4.0f}"


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q", "-s", "--no-cov"]))
