// What the page does without asking the server: the link in the address bar, copying it, the key R, films, messages, and
// keeping what is shown and what is set the same.
(() => {
  const isVisible = (element) => element.offsetParent !== null;
  const one = (selector) => document.querySelector(selector);

  // ---- Messages: one polite live region, as text and never as HTML.
  function live(id, className) {
    let region = document.getElementById(id);
    if (!region) {
      region = Object.assign(document.createElement("div"), {id, className});
      region.setAttribute("role", "status");
      document.body.append(region);
    }
    return region;
  }

  let hiding;
  function note(sentence, seconds = 10) {
    const region = live("fg-note", "fg-toast");
    region.textContent = sentence;
    clearTimeout(hiding);
    if (sentence) hiding = setTimeout(() => (region.textContent = ""), 1000 * seconds);
  }

  const showMessage = (element) => note(element.querySelector("[data-message]")?.dataset.message || "");

  // Tells a screen reader what has become visible, once it stays.
  let announcing;
  function announce(text) {
    clearTimeout(announcing);
    announcing = setTimeout(() => (live("fg-announce", "fg-hidden").textContent = text), 700);
  }

  // ---- Requests are repeated until they are answered: the server may be busy, restart or hang, and a proxy may answer
  // in its place.
  const BUSY = new Set([429, 502, 503, 504]), LONGEST_WAIT = 15;
  const HUNG = 60;  // s until a request is given up, at first; ten times that if it draws a film or a page
  const LATE = 1 / 6;  // of that time, after which the page says that the answer is slow
  const UNREACHED = 3;  // s until a film is asked for again that the server could not be reached for
  const ask = window.fetch.bind(window);
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * (seconds + Math.random())));

  // What an error says to people: fetch throws a TypeError, whose words are the browser's own, without a connection.
  const trouble = (error) => (error instanceof TypeError ? "The server cannot be reached: try again in a few seconds." : error.message);

  // The answer with its complete content, which may hang as well. Throws after `seconds`.
  async function askInTime(input, options, seconds) {
    const giveUp = new AbortController(), stop = () => giveUp.abort();
    const timer = setTimeout(stop, 1000 * seconds);
    options?.signal?.addEventListener("abort", stop);
    try {
      const answer = await ask(input, {...options, signal: giveUp.signal}), {status, statusText, headers} = answer;
      return new Response((await answer.text()) || null, {status, statusText, headers});
    } finally {
      clearTimeout(timer);
      options?.signal?.removeEventListener("abort", stop);
    }
  }

  // `fits`: whether an answer is valid, and not that of a proxy.
  async function askUntilAnswered(input, options, hung = HUNG, fits = () => true) {
    let said = false;
    const say = (sentence, seconds) => {
      said = true;
      note(sentence, seconds);
    };
    for (let tries = 0; ; tries++) {
      let wait = Math.min(2 ** tries, LONGEST_WAIT);
      const patience = hung * 2 ** Math.min(tries, 2);
      const slow = () => say("The server is slow to answer. This page waits, and tries again by itself.", patience);
      const late = setTimeout(slow, 1000 * patience * LATE);
      try {
        const answer = await askInTime(input, options, patience);
        if (!BUSY.has(answer.status) && (!answer.ok || (await fits(answer)))) {
          if (said) note("");
          return answer;
        }
        wait = Number(answer.headers.get("retry-after")) || wait;
      } catch (error) {
        if (options?.signal?.aborted) throw error;
      } finally {
        clearTimeout(late);
      }
      say("The server is busy or cannot be reached. This page tries again by itself.", wait + 5);
      await pause(wait);
    }
  }

  const hasData = (answer) => answer.clone().json().then(({data}) => Array.isArray(data), () => false);
  let asking = 0;  // answers of Gradio's that are on their way
  window.fetch = async (input, options) => {
    const [, name] = String(input?.url ?? input).match(/\/gradio_api\/run\/(\w+)/) ?? [];
    if (!name) return ask(input, options);
    asking++;
    try {
      return await askUntilAnswered(input, options, name === "predict" ? HUNG : 10 * HUNG, hasData);
    } finally {
      asking--;
      setTimeout(open, 500);
    }
  };

  // ---- The link. What is not ours in it, such as __theme, stays as it is.
  function searchOf(state) {
    const ours = (one("[data-link-keys]")?.dataset.linkKeys || "").split(" ");
    const query = new URLSearchParams(window.location.search);
    ours.forEach((name) => query.delete(name));
    const rest = query.toString();
    return "?" + state + (rest ? "&" + rest : "");
  }

  // What shows the state of the open tab.
  const shownFigure = () => [...document.querySelectorAll("[data-query]")].find(isVisible);

  // The link's part from the question mark on, of what is shown: the tab's element with `data-query` says it.
  function shownSearch() {
    const shown = shownFigure();
    return shown ? searchOf(shown.dataset.query) : window.location.search;
  }

  // The address bar follows what is shown. Safari refuses more than a hundred changes in thirty seconds, so a slider
  // that is dragged changes it three times a second.
  let changed = 0, changing;
  function showLink() {
    clearTimeout(changing);
    const wait = changed + 350 - Date.now();
    if (wait > 0) {
      changing = setTimeout(showLink, wait);
      return;
    }
    changed = Date.now();
    window.facegan.writeLink(shownSearch());  // seen.js
    // A Space is shown in a frame; this is how it asks for the address bar around it.
    const queryString = window.location.search;
    if (window.parent !== window) window.parent.postMessage({queryString, hash: ""}, "https://huggingface.co");
  }

  const linkOf = () => new URL(shownSearch() + window.location.hash, window.location.href).href;

  async function copyLink(button) {
    const link = linkOf();
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
    button.style.minWidth = getComputedStyle(button).width;  // its neighbours stay where they are
    button.textContent = "Copied";
    announce("Link copied");
    setTimeout(() => (button.textContent = label), 1500);
  }

  function download(href, name) {
    Object.assign(document.createElement("a"), {href, download: name}).click();
  }

  document.addEventListener("click", ({target}) => {
    const button = target.closest("[data-copy-link], [data-save], button[data-film]");
    if (!button) return;
    // The picture that is shown is saved, so that the server need not send it twice.
    if (button.dataset.save) download(button.closest("figure").querySelector("img").src, button.dataset.save);
    else if (button.dataset.format) saveFilm(button);
    else copyLink(button);
  });

  // ---- Another model: its page shows what this one does, as far as it can.
  document.addEventListener("change", ({target}) => {
    if (!target.matches("[data-models]")) return;
    const url = new URL(document.baseURI.replace(/\/model\/[\w-]+\/$/, "/")), query = new URLSearchParams(shownSearch());
    query.delete("model");
    if (target.value !== target.dataset.first) query.set("model", target.value);
    url.search = query;
    window.location.assign(url);
  });

  // ---- Keys
  document.addEventListener("keydown", (event) => {
    if (event.key !== "r" && event.key !== "R") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return;
    [...document.querySelectorAll(".fg-key-r")].find(isVisible)?.click();
  });

  // Until the page has opened nothing is there to act on, and the link's face would take the place of what was asked.
  let opened = false;

  // The page has opened with its first face, unless another opening is on its way.
  function open() {
    if (opened || asking || !states.some(({element}) => shownState(element))) return;
    opened = true;
    document.dispatchEvent(new Event("fg-opened"));
    settle();  // also what has come to rest before, and empty
  }

  document.addEventListener("click", (event) => {
    if (opened || !event.target.closest("#tabs")) return;
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
    // Only a number out of range is written anew: to write "0." or "-0" would take the dot or the minus from under the hand.
    else if (Number(target.value) > Number(target.max)) target.value = target.max;
    else if (Number(target.value) < Number(target.min)) target.value = target.min;
  }, true);
  document.addEventListener("focusout", ({target}) => {
    if (target.matches(NUMBER) && target.value === "") target.value = target.closest(".block").querySelector("[type=range]").value;
  });

  // ---- What is shown follows what is set
  const shownState = (element) => element?.querySelector("[data-query]")?.dataset.query;

  // Whether a state is what a control is set to. `lock:age`: whether `lock` names age.
  function agrees(state, name, control) {
    const [key, member] = name.split(":");
    const value = state.get(key) ?? "";
    if (member) return control.checked === value.split(",").includes(member);
    if (control.type === "checkbox") return control.checked === (value === "1");
    if (control.type === "range" || control.type === "number") return control.value === "" || Number(control.value) === Number(value);
    const words = (text) => text.split(/[,;\s]+/).filter(Boolean).map((word) => (isNaN(word) ? word : Number(word))).join();
    return words(control.value) === words(value);
  }

  // The link's query that the controls are set to; an empty field, whose value is being typed, is left as in `state`.
  function queryOf(controls, state) {
    const shown = new URLSearchParams(state), query = new URLSearchParams();
    for (const [name, css] of Object.entries(controls)) {
      const control = one(css), [key, member] = name.split(":");
      if (!control) continue;
      if (member) query.set(key, [query.get(key), control.checked ? member : ""].filter(Boolean).join());
      else if (control.type === "checkbox") query.set(key, Number(control.checked));
      else if (control.value || shown.has(key)) query.set(key, control.value || shown.get(key));
    }
    return query.toString();
  }

  // One entry for each element that shows the state of a tab.
  const states = [];

  // `element` shows a state; `controls` has the selectors of what sets it, by name; `draw` asks the server for what is
  // set. Answers may overtake each other and some are lost, so what is shown is compared once it has come to rest. What
  // was asked for and has not come, such as an impossible seed, is not asked for again.
  //
  // While one of the controls in `dragged` moves, previews are fetched from `live`, one at a time and always of the newest
  // values; the picture itself, which can be saved, is fetched when they have come to rest.
  function showState(element, props, {controls, live, dragged}, draw, watchValue) {
    let settling, asked = "", following = false, moved = false;

    const setQuery = () => queryOf(controls, shownState(element));
    // What is set and not shown, by name; undefined while nothing is shown.
    const differing = () => {
      const query = shownState(element), state = new URLSearchParams(query);
      return query && Object.keys(controls).filter((name) => one(controls[name]) && !agrees(state, name, one(controls[name])));
    };
    const settle = () => {
      clearTimeout(settling);
      settling = setTimeout(() => {
        if (!opened || !isVisible(element)) return;
        const names = differing(), preview = element.querySelector("[data-preview]") !== null;
        if (names && !names.length && !preview) return;
        const set = setQuery() + preview;
        if (set === asked) return;
        asked = set;
        if (live && names?.every((name) => dragged.includes(name))) fetchFace(false);
        else draw();
      }, 300);
    };
    const show = () => {
      if (shownState(element)) {
        open();
        asked = "";
        const shown = element.querySelector("[data-query]");
        const notes = JSON.parse(shown.dataset.notes || "[]");
        if (notes.length) note(notes.join(" "));
        if (isVisible(element)) announce(shown.querySelector("img").alt);
      }
      showLink();
      coverCodes();
      document.dispatchEvent(new Event("fg-shown"));
      settle();
    };
    const fetchFace = async (preview) => {
      const query = setQuery();
      const address = new URL(`${live}?${query}${preview ? "&preview=1" : ""}`, document.baseURI);
      const answer = await (preview ? askInTime(address, {}, HUNG * LATE) : askUntilAnswered(address));
      // The picture may come late, a preview is always newer than the one before.
      if (!answer.ok || (!preview && query !== setQuery())) return;
      props.value = await answer.text();
      show();
    };
    const follow = async () => {
      moved = true;
      if (following || !opened) return;
      following = true;
      try {
        while (moved) {
          moved = false;
          await fetchFace(true);
        }
      } catch {
        // Out of reach, or hangs: `settle` asks until there is an answer.
      }
      following = false;
      settle();
    };
    // The controls may have been set by a script, of which they know a moment later.
    const compare = () => setTimeout(() => live && isVisible(element) && differing()?.length && follow(), 20);

    if (live) document.addEventListener("input", ({target}) => {
      const css = dragged.map((name) => controls[name]);
      if (css.some((selector) => target.matches(selector))) follow();
      else if (css.some((selector) => one(selector)?.closest(".block")?.contains(target))) compare();  // the number beside
    });
    // Whether nothing is shown although a face is set, or the link has one. What draws it then.
    const [first] = Object.keys(controls);
    const missingFace = () => {
      if (!isVisible(element) || shownState(element)) return undefined;
      if (one(controls[first])?.value.trim()) return draw;
      return new URLSearchParams(window.location.search).has(first) ? openAgain : undefined;
    };
    states.push({element, settle, compare, missingFace});
    watchValue(show);
    show();
  }

  // ---- A face that is neither a number nor a name is a code in its field: what is seen there is what the face is.
  const CODE = /~[\w.-]+/g, titles = {};  // titles by code, as the pictures on the page tell them
  function coverCodes() {
    document.querySelectorAll("[data-titles]").forEach((element) => Object.assign(titles, JSON.parse(element.dataset.titles)));
    document.querySelectorAll("#tabs .input-container").forEach((box) => {
      const text = box.querySelector("input, textarea").value;
      const shown = text.replace(CODE, (code) => titles[code] ?? "a face of its own");
      if (shown === text) delete box.dataset.shown;
      else if (box.dataset.shown !== shown) box.dataset.shown = shown;
    });
  }
  document.addEventListener("focusin", ({target}) => target.closest("[data-shown]") && target.select());  // to type another
  document.addEventListener("focusout", () => setTimeout(coverCodes));

  const moved = () => states.forEach(({element, compare}) => element.isConnected && compare());
  function settle() {
    coverCodes();
    states.forEach(({element, settle}) => element.isConnected && settle());
  }

  // What stands in the place of the page gives way once the face is there.
  document.addEventListener("fg-opened", async () => {
    await Promise.race([shownFigure()?.querySelector("img")?.decode().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 300))]);
    document.getElementById("fg-opening")?.remove();
  });

  // ---- A face that has not come although no answer is on its way: an answer may be lost between server and page, or
  // within the page. It is requested again after QUIET seconds, then ever less often; once the page has opened only a few
  // times, because the state may be impossible.
  const QUIET = 5, MOST_QUIET = 60;
  let quiet = 0, patience = QUIET;
  const openAgain = () => window.facegan.reopen();  // seen.js
  const retry = () => (opened ? states.map(({element, missingFace}) => element.isConnected && missingFace()).find(Boolean) : states.length ? openAgain : undefined);
  setInterval(() => {
    const again = retry();
    if (!again) patience = QUIET;
    quiet = again && !asking ? quiet + 1 : 0;
    if (quiet < patience || (opened && patience === MOST_QUIET)) return;
    [quiet, patience] = [0, Math.min(2 * patience, MOST_QUIET)];
    note("The face has not come. This page asks for it again.");
    again();
  }, 1000);

  // A tab was opened, by the visitor or by Gradio: nothing is asked for that is already there.
  function tabShown() {
    setTimeout(() => {
      showLink();
      settle();
      films.forEach((film) => film());
      document.dispatchEvent(new Event("fg-tab"));
    }, 100);
  }

  // The link that the page opens with. One that has no seed is given one here, the same however often it is asked for.
  const anySeed = Math.random();
  function searchAtFirst(seeds) {
    const search = window.location.search;
    return new URLSearchParams(search).get("seed") ? search : `${search || "?"}&seed=${Math.floor(anySeed * seeds)}`;
  }

  // The link that is opened without loading the page; the tab Faces stays as it is where the link is of another.
  function searchToOpen(seeds) {
    const asked = new URLSearchParams(opened ? window.location.search : searchAtFirst(seeds)), faces = new URLSearchParams(shownState(one("#face")));
    if (asked.has("seed")) ["first", "count"].forEach((name) => asked.has(name) || faces.delete(name));
    asked.forEach((value, name) => faces.set(name, value));
    faces.set("again", window.facegan.openings());
    return "?" + faces;
  }

  // The seed for its field when that is left: an empty one becomes that of the large face.
  function seedOr(seed) {
    return String(seed ?? "").trim() ? seed : new URLSearchParams(shownState(one("#face"))).get("seed");
  }

  // The face of the grid that is shown large is the pressed one.
  function markShown() {
    const seed = one("#face [data-number]")?.dataset.number;
    document.querySelectorAll("#faces [data-seed]").forEach((cell) =>
      cell.setAttribute("aria-pressed", cell.dataset.seed === seed));
  }

  // The large face of a tab, as it stands in a list.
  const shownFace = (element = "#face") => one(`${element} [data-current]`)?.dataset.current ?? "0";

  const chosen = (element) => one(`${element} [aria-pressed="true"]`).dataset.face;

  function openTab(name) {
    [...document.querySelectorAll("#tabs [role=tab]")].filter(isVisible).find((tab) => tab.textContent.trim() === name)?.click();
    window.scrollTo({top: 0});
  }

  // Commas divide the list, and spaces divide numbers.
  function withSeed(seeds, seed, most) {
    const words = seeds.split(/[,;\n]+/).flatMap((part) => (/^[\d\s]*$/.test(part) ? part.split(/\s+/) : part.trim())).filter(Boolean);
    if (words.length < most) return [...words, seed].join(", ");
    note(`A morph passes ${most} faces at most: take one out first.`);
    return seeds;
  }

  // ---- Films: fetched when they can be seen; one that has to wait for its turn says so and is asked for again.
  const films = [], calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const visitor = Math.random().toString(36).slice(2);

  // Of two films for the same `whom` that wait, the server draws the later one only.
  async function fetchFilm(address, say, signal, whom = visitor) {
    const url = new URL(address, document.baseURI);
    url.searchParams.set("visitor", whom);
    for (;;) {
      const answer = await ask(url, {signal}).catch((error) => {
        if (signal?.aborted) throw error;
      });
      if (!answer) {
        say("The server cannot be reached. This page tries again by itself.");
        await pause(UNREACHED);
        continue;
      }
      if (answer.ok) return answer.blob();
      const wait = Number(answer.headers.get("retry-after"));
      if (!wait) throw new Error((await answer.json().catch(() => ({}))).error || "The film cannot be had now: try again later.");
      say("Other visitors' films are drawn first. This one comes by itself.");
      await pause(wait);
      if (signal?.aborted) throw new DOMException("", "AbortError");
    }
  }

  function showFilm(element) {
    const figure = element.querySelector("figure"), status = figure.querySelector("[role=status]");
    const say = (sentence) => {
      status.textContent = sentence;
      figure.toggleAttribute("data-waits", sentence !== "");
    };
    let shown, leaving, waiting;
    const load = async () => {
      const address = figure.dataset.film;
      if (!address || address === shown || !isVisible(figure)) return;
      shown = address;
      leaving?.abort();
      leaving = new AbortController();
      const {signal} = leaving;
      say("Drawing the film …");
      try {
        play(figure, await fetchFilm(address, say, signal));
        say("");
      } catch (error) {
        if (signal.aborted || error.name === "AbortError") return;
        shown = undefined;
        say(error.message);
      }
    };
    figure.addEventListener("fg-film", () => {  // while seeds are typed, not at every digit
      clearTimeout(waiting);
      waiting = setTimeout(load, 600);
    });
    films.push(load);
    load();
  }

  function play(figure, blob) {
    const old = figure.querySelector("video, img.fg-gif");
    if (old.src) URL.revokeObjectURL(old.src);
    let screen = old;
    if (blob.type === "image/gif" && old.tagName === "VIDEO") {
      screen = Object.assign(document.createElement("img"), {className: "fg-gif", alt: "AI-generated film"});
      old.replaceWith(screen);
    }
    screen.src = URL.createObjectURL(blob);
    if (screen.tagName !== "VIDEO") return;
    screen.controls = true;
    if (!calm.matches) screen.play().catch(() => {});  // a browser may forbid it: there is a button
  }

  // The film at `selector` is that of the state that `element` shows: of a morph, or of what `route` serves.
  function filmFollows(element, selector, watchValue, route = "film") {
    const follow = () => {
      const figure = one(`${selector} figure`), state = new URLSearchParams(shownState(element));
      if (!figure || !shownState(element)) return;
      state.delete("position");
      const address = `${route}?${state}&format=`;
      figure.querySelectorAll("button[data-format]").forEach((button) => (button.dataset.film = address + button.dataset.format));
      figure.dataset.film = address + "mp4";
      const video = figure.querySelector("video:not([src])");  // until the film is there, its face
      if (video) video.poster = element.querySelector("[data-query] img")?.src ?? "";
      figure.dispatchEvent(new Event("fg-film"));
    };
    watchValue(follow);
    document.addEventListener("fg-shown", follow);  // also while something is dragged
    setTimeout(follow, 100);  // a tab that a link opens is put on the page with its values
  }

  async function saveFilm(button) {
    const figure = button.closest("figure"), status = figure.querySelector("[role=status]"), address = button.dataset.film;
    if (!address) return;
    button.disabled = true;
    try {
      // The film that the page shows may be asked for meanwhile, and is not to take the place of this one.
      const blob = await fetchFilm(address, (sentence) => (status.textContent = sentence), undefined, `${visitor}-saves`);
      const state = new URLSearchParams(address.split("?")[1]), slider = state.get("slider");
      const faces = state.get("seeds") ?? state.get("animate");
      const plain = faces?.replace(CODE, (code) => titles[code] ?? "face").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
      const name = plain ? `${slider ?? "morph"}-${plain}` : "how-it-learned";
      const url = URL.createObjectURL(blob);
      download(url, `${name}.${button.dataset.format}`);
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      status.textContent = "";
    } catch (error) {
      status.textContent = error.message;
    }
    button.disabled = false;
  }

  // ---- Names for screen readers: of controls that Gradio calls all the same
  function nameControls() {
    for (const [begin, words] of [["hold-", "Hold"], ["only-", "Take only"]])
      document.querySelectorAll(`[id^=${begin}] input`).forEach((box) => box.setAttribute("aria-label", `${words}: ${box.closest("label").textContent.trim()}`));
    document.querySelectorAll("[id^=lock-] input, #tabs .block [data-testid=reset-button]").forEach((control) => {
      const lock = control.closest("[id^=lock-]");
      const block = lock ? one("#slider-" + lock.id.slice(5)) : control.closest(".block");
      const title = block?.querySelector("[data-testid=block-info]")?.textContent.split("·")[0].trim();
      const name = title && (lock ? `Lock ${title}` : `Reset ${title} to its default`);
      if (name && control.getAttribute("aria-label") !== name) control.setAttribute("aria-label", name);
    });
  }
  let naming;
  new MutationObserver(() => {
    clearTimeout(naming);
    naming = setTimeout(() => {
      nameControls();
      coverCodes();
    }, 200);
  }).observe(document.documentElement, {childList: true, subtree: true});

  // ---- Opens pictures made here, dropped anywhere or chosen in `element`. They are read here and stay on this device:
  // the server is sent the few letters of the recipe, which it checks like a link.
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
  function followPicture(element) {
    const query = element.querySelector("[data-follow]")?.dataset.follow;
    if (query) window.location.search = searchOf(query);
  }

  window.facegan = {
    trouble, note, announce, download, linkOf, searchOf, searchAtFirst, searchToOpen, shownFigure, showMessage, showLink, showState, settle, moved, tabShown, markShown, seedOr, withSeed, shownFace, chosen, openTab, showFilm, filmFollows, openPictures, followPicture,
    fetchFilm, titles, nameControls,
  };
})();
