// Gives every control of an explorer a name that a screen reader can say, its value in words, and the picture a text.
(() => {
  if (window.linclfAccessible) return;
  window.linclfAccessible = true;
  const set = (element, name, value) => {
    if (element && value && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const words = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");
  const play = { play: "Play", pause: "Pause", stop: "Stop and go back to the first step", repeat: "Repeat", retweet: "Repeat" };
  const name = (explorer) => {
    for (const handle of explorer.querySelectorAll(".noUi-handle")) {
      const row = handle.closest(".widget-inline-hbox");
      set(handle, "aria-label", words(row.querySelector("label, .widget-label")));
      set(handle, "aria-valuetext", words(row.querySelector(".widget-readout")));
      set(row.querySelector(".widget-readout"), "aria-label", "Value of " + words(row.querySelector("label, .widget-label")));
    }
    for (const button of explorer.querySelectorAll(".widget-play button")) {
      const icon = button.querySelector("i, span")?.className.match(/fa-(\w+)/);
      set(button, "aria-label", icon && play[icon[1]]);
    }
    for (const pixel of explorer.querySelectorAll(".linclf-pad button")) {
      set(pixel, "aria-label", pixel.title);
      set(pixel, "aria-pressed", String(pixel.classList.contains("mod-active")));
    }
    const readout = explorer.querySelector(".linclf-readout .widget-html-content");
    set(readout, "role", "status");
    for (const picture of explorer.querySelectorAll("img")) set(picture, "alt", "Picture of this: " + words(readout));
  };
  const known = new WeakSet();
  const find = () => {
    for (const explorer of document.querySelectorAll(".linclf-explorer")) {
      if (known.has(explorer)) continue;
      known.add(explorer);
      name(explorer);
      new MutationObserver(() => name(explorer)).observe(explorer, {
        subtree: true, childList: true, characterData: true, attributeFilter: ["aria-valuetext", "class"],
      });
    }
  };
  let waiting = 0;
  new MutationObserver(() => {
    if (!waiting) waiting = setTimeout(() => { waiting = 0; find(); }, 100);
  }).observe(document.body, { subtree: true, childList: true });
  find();
})();
