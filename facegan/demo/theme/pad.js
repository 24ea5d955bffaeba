// The pad of the tab Sliders: a square on which two sliders are moved at once. It has no values of its own: it moves the
// sliders, like a visitor, and shows their values.
(() => {
  const STEP = 0.05, LARGE_STEP = 0.25;

  function showPad(element) {
    const details = element.querySelector("details"), square = element.querySelector("[role=slider]");
    const axes = [...element.querySelectorAll("[data-axis]")], figure = element.querySelector("figure");
    const status = element.querySelector("[role=status]"), {kept, keep, keyOf, fetchFilm} = window.facegan;
    const names = () => axes.map((axis) => axis.value);
    const labels = () => axes.map((axis) => axis.selectedOptions[0].textContent);
    const track = (name) => document.querySelector(`#slider-${name} [type=range]`);
    const values = () => names().map((name) => Number(track(name)?.value ?? 0));
    let chosen, drawn;

    // Both are set before either fires its event, so that no face is drawn in between.
    function move(to) {
      const changed = names().map((name, i) => [track(name), Math.min(Math.max(Math.round(to[i] / STEP) * STEP, -1), 1).toFixed(2)])
        .filter(([range, value]) => range && Number(range.value) !== Number(value));
      changed.forEach(([range, value]) => (range.value = value));
      changed.forEach(([range]) => range.dispatchEvent(new Event("input", {bubbles: true})));
      show();
    }

    function show() {
      const [x, y] = values(), [across, up] = labels(), knob = square.firstElementChild;
      knob.style.left = `${50 + 50 * x}%`;
      knob.style.top = `${50 - 50 * y}%`;
      square.dataset.across = `${across} →`;
      square.dataset.up = `↑ ${up}`;
      square.setAttribute("aria-label", `${across} across, ${up} up`);
      square.setAttribute("aria-valuenow", x);
      square.setAttribute("aria-valuetext", `${across} ${x}, ${up} ${y}`);
    }

    // ---- Mouse and touch
    const at = ({clientX, clientY}) => {
      const box = square.getBoundingClientRect();
      return [2 * (clientX - box.left) / box.width - 1, 1 - 2 * (clientY - box.top) / box.height];
    };
    square.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      square.focus({preventScroll: true});
      square.setPointerCapture(event.pointerId);
      move(at(event));
    });
    square.addEventListener("pointermove", (event) => square.hasPointerCapture(event.pointerId) && move(at(event)));

    // ---- Keyboard
    const DIRECTIONS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
    square.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const direction = DIRECTIONS[event.key], [x, y] = values(), distance = event.shiftKey ? LARGE_STEP : STEP;
      if (!direction && event.key !== "Home") return;
      event.preventDefault();
      move(direction ? [x + direction[0] * distance, y + direction[1] * distance] : [0, 0]);
    });

    // ---- Which two
    function choose() {
      if (axes[0].value === axes[1].value) axes.forEach((axis, i) => (axis.value = chosen[1 - i]));  // they change places
      chosen = names();
      keep(keyOf("pad"), chosen);
      forget();
      show();
    }
    axes.forEach((axis) => axis.addEventListener("change", choose));
    const known = [...axes[0].options].map(({value}) => value), [across, up] = kept(keyOf("pad"));
    if (across !== up && known.includes(across) && known.includes(up)) [axes[0].value, axes[1].value] = [across, up];
    chosen = names();

    // ---- The grid of both. It is of the face without the two, and goes when that is another one.
    const query = () => document.querySelector("#face-after [data-query]")?.dataset.query ?? "";
    function rest() {
      const state = new URLSearchParams(query());
      names().forEach((name) => state.delete(name));
      return String(state);
    }
    function forget() {
      if (!figure.hidden) URL.revokeObjectURL(figure.querySelector("img").src);
      figure.hidden = true;
    }
    element.querySelector("[data-grid]").addEventListener("click", async ({target}) => {
      const [across, up] = names(), titles = labels(), of = rest();
      target.disabled = true;
      status.textContent = "Drawing the faces …";
      try {
        const search = new URLSearchParams(of);
        [["across", across], ["up", up], ["tab", "sliders"]].forEach(([name, value]) => search.set(name, value));
        const picture = await fetchFilm(`grid?${search}`, (sentence) => (status.textContent = sentence));
        forget();
        drawn = of;
        figure.querySelector("img").src = URL.createObjectURL(picture);
        figure.querySelector("img").alt = `25 AI-generated faces: ${titles[0]} across, ${titles[1]} up`;
        figure.querySelector("[data-save]").dataset.save = `${across}-${up}.png`;
        figure.hidden = false;
        status.textContent = "";
      } catch (error) {
        status.textContent = window.facegan.trouble(error);
      }
      target.disabled = false;
    });

    document.addEventListener("input", ({target}) => target.closest("[id^=slider-]") && setTimeout(show));
    document.addEventListener("fg-shown", () => {
      show();
      if (!figure.hidden && rest() !== drawn) forget();
    });
    details.addEventListener("toggle", show);
    show();
  }

  Object.assign(window.facegan, {showPad});
})();
