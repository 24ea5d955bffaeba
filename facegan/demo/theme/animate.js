// The tab Animate starts from the face that the visitor has just looked at on another tab.
(() => {
  let last, taken, openings;

  // Whoever goes to another tab has clicked or pressed a key where the face was.
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => {
    last = window.facegan.shownFigure()?.dataset.current ?? last;
    openings = window.facegan.openings();
  }, true);

  // The face for its field. What it says stays if a link or Back has brought it, and if no other face was looked at since.
  function faceToTake(face) {
    const brought = openings !== window.facegan.openings();
    if (face && (brought || last === taken)) return face;
    taken = last;
    return last ?? window.facegan.shownFace();
  }

  Object.assign(window.facegan, {faceToTake});
})();
