// The current face: the one that was looked at last, on whichever tab. A tab that is opened begins with it, unless the
// visitor has put a face of their own there. A face that is clicked, in the strip or among the favourites, goes into the
// open tab. current_face.py says what each tab takes.
(() => {
  const tabs = {}, shown = {};  // by the tab's id: its `Takes` (current_face.py) and its element; the face that it showed when it was left
  const prefilled = {};  // by the id of a field: what this page, and not the visitor, has written there
  const linked = new URLSearchParams(window.location.search).has("seed");
  const placeholders = {list: "", left: []};  // random faces of the morph, which are replaced first, and the list with them
  let last, openings;

  const input = (id) => document.querySelector(`#${id} :is(input, textarea)`);
  const open = () => Object.values(tabs).find(({element}) => element.isConnected && element.offsetParent !== null);
  const choices = ({tab}) => [...document.querySelectorAll(`input[name="${tab}-takes"]`)];
  const truncation = (query) => new URLSearchParams(query).get("truncation");

  function takesFaces(element, spec) {
    tabs[spec.tab] = {...spec, element};
    label();
  }

  // Whoever goes to another tab has clicked or pressed a key where the face was.
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => {
    openings = window.facegan.openings();
    const face = window.facegan.shownFigure()?.dataset.current, tab = open();
    if (face === undefined) return;
    last = {face, field: tab?.fields[0]};
    if (tab) shown[tab.tab] = face;
    if (!linked) prefilled.seed ??= input("seed")?.value;  // the random face of a page that was opened without a link
  }, true);

  // ---- A tab is opened. `values` are those of its fields, of which the first is that of the current face.
  function faceToTake(spec, values) {
    const [field] = spec.fields, [first] = values, random = () => String(Math.floor(Math.random() * spec.seeds));
    if (field === "seed" && !linked && last) prefilled.seed ??= first;  // before, Gradio selects the first tab by itself
    const own = spec.moves ? moved() : spec.fields.some((id, i) => values[i] && values[i] !== prefilled[id]);
    // A state that a link or Back has opened stays, and so does one that was set on the tab itself.
    const brought = openings !== window.facegan.openings();
    const another = last && last.field !== field && last.face !== shown[spec.tab];
    const taken = [...values];
    if (!first || (another && !own && !brought)) {
      const face = last?.face ?? window.facegan.shownFace();
      if (spec.most && !first) placeholders.left = [random(), random()];
      if (spec.most) placeholders.list = [face, ...placeholders.left].join(", ");
      taken[0] = prefilled[field] = spec.most ? placeholders.list : face;
    }
    spec.fields.forEach((id, i) => {
      if (!taken[i] && spec.fills) taken[i] = prefilled[id] = random();
    });
    return taken.length > 1 ? taken : taken[0];
  }

  // Whether something is set on the tab Sliders.
  const moved = () => [...document.querySelectorAll("[id^=slider-] [type=range]")].some(({value}) => Number(value))
    || document.querySelector("[id^=lock-] :checked") !== null;

  // ---- A face is clicked. `entry` has the `query` of its link, and its text for a field: `text` at the truncation of
  // that link, and `face`, which is the same face at any.
  function take(entry) {
    const tab = open(), now = truncation(window.facegan.shownFigure()?.dataset.query);
    const text = entry.text && truncation(entry.query) === now ? entry.text : entry.face;
    if (!tab?.takes || !text) return window.facegan.openState(entry.query);
    if (text.startsWith("~")) window.facegan.titles[text] ??= entry.name;
    if (tab.moves) showEdited(entry, text, now);
    else if (tab.most) addTo(tab, text);
    else fill(tab, text);
    if (tab.fields.length === 1 && !tab.most) window.scrollTo({top: 0});
  }

  // The face with its sliders where they were, if that is what was kept, else with none moved.
  function showEdited({query}, text, now) {
    const state = new URLSearchParams(query), edited = state.has("seed") && !state.has("count");
    window.facegan.openState(edited ? query : String(new URLSearchParams({seed: text, truncation: now, tab: "sliders"})));
  }

  // Adds a face at the end of a list, or in place of a random one.
  function addTo({fields: [id], most}, text) {
    const list = input(id).value, placeholder = list === placeholders.list && placeholders.left.shift();
    const faces = placeholder ? list.replace(new RegExp(`(^|, )${placeholder}(?=,|$)`), (_, comma) => comma + text) : window.facegan.withSeed(list, text, most);
    if (faces === list) return;
    write(id, faces);
    if (placeholder) placeholders.list = faces;
    window.facegan.note("The morph passes this face, too.", 4);
  }

  function fill(tab, text) {
    const radios = choices(tab), at = Math.max(radios.findIndex(({checked}) => checked), 0);
    write(tab.fields[at], text);
    if (!radios.length) return;
    const next = (at + 1) % radios.length;
    radios[next].checked = true;
    const [now, then] = [at, next].map((i) => tab.names[i].toLowerCase());
    window.facegan.note(`This is the ${now} now. The next face that you click becomes the ${then}.`, 6);
  }

  function write(id, text) {
    const field = input(id);
    delete prefilled[id];
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }

  // The next face that is clicked goes into the field that has the focus.
  document.addEventListener("focusin", ({target}) => {
    const tab = open(), at = tab?.fields.findIndex((id) => input(id) === target);
    if (at >= 0 && choices(tab)[at]) choices(tab)[at].checked = true;
  });

  // ---- The buttons of the strip and of the favourites. `opens` and `takes` say what a click does.
  function offerFace(button, entry, opens, takes) {
    Object.assign(button.dataset, {opens, takes});
    button.addEventListener("click", () => take(entry));
    label([button]);
  }

  function label(buttons = document.querySelectorAll("[data-takes]")) {
    const taking = open()?.takes;
    buttons.forEach((button) => button.setAttribute("aria-label", taking ? button.dataset.takes : button.dataset.opens));
  }
  document.addEventListener("fg-tab", () => label());

  Object.assign(window.facegan, {takesFaces, faceToTake, offerFace});
})();
