// What the page does without asking the server: the link in the address bar, copying it, and the key R.
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

  // The address bar follows what is shown: the tab's element with `data-query` says how.
  function showLink() {
    const shown = [...document.querySelectorAll("[data-query]")].find(seen);
    if (!shown) return;
    const search = searchOf(shown.dataset.query);
    window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash);
    // A Space is shown in a frame; this is how it asks for the address bar around it.
    if (window.parent !== window) window.parent.postMessage({queryString: search, hash: ""}, "https://huggingface.co");
  }

  async function copyLink(button) {
    try {
      await navigator.clipboard.writeText(window.location.href);
    } catch {
      // Browsers keep the clipboard from pages without https, such as one in the home network.
      const text = Object.assign(document.createElement("textarea"), {value: window.location.href});
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
  const OPENS = "<facegan:recipe>", ENDS = "</facegan:recipe>";  // facegan/stamp.py

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

  window.facegan = {showLink, press, openPictures, follow};
})();
