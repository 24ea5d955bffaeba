// What the page does without asking the server: the link in the address bar, copying it, the key R, and keeping what is
// shown and what is set the same.
(() => {
  const seen = (element) => element.offsetParent !== null;
  // What the tabs write into links (facegan/demo/state.py); anything else, such as __theme, stays as it is.
  const ours = new Set(["seed", "truncation", "count", "first", "seeds", "frames", "loop", "position", "lock"]);

  // The address bar's part from the question mark on, for a state: what is not ours in it stays.
  function searchOf(state) {
    new URLSearchParams(state).forEach((_, name) => ours.add(name));  // the sliders' names are the model's
    const query = new URLSearchParams(window.location.search);
    ours.forEach((name) => query.delete(name));
    const rest = query.toString();
    return "?" + state + (rest ? "&" + rest : "");
  }

  // The link's part from the question mark on, of what is shown: the tab's element with `data-query` says it.
  function shownSearch() {
    const shown = [...document.querySelectorAll("[data-query]")].find(seen);
    return shown ? searchOf(shown.dataset.query) : window.location.search;
  }

  // The address bar follows what is shown. Safari refuses more than a hundred changes in thirty seconds, so a slider
  // that is dragged changes it thrice a second.
  let told = 0, telling;
  function showLink() {
    clearTimeout(telling);
    const wait = told + 350 - Date.now();
    if (wait > 0) {
      telling = setTimeout(showLink, wait);
      return;
    }
    told = Date.now();
    const search = shownSearch();
    window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash);
    // A Space is shown in a frame; this is how it asks for the address bar around it.
    if (window.parent !== window) window.parent.postMessage({queryString: search, hash: ""}, "https://huggingface.co");
  }

  async function copyLink(button) {
    const link = new URL(shownSearch() + window.location.hash, window.location.href).href;
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // Browsers keep the clipboard from pages without https, such as one in the home network.
      const text = Object.assign(document.createElement("textarea"), {value: link});
      document.body.append(text);
      text.select();
      document.execCommand("copy");
      text.remove();
    }
    const label = button.textContent;
    if (label === "Copied") return;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 1500);
  }

  // Saves the picture that is shown, so that the server need not send it twice.
  function save(button) {
    const picture = button.closest("figure").querySelector("img");
    Object.assign(document.createElement("a"), {href: picture.src, download: button.dataset.save}).click();
  }

  document.addEventListener("click", ({target}) => {
    const button = target.closest("[data-copy-link], .fg-copy-link, [data-save]");
    if (!button) return;
    if (button.dataset.save) save(button);
    else copyLink(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "r" && event.key !== "R") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return;
    [...document.querySelectorAll(".fg-key-r")].find(seen)?.click();
  });

  // Until the page has opened nothing is there to act on, and the link's face would take the place of what was asked. A
  // page that could not open is of use by its buttons after a while.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#tabs") || document.querySelector("[data-query]") || performance.now() > 20_000) return;
    event.stopImmediatePropagation();
    event.preventDefault();
  }, true);

  // A number beside a slider is put right while it is typed: Gradio would send it as it is and put it right when the field
  // is left, without drawing what it then says.
  const NUMBER = "input[data-testid=number-input]";
  document.addEventListener("input", (event) => {
    const {target} = event;
    if (!target.matches(NUMBER)) return;
    if (target.value === "") event.stopImmediatePropagation();  // more is to come, such as what follows a minus
    else target.value = Math.min(Math.max(target.value, target.min), target.max);
  }, true);
  document.addEventListener("focusout", ({target}) => {
    if (target.matches(NUMBER) && target.value === "") target.value = target.closest(".block").querySelector("[type=range]").value;
  });

  const shownState = (selector) => new URLSearchParams(document.querySelector(`${selector} [data-query]`)?.dataset.query);

  // The seed for its field when that is left: an empty one, or one with a fraction, becomes that of the large face.
  function seedOr(seed) {
    return Number.isInteger(seed) ? seed : Number(shownState("#face").get("seed"));
  }

  // The face of the grid that is shown large is the pressed one.
  function markShown() {
    const seed = shownState("#face").get("seed");
    document.querySelectorAll("#faces [data-seed]").forEach((cell) =>
      cell.setAttribute("aria-pressed", cell.dataset.seed === seed));
  }

  // Calls `draw` when the edited face has settled on another state than the sliders, locks and seed that are set: moves
  // are drawn out of turn because that is faster, and a slower answer to something earlier may come after them.
  let settling;
  function settle(draw) {
    clearTimeout(settling);
    settling = setTimeout(() => {
      const state = shownState("#face-after"), locked = (state.get("lock") || "").split(",");
      const seed = document.querySelector("#seed input")?.value;
      const moved = [...document.querySelectorAll("[id^=slider-]")].some((slider) =>
        Number(slider.querySelector("input[type=range]").value) !== Number(state.get(slider.id.slice(7)) || 0));
      const held = [...document.querySelectorAll("[id^=lock-]")].some((lock) =>
        lock.querySelector("input").checked !== locked.includes(lock.id.slice(5)));
      if (moved || held || (seed && seed !== state.get("seed"))) draw();
    }, 300);
  }

  // Telephones start a film by themselves only where it is silent and stays in the page.
  document.addEventListener("loadstart", ({target}) => {
    if (target.tagName === "VIDEO") Object.assign(target, {muted: true, playsInline: true});
  }, true);

  // Presses a hidden download button once Gradio has given it its file.
  function press(id) {
    setTimeout(() => document.getElementById(id)?.click(), 100);
  }

  // Opens pictures made here, dropped anywhere or chosen in `element`. They are read here and stay on this device: the
  // server is sent the few letters of the recipe, which it checks like a link.
  const MOST_BYTES = 64e6;  // the longest morph has a tenth
  const OPENS = "<facegan:recipe>", ENDS = "</facegan:recipe>";  // facegan/base/stamp.py

  async function recipeOf(file) {
    if (file.size > MOST_BYTES) return {trouble: "large"};
    let text;
    try {
      text = new TextDecoder("latin1").decode(await file.arrayBuffer());
    } catch {
      return {trouble: "unreadable"};  // a folder, or a file that has gone
    }
    const start = text.indexOf(OPENS) + OPENS.length;
    return start < OPENS.length ? {} : {text: text.slice(start, Math.max(start, text.indexOf(ENDS, start))).slice(0, 5000)};
  }

  function openPictures(element, trigger) {
    const open = async (files) => files.length && trigger("select", await recipeOf(files[0]));
    const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (on) => document.body.classList.toggle("fg-dropping", on);
    element.addEventListener("change", ({target}) => {
      const files = [...target.files];
      target.value = "";  // so that the same picture can be chosen once more
      open(files);
    });
    document.addEventListener("dragover", (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      mark(true);
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
    document.addEventListener("drop", (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      mark(false);
      open(event.dataTransfer.files);
    });
  }

  // The state of a picture is that of its link.
  function follow(element) {
    const query = element.querySelector("[data-follow]")?.dataset.follow;
    if (query) window.location.search = searchOf(query);
  }

  window.facegan = {showLink, markShown, seedOr, settle, press, openPictures, follow};
})();
