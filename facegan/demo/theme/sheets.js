// Pages of faces: requested from the endpoint /sheet and saved. The server gets the names to draw the page, and does
// not store them.
(() => {
  // Saves the sheet of `names` in `format`; `say` takes the progress and error messages.
  async function saveSheet({names, title = "", paper = "a4", format, truncation = null}, say) {
    say("Drawing the page …");
    try {
      const call = {data: [names, title, paper, format, truncation]};
      const headers = {"Content-Type": "application/json"};
      const answer = await fetch(new URL("gradio_api/run/sheet", document.baseURI).href, {method: "POST", headers, body: JSON.stringify(call)});
      const reply = await answer.json();
      if (!answer.ok) throw new Error(reply.error || reply.detail || "The page cannot be drawn now: try again later.");
      const file = reply.data[0];
      const found = await fetch(new URL("gradio_api/stream/" + file.path, document.baseURI));
      if (!found.ok) throw new Error("The page came too late: try again.");
      const url = URL.createObjectURL(await found.blob());
      window.facegan.download(url, file.orig_name);
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      say("");
    } catch (error) {
      say(window.facegan.trouble(error));
    }
  }

  const value = (selector) => document.querySelector(selector)?.value;
  document.addEventListener("click", async ({target}) => {
    const button = target.closest("[data-sheet]");
    if (!button) return;
    const status = button.closest("figure").querySelector("[role=status]");
    button.disabled = true;
    await saveSheet({
      names: value("#yearbook-names textarea"),
      title: value("#yearbook-title :is(input, textarea)"),
      paper: value("#yearbook-paper input:checked"),
      format: button.dataset.sheet,
      truncation: Number(value("#truncation [type=range]")),
    }, (sentence) => (status.textContent = sentence));
    button.disabled = false;
  });

  Object.assign(window.facegan, {saveSheet});
})();
