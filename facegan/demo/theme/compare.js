// The face as it was before, in place of the edited one, for as long as the key B or the small picture of it is held.
(() => {
  let held;

  const isVisible = (element) => element.offsetParent !== null;

  function show() {
    const before = [...document.querySelectorAll("[data-compare] img")].find(isVisible);
    const large = before?.closest(".fg-pair").querySelector("[data-query] img");
    if (held || !large) return;
    held = Object.assign(before.cloneNode(), {className: "fg-over"});
    large.after(held);
    window.facegan.announce("Before");
  }

  function hide() {
    held?.remove();
    held = undefined;
  }

  const isKey = ({key, target}) => (target.closest("[data-compare]") ? [" ", "Enter"].includes(key) : false) || ["b", "B"].includes(key);
  document.addEventListener("keydown", (event) => {
    if (!isKey(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return;
    if (event.target.closest("[data-compare]")) event.preventDefault();
    if (!event.repeat) show();
  });
  document.addEventListener("keyup", (event) => isKey(event) && hide());
  document.addEventListener("pointerdown", ({target}) => target.closest("[data-compare]") && show());
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, hide);
  window.addEventListener("blur", hide);
  // A long touch would open the menu of a picture.
  document.addEventListener("contextmenu", (event) => event.target.closest("[data-compare]") && event.preventDefault());
})();
