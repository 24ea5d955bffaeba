// The faces that this visitor has seen: a strip in the browser's local storage, and Back, Forward and Ctrl+Z.
(() => {
  const MOST = 50, THUMBNAIL = 96, REST = 700, SAME = 1500;  // px; ms until a face counts as seen, and of one change
  const OPENING = 5000;  // ms from the answer to a link until all of it is shown, at most

  // Part of the storage keys: the same link shows other faces if another model is served at the same address later.
  const weights = () => document.querySelector("[data-weights]")?.dataset.weights;
  const keyOf = (what) => `facegan-${what}-${weights()}`;

  // ---- Local storage. If it is not available, as in some private windows, `fallback` serves until the page is closed.
  let fallback = {};
  function kept(key) {
    try {
      const found = JSON.parse(localStorage.getItem(key) ?? "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return fallback[key] ?? [];
    }
  }
  function keep(key, values) {
    fallback[key] = values;
    try {
      localStorage.setItem(key, JSON.stringify(values));
    } catch {
      // The storage is full or forbidden; `fallback` has the values.
    }
  }

  // ---- Steps of the history. A drag and the typing of a name are one step each, however many faces they show; any
  // other action is a step of its own. `gesture` counts the actions.
  let gesture = 0, pressed = false, last = null, lastTime = 0;
  document.addEventListener("pointerdown", () => {
    gesture++;
    pressed = true;
  }, true);
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (pressed = false), true);
  document.addEventListener("input", ({target}) => {
    if (!pressed && (target !== last || Date.now() - lastTime > SAME)) gesture++;
    [last, lastTime] = [target, Date.now()];
  }, true);
  document.addEventListener("click", (event) => event.detail || gesture++, true);  // detail is 0 for a key press

  // ---- The link. `history.state.face` is the number of the step: at 0 Ctrl+Z stops, so that it never leaves the page.
  let step = 0;
  const here = () => window.history.state?.face;

  // A link that is opened stays in the address bar until all of it is shown, so that a reload meanwhile loses nothing:
  // before, the page still shows parts of another state or, at first, a face of the first tab. What the visitor does next
  // ends that. So does some time after the answer, because then the page shows what the server has made of the link.
  let first = true, openings = 0, opening = opens("");
  document.addEventListener("fg-opened", () => (first = false));

  function opens(number) {
    return {number, gesture, first, search: window.location.search};
  }

  function isOpening(search) {
    const shown = new URLSearchParams(search), wanted = new URLSearchParams(opening?.search);
    if (!opening || String(shown) === String(wanted)) return false;
    const whole = opening.first && [...wanted.keys()].every((name) => shown.has(name));
    if (whole || gesture !== opening.gesture || answeredLongAgo()) opening = null;
    return opening !== null;
  }

  function answeredLongAgo() {
    if (document.querySelector("[data-opened]")?.dataset.opened !== opening.number) return false;
    if (!opening.until) setTimeout(window.facegan.showLink, OPENING + 50);
    opening.until ??= Date.now() + OPENING;
    return Date.now() >= opening.until;
  }

  function writeLink(search) {
    if (isOpening(search)) return;
    const url = window.location.pathname + search + window.location.hash, state = window.history.state ?? {};
    const changes = search !== window.location.search, anew = changes && here() !== undefined && gesture !== step;
    if (changes) step = gesture;
    if (anew) window.history.pushState({...state, face: here() + 1}, "", url);
    else window.history.replaceState({...state, face: here() ?? 0}, "", url);
    clearTimeout(resting);
    resting = setTimeout(remember, REST);
  }

  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) window.history.forward();
    else if (here() > 0) window.history.back();
    else window.facegan.note("There is nothing to undo.");
  });

  // ---- The strip
  let resting, strip, restore;

  // The face that is shown, once it rests.
  function remember() {
    const figure = window.facegan.shownFigure(), image = figure?.querySelector("img");
    if (!image || figure.matches("[data-preview]")) return;
    if (!image.complete) {
      resting = setTimeout(remember, REST);
      return;
    }
    const {query, made} = figure.dataset, seen = kept(keyOf("seen"));
    const canvas = Object.assign(document.createElement("canvas"), {width: THUMBNAIL, height: THUMBNAIL});
    canvas.getContext("2d").drawImage(image, 0, 0, THUMBNAIL, THUMBNAIL);
    // On a path the face that is shown is not the one that the tab is about.
    const text = figure.matches(".fg-path") ? undefined : figure.dataset.current;
    const one = {query, made, text, label: image.alt, picture: canvas.toDataURL("image/jpeg", 0.85)};
    // A face stands there once, whichever tab showed it: each tab has a link of its own to the same face.
    const there = seen.find((old) => old.query === query) ?? seen.find((old) => sameFace(old, one));
    if (!there) keep(keyOf("seen"), [...seen, one].slice(-MOST));
    show((there ?? one).query);
  }

  // By what it was made of, or by its pixels: the same picture is drawn of a mix of which nothing is of the second face.
  const sameFace = (a, b) => (a.made !== undefined && a.made === b.made) || a.picture === b.picture;

  // The face of the strip that is shown now.
  function current() {
    const {query, made} = window.facegan.shownFigure()?.dataset ?? {}, seen = kept(keyOf("seen"));
    return (seen.find((one) => one.query === query) ?? seen.find((one) => made !== undefined && one.made === made))?.query;
  }

  function show(query) {
    if (!strip) return;
    const seen = kept(keyOf("seen")).filter(({query, picture}) => typeof query === "string" && String(picture).startsWith("data:image/jpeg"));
    const list = strip.querySelector("ol"), focused = list.contains(document.activeElement) && document.activeElement.dataset.link;
    strip.querySelector("section").hidden = seen.length < 2;
    list.replaceChildren(...seen.map((one) => {
      const image = Object.assign(new Image(), {src: one.picture, alt: "", width: THUMBNAIL / 2, height: THUMBNAIL / 2});
      const button = Object.assign(document.createElement("button"), {type: "button", title: one.label});
      button.dataset.link = one.query;
      if (one.query === query) button.setAttribute("aria-current", "true");
      const {text, made: face, label} = one, name = String(label).split(" of ").at(-1);
      window.facegan.offerFace(button, {query: one.query, text, face, name}, `Back to the ${label}`, `Take the ${label}`);
      button.append(image);
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
    // Whoever takes one face after another by keyboard stays where they are.
    if (focused) [...list.querySelectorAll("button")].find((button) => button.dataset.link === focused)?.focus({preventScroll: true});
    const current = list.querySelector("[aria-current]")?.parentElement ?? list.lastElementChild;
    const [inner, outer] = [current ?? list, list].map((element) => element.getBoundingClientRect());
    list.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }

  // Opens a state as its link does, without loading the page again.
  function open(query) {
    const search = window.facegan.searchOf(query);
    if (search !== window.location.search)
      window.history.pushState({...window.history.state, face: (here() ?? 0) + 1}, "", window.location.pathname + search + window.location.hash);
    reopen();
  }

  // Has the server draw the state of the link, with a number by which its answer is known.
  function reopen() {
    step = gesture;
    opening = opens(String(++openings));
    restore?.();
  }

  window.addEventListener("popstate", () => {
    if (here() !== undefined && restore) reopen();
  });

  function keepSeen(element, trigger) {
    [strip, restore] = [element, trigger];
    element.querySelector("[data-empty]").addEventListener("click", () => {
      clearTimeout(resting);
      keep(keyOf("seen"), []);
      show();
      window.facegan.note("The faces that you have seen are forgotten.");
    });
    window.addEventListener("storage", ({key}) => key === keyOf("seen") && show(current()));
    show();
  }

  Object.assign(window.facegan, {writeLink, keepSeen, openState: open, reopen, kept, keep, keyOf, weights, openings: () => openings});
})();
