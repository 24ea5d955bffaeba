// Favourites: the faces that this visitor has saved, each with a name, in the browser's local storage. They are
// exported as a page, a ZIP, or a JSON file that can be opened on any page of the same model.
(() => {
  const MOST = 100, ON_A_PAGE = 36, THUMBNAIL = 128, MOST_BYTES = 4e6;  // px; bytes of a JSON file
  const {kept, keep, keyOf, weights, note, offerFace, saveSheet, download} = window.facegan;
  let box, dragged;

  const text = (value, most) => typeof value === "string" && value.length <= most;
  // Whether an entry from the local storage or from an untrusted file is a valid favourite.
  const isValid = (one) => one && text(one.name, 200) && text(one.query, 4000) && text(one.face, 4000) && /^[\w~.-]+$/.test(one.face)
    && (one.text === undefined || text(one.text, 4000)) && text(one.picture, 40_000) && one.picture.startsWith("data:image/jpeg;base64,");
  const all = () => kept(keyOf("favourites")).filter(isValid);
  const store = (faces) => {
    keep(keyOf("favourites"), faces.slice(0, MOST));
    show();
  };

  function thumbnail(image) {
    const canvas = Object.assign(document.createElement("canvas"), {width: THUMBNAIL, height: THUMBNAIL});
    canvas.getContext("2d").drawImage(image, 0, 0, THUMBNAIL, THUMBNAIL);
    return canvas.toDataURL("image/jpeg", 0.85);
  }

  // Updates the hearts of the faces on the page.
  function mark() {
    const faces = new Set(all().map(({face}) => face));
    document.querySelectorAll("[data-keep]").forEach((heart) => {
      const on = faces.has(heart.closest("figure").dataset.made);
      heart.setAttribute("aria-pressed", on);
      heart.textContent = on ? "♥" : "♡";
    });
  }

  document.addEventListener("click", ({target}) => {
    if (!target.closest("[data-to-favourites]")) return;
    box.open = true;
    box.querySelector("summary").focus({preventScroll: true});
    box.scrollIntoView({block: "end", behavior: "smooth"});
  });

  document.addEventListener("click", ({target}) => {
    const heart = target.closest("[data-keep]");
    if (!heart) return;
    const figure = heart.closest("figure"), {made, query, current} = figure.dataset, faces = all();
    if (faces.some(({face}) => face === made)) store(faces.filter(({face}) => face !== made));
    else if (faces.length >= MOST) note(`There are ${MOST} favourites at most: take one out first.`);
    else {
      const name = figure.querySelector(".fg-seed").textContent.replace(/, seed \d+$/, "");
      store([...faces, {name, query, face: made, text: current, picture: thumbnail(figure.querySelector("img"))}]);
      note(`${name} is among your favourites, below.`, 4);
    }
  });

  const change = (index, replacement) => store(all().flatMap((one, i) => (i === index ? replacement : [one])));

  function move(from, to) {
    const faces = all(), [one] = faces.splice(from, 1);
    faces.splice(to, 0, one);
    store(faces);
  }

  function card(one, index) {
    const item = Object.assign(document.createElement("li"), {draggable: true});
    const button = (label, content, act) => {
      const made = Object.assign(document.createElement("button"), {type: "button", title: label});
      made.setAttribute("aria-label", `${label}: ${one.name}`);
      made.append(content);
      if (act) made.addEventListener("click", act);
      return made;
    };
    const picture = Object.assign(new Image(), {src: one.picture, alt: "", width: THUMBNAIL, height: THUMBNAIL, draggable: false});
    const name = Object.assign(document.createElement("input"), {value: one.name, maxLength: 100});
    name.setAttribute("aria-label", `Name of favourite ${index + 1}`);
    name.addEventListener("change", () => change(index, [{...one, name: name.value.trim() || one.name}]));
    const first = button("Move it to the left", "←", () => move(index, index - 1));
    first.disabled = index === 0;
    const face = button("Open", picture);
    offerFace(face, one, `Open: ${one.name}`, `Take: ${one.name}`);
    item.append(face, name, first, button("Take it out", "✕", () => change(index, [])));
    item.addEventListener("dragstart", () => (dragged = index));
    item.addEventListener("dragover", (event) => dragged !== undefined && event.preventDefault());
    item.addEventListener("drop", (event) => {
      if (dragged === undefined) return;
      event.preventDefault();
      move(dragged, index);
    });
    item.addEventListener("dragend", () => (dragged = undefined));
    return item;
  }

  function show() {
    const faces = all();
    box.querySelector("[data-number]").textContent = faces.length ? `(${faces.length})` : "";
    document.querySelectorAll("[data-to-favourites]").forEach((link) => {
      link.hidden = !faces.length;
      link.querySelector("[data-number]").textContent = faces.length;
      link.setAttribute("aria-label", `To your ${faces.length} favourites`);
    });
    box.querySelector("ol").replaceChildren(...faces.map(card));
    box.querySelectorAll("[data-favourites]").forEach((button) => (button.disabled = !faces.length));
    mark();
  }

  // What divides a list of names may not stand in a name there.
  const listed = ({name, face}) => `${name.replace(/[,;=\n{~]+/g, " ").trim() || "face"} = ${face}`;

  async function save(format) {
    const faces = all(), say = (sentence) => (box.querySelector("[role=status]").textContent = sentence);
    if (format === "json") {
      const content = {facegan: "favourites", weights: weights(), faces};
      const url = URL.createObjectURL(new Blob([JSON.stringify(content)], {type: "application/json"}));
      download(url, "favourites.json");
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return;
    }
    await saveSheet({names: faces.slice(0, ON_A_PAGE).map(listed).join("\n"), format}, say);
    if (faces.length > ON_A_PAGE) say(`A page holds ${ON_A_PAGE} faces, so it has the first of yours.`);
  }

  // Adds what a file holds to what is there.
  async function open(file) {
    try {
      if (file.size > MOST_BYTES) throw new Error("This file is larger than favourites are: choose another one.");
      const content = await file.text().then(JSON.parse).catch(() => undefined);
      if (content?.facegan !== "favourites" || !Array.isArray(content.faces))
        throw new Error("This file holds no favourites: choose one that was saved here as JSON.");
      if (content.weights !== weights())
        throw new Error("These favourites are of another model than this page shows: open them on a page of that model.");
      const faces = all(), known = new Set(faces.map(({face}) => face));
      const added = content.faces.filter(isValid).filter(({face}) => !known.has(face));
      store([...faces, ...added]);
      box.open = true;
      note(added.length ? `${added.length} favourites were added.` : "There is nothing in this file that you do not have.");
    } catch (error) {
      note(error.message);
    }
  }

  function keepFavourites(element) {
    box = element.querySelector("details");
    box.addEventListener("click", ({target}) => target.dataset.favourites && save(target.dataset.favourites));
    box.querySelector("input[type=file]").addEventListener("change", ({target}) => {
      const [file] = target.files;
      if (file) open(file);
      target.value = "";
    });
    window.addEventListener("storage", ({key}) => key === keyOf("favourites") && show());
    document.addEventListener("fg-shown", mark);
    show();
  }

  Object.assign(window.facegan, {keepFavourites});
})();
