// What jupyterlab-deck needs for a lesson, as a JupyterLab extension small enough to need no build: the file is its
// own module federation container. It runs each notebook once when it is opened, so that the explorers are alive;
// moves on with the keys of a presenter's remote too; and makes each slide as large as the screen allows.
(window._JUPYTERLAB ??= {})["linclf-present"] = {
  init() {},
  async get() {
    return () => ({ __esModule: true, default: { id: "linclf-present:plugin", autoStart: true, activate } });
  },
};

const NEXT = { direction: "down", alternate: "forward" };
const BACK = { direction: "up", alternate: "back" };
const KEYS = { " ": NEXT, ArrowRight: NEXT, ArrowDown: NEXT, PageDown: NEXT, ArrowLeft: BACK, ArrowUp: BACK, PageUp: BACK };
const OWN_KEYS = "input, textarea, select, button, [contenteditable=true], [role=slider], [role=listbox]";

// Letters in pixels and pictures as a factor, the largest first. A notebook at 125 % has letters of 17.5 pixels.
const SIZES = [[24, 1.25], [22, 1.25], [20, 1.25], [17.5, 1.25], [17.5, 1.2], [17.5, 1.15], [17.5, 1.1], [17.5, 1.05], [17.5, 1]];

const STYLE = `
[data-jp-deck-mode="presenting"] {
  --jp-content-font-size1: var(--linclf-letters);
  --jp-code-font-size: max(17.5px, 0.84 * var(--linclf-letters));
  --jp-ui-font-size1: 17.5px;
  --jp-private-sidebar-tab-width: 0px;

  .jp-SideBar, .jp-Collapser, .jp-Deck-DesignTools, .jp-linclf-hide-input > .jp-Cell-inputWrapper { display: none; }
  .jp-Deck-Remote:not(:hover) { opacity: 0.3; }
  .jp-Deck.jp-NotebookPanel { place-content: flex-start; border: 0; background: var(--jp-layout-color0); }
  .jp-Deck .jp-Notebook { box-sizing: border-box; width: 1280px; max-width: 100vw; margin: 0 auto; padding: 24px 20px 0; }
  .jp-Deck .jp-RenderedMarkdown > :is(p, ul, ol, details) { max-width: 56em; }
  .jp-Deck .jp-CodeCell + .jp-deck-mod-onscreen { padding-top: 8px; }
  .jp-Deck .jp-OutputArea-output pre { white-space: var(--linclf-lines); word-break: normal; overflow-wrap: anywhere; }
  .jp-Deck .jp-RenderedHTMLCommon table { font-size: max(17.5px, 0.84 * var(--linclf-letters)); }
  .jp-Deck :is(.jp-RenderedImage img, .linclf-explorer) { zoom: var(--linclf-pictures); }
  .jp-Deck .linclf-explorer {
    --jp-widgets-font-size: calc(17.5px / var(--linclf-pictures));
    .widget-dropdown, .widget-label, button:not(.linclf-pad button) { width: auto !important; max-width: none; }
    &:has(.linclf-pad) { display: grid; grid-template-columns: 900px 240px; }
    &:has(.linclf-pad) > :is(.linclf-controls, .linclf-readout) { grid-column: 1 / 3; }
    .widget-hbox:has(> .linclf-pad) { grid-area: 2 / 2; flex-direction: column; padding-left: 8px; }
    .linclf-pad .widget-label { white-space: normal; height: auto; line-height: 1.2; }
  }
}
`;

let fitted = null; // the first cell of the slide whose size was chosen last

function fit(panel) {
  const notebook = panel.content.node;
  const cells = [...notebook.querySelectorAll(".jp-deck-mod-onscreen")];
  const fits = () => {
    const top = notebook.getBoundingClientRect().top - notebook.scrollTop;
    const bottom = Math.max(...cells.map((cell) => cell.getBoundingClientRect().bottom));
    const boxes = ":is(.cm-scroller, .jp-OutputArea-output, .jp-OutputArea-output pre, .linclf-explorer)";
    const cut = [...notebook.querySelectorAll(`.jp-deck-mod-onscreen ${boxes}`)]
      .some((element) => element.scrollWidth > element.clientWidth + 1);
    return bottom - top + 16 <= window.innerHeight && !cut;
  };
  if (cells[0] === fitted && fits()) return; // no letter changes while a slide fills
  fitted = cells[0];
  const style = document.body.style;
  style.setProperty("--linclf-lines", "pre");
  for (const [letters, pictures] of SIZES) {
    style.setProperty("--linclf-letters", `${letters}px`);
    style.setProperty("--linclf-pictures", pictures);
    if (fits()) return;
  }
  style.setProperty("--linclf-lines", "pre-wrap"); // printed in class: longer than any line of the course
}

function activate(app) {
  const style = document.createElement("style");
  style.textContent = STYLE;
  document.head.append(style);
  const presenting = () => document.body.dataset.jpDeckMode === "presenting";
  const refit = () => requestAnimationFrame(() => {
    const panel = app.shell.currentWidget;
    if (presenting() && panel?.content?.widgets) fit(panel);
  });
  const anew = () => { fitted = null; refit(); };
  window.addEventListener("resize", anew);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.shiftKey && event.target.closest(".jp-Notebook") && presenting()) {
      event.preventDefault();
      event.stopPropagation();
      app.commands.execute("notebook:run-cell"); // and stay, to see what comes out
      return;
    }
    const go = KEYS[event.key];
    const own = event.target.closest(event.key.startsWith("Page") ? "[contenteditable=true]" : OWN_KEYS);
    if (!go || own || event.ctrlKey || event.altKey || event.metaKey || !presenting()) return;
    event.preventDefault();
    event.stopPropagation();
    app.commands.execute("deck:go", event.shiftKey ? BACK : go);
  }, true);

  const seen = new WeakSet();
  const growing = new ResizeObserver(refit); // an answer was opened, or code run
  app.shell.currentChanged.connect(async (_, { newValue: panel }) => {
    refit();
    if (!panel?.sessionContext || !panel.content?.widgets || seen.has(panel)) return;
    seen.add(panel);
    panel.content.activeCellChanged.connect(refit);
    growing.observe(panel.content.node.querySelector(".jp-WindowedPanel-viewport"));
    await panel.context.ready;
    for (const cell of panel.content.widgets) {
      if (cell.model.getMetadata("tags")?.includes("hide-input")) cell.addClass("jp-linclf-hide-input");
    }
    await panel.sessionContext.ready;
    await app.commands.execute("notebook:run-all-cells");
    panel.content.activeCellIndex = 0;
    panel.addClass("jp-linclf-ran");
    anew();
  });
}
