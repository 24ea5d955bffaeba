// The names that this visitor has given to what was found without labels. They stay in the browser.
(() => {
  function nameSurprises(element) {
    const {kept, keep, keyOf} = window.facegan, fields = () => [...document.querySelectorAll("[data-surprise]")];
    const details = element.querySelector("details"), range = (name) => document.querySelector(`#slider-${name} [type=range]`);
    // Only what this page keeps: pairs of a slider's name and the visitor's.
    const names = () => Object.fromEntries(kept(keyOf("surprises")).filter((one) => Array.isArray(one) && one.every((part) => typeof part === "string")));

    // A name stands wherever the slider does: over its track, on the pad, and on the tab Animate.
    function show() {
      const given = names();
      for (const field of fields()) {
        const slider = field.dataset.surprise, name = given[slider]?.slice(0, field.maxLength) || field.placeholder;
        const told = [
          ...document.querySelectorAll(`#slider-${slider} [data-testid=block-info], #animate-slider input[value="${slider}"] + span, #pad option[value="${slider}"]`)];
        told.filter((place) => place.textContent !== name).forEach((place) => {
          const text = [...place.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
          if (text) text.data = name;
        });
        if (field !== document.activeElement) field.value = given[slider] ?? "";
      }
      // What is moved is seen.
      if (fields().some((field) => Number(range(field.dataset.surprise)?.value ?? 0))) details.open = true;
    }

    document.addEventListener("change", ({target}) => {
      if (!target.matches?.("[data-surprise]")) return;
      const given = {...names(), [target.dataset.surprise]: target.value.trim()};
      keep(keyOf("surprises"), Object.entries(given).filter(([, name]) => name));
      show();
      target.closest("details").open = false;
    });
    document.addEventListener("keydown", ({key, target}) => key === "Enter" && target.matches?.("[data-surprise]") && target.blur());
    document.addEventListener("fg-shown", show);
    document.addEventListener("click", () => setTimeout(show, 300));  // a tab that is opened is built then
    window.addEventListener("storage", ({key}) => key === keyOf("surprises") && show());
    setTimeout(show, 300);
  }

  Object.assign(window.facegan, {nameSurprises});
})();
