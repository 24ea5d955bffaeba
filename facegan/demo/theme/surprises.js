// The names that this visitor has given to what was found without labels. They stay in the browser.
(() => {
  const MOST_LETTERS = 40;  // as surprises.py has it
  const {kept, keep, keyOf, nameControls} = window.facegan, labels = {};  // the model's own names
  const fields = () => [...document.querySelectorAll("[data-surprise]")];
  // Only what this page keeps: pairs of a slider's name and the visitor's.
  const names = () => Object.fromEntries(kept(keyOf("surprises")).filter((one) =>
    Array.isArray(one) && one.every((part) => typeof part === "string") && /^[\w-]+$/.test(one[0])));

  // A name stands wherever the slider does: over its track, on the pad, and on the tabs Mix, Evolve and Animate.
  const places = (slider) => document.querySelectorAll(`#slider-${slider} [data-testid=block-info], #pad option[value="${slider}"],
    #only-${slider} .label-text, #hold-${slider} .label-text, #animate-slider input[value="${slider}"] + span`);

  function show() {
    const given = names();
    for (const slider of new Set([...Object.keys(given), ...Object.keys(labels)])) {
      for (const place of places(slider)) {
        const text = [...place.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        labels[slider] ??= text?.data.trim();
        const name = given[slider]?.slice(0, MOST_LETTERS) || labels[slider];
        if (text && name && text.data.trim() !== name) text.data = name;
      }
    }
    for (const field of fields()) if (field !== document.activeElement) field.value = given[field.dataset.surprise] ?? "";
    nameControls();
    // What is set is seen.
    const set = ({dataset: {surprise}}) => Number(document.querySelector(`#slider-${surprise} [type=range]`)?.value ?? 0)
      || document.querySelector(`#lock-${surprise} :checked`);
    if (fields().some(set)) document.querySelector("#surprises details").open = true;
  }

  document.addEventListener("change", ({target}) => {
    if (!target.matches?.("[data-surprise]")) return;
    const given = {...names(), [target.dataset.surprise]: target.value.trim()};
    keep(keyOf("surprises"), Object.entries(given).filter(([, name]) => name));
    show();
    target.closest("details").open = false;
  });
  document.addEventListener("keydown", ({key, target}) => key === "Enter" && target.matches?.("[data-surprise]") && target.blur());
  for (const shown of ["fg-shown", "fg-tab"]) document.addEventListener(shown, show);
  window.addEventListener("storage", ({key}) => key === keyOf("surprises") && show());

  const nameSurprises = () => setTimeout(show, 300);  // once the sliders below it are there

  Object.assign(window.facegan, {nameSurprises});
})();
