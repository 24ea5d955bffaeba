// Sharing a face: the share sheet of phones, the clipboard, and files of several sizes and formats.
(() => {
  const {note, announce, download, linkOf, trouble} = window.facegan;
  const BUSY = 503, TRIES = 5;

  // "Copy link" with a mouse, "Share" on touch screens, where the share sheet can copy the link, too.
  if (navigator.share && window.matchMedia("(pointer: coarse)").matches) document.documentElement.classList.add("fg-shares");

  // The picture that is shown, with its recipe; a film as far as it is there.
  async function shownFile(figure) {
    const image = figure.querySelector("img"), film = figure.querySelector("video[src]");
    if (film) return new File([await (await fetch(film.src)).blob()], "morph.mp4", {type: "video/mp4"});
    const [head, content] = image.src.split(","), type = head.slice(5).split(";")[0];
    const name = figure.querySelector("[data-save]")?.dataset.save ?? "face.png";
    return new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, {type});
  }

  async function share(button) {
    const figure = button.closest("figure"), data = {title: document.title, url: linkOf()};
    try {
      const files = [await shownFile(figure).catch(() => undefined)].filter(Boolean);
      if (files.length && navigator.canShare?.({...data, files})) data.files = files;
      await navigator.share(data);
    } catch (error) {
      if (error.name !== "AbortError") note("This could not be shared here: copy the link, or save the picture.");
    }
  }

  async function copyPicture(button) {
    const figure = button.closest("figure");
    try {
      const file = await shownFile(figure);
      if (file.type !== "image/png") throw new Error("a preview");
      await navigator.clipboard.write([new ClipboardItem({"image/png": file})]);
      note("The picture is on the clipboard.", 4);
    } catch {
      note("This browser copies no pictures from here: save it instead.");
    }
  }

  async function savePicture(button) {
    const figure = button.closest("figure"), {size, format} = button.dataset;
    const url = new URL(`picture?${figure.dataset.query}&_size=${size}&_format=${format}`, document.baseURI);
    button.disabled = true;
    try {
      for (let tries = 1; ; tries++) {
        const answer = await fetch(url);
        if (answer.ok) {
          const address = URL.createObjectURL(await answer.blob());
          download(address, answer.headers.get("content-disposition").match(/filename="([^"]+)"/)[1]);
          setTimeout(() => URL.revokeObjectURL(address), 60_000);
          break;
        }
        if (answer.status !== BUSY || tries === TRIES)
          throw new Error((await answer.json().catch(() => ({}))).error || "");
        await new Promise((resolve) => setTimeout(resolve, 1000 * tries));
      }
      announce("Saved");
    } catch (error) {
      note(trouble(error) || "The picture cannot be had now: try again later.");
    }
    button.disabled = false;
  }

  const shut = (except) => document.querySelectorAll(".fg-more[open]").forEach((one) => one !== except && (one.open = false));
  document.addEventListener("click", ({target}) => {
    const button = target.closest("[data-share], [data-copy-picture], [data-size]");
    if (button?.matches("[data-share]")) share(button);
    else if (button?.matches("[data-copy-picture]")) copyPicture(button);
    else if (button) savePicture(button);
    shut(target.closest(".fg-more"));
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(".fg-more[open]");
    if (!open) return;
    shut();
    open.querySelector("summary").focus();
  });
})();
