// The values under the pointer are read back from the lines themselves: the page holds every number once.
for (const plot of document.querySelectorAll(".plot")) {
  const { images, low, high, percent } = plot.dataset, rule = plot.querySelector(".rule"),
    tip = plot.querySelector(".tip");
  const lines = [...plot.querySelectorAll("polyline[data-label]")].map((line) => ({
    label: line.dataset.label,
    points: line.getAttribute("points").split(" ").map((point) => point.split(",").map(Number)) }));
  const words = (y) => {
    const value = +high - (y / HEIGHT) * (high - low);
    return percent ? Math.round(100 * value) + " %" : value.toLocaleString("en", { maximumSignificantDigits: 3 });
  };
  const leave = () => { rule.hidden = tip.hidden = true; };
  const show = (event) => {
    const box = plot.getBoundingClientRect(), x = (WIDTH * (event.clientX - box.left)) / box.width;
    const near = lines.map((line) =>
      line.points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best)));
    if (!near.length || x < -20 || x > WIDTH + 20) return leave();
    const at = near.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best))[0];
    tip.textContent = "";
    const rows = [((at / WIDTH) * images).toLocaleString("en", { maximumSignificantDigits: 3 }) + " images",
      ...near.map((point, i) => lines[i].label + " " + words(point[1]))];
    for (const row of rows) tip.appendChild(document.createElement("div")).textContent = row;
    rule.style.left = (100 * at) / WIDTH + "%";
    tip.style.left = at < WIDTH / 2 ? (100 * at) / WIDTH + "%" : "auto";
    tip.style.right = at < WIDTH / 2 ? "auto" : 100 - (100 * at) / WIDTH + "%";
    rule.hidden = tip.hidden = false;
  };
  plot.addEventListener("pointermove", show);
  plot.addEventListener("pointerdown", show);
  plot.addEventListener("pointerleave", leave);
}

const keep = (name, value) => { try { sessionStorage.setItem(location.pathname + name, value); } catch {} };
const kept = (name) => { try { return sessionStorage.getItem(location.pathname + name); } catch { return null; } };
const slider = document.getElementById("time");
if (slider) {
  const grids = slider.dataset.grids.split(" "), image = document.getElementById("grid");
  const show = () => {
    const grid = grids[slider.value];
    image.src = image.parentElement.href = "samples/" + grid + ".png";
    document.getElementById("when").textContent = (+grid).toLocaleString("en") + " images";
    keep("grid", slider.value === slider.max ? "" : grid);  // who looks at the newest goes on with the newest
  };
  const choose = (grid) => { if (grids.includes(grid)) { slider.value = grids.indexOf(grid); show(); } };
  slider.addEventListener("input", show);
  for (const link of document.querySelectorAll(".strip a"))
    link.addEventListener("click", (event) => { event.preventDefault(); choose(link.dataset.grid); });
  slider.parentElement.hidden = false;
  choose(kept("grid"));
}
const { refresh, stale, written } = document.body.querySelector("main > header").dataset;
if (refresh) setInterval(() => {
  // A reload keeps the place on the page, but would take the slider out of a hand.
  if (!document.hidden && !(slider && slider.matches(":active"))) location.reload();
}, refresh * 1000);
document.getElementById("stale").hidden = !(refresh && Date.now() / 1000 - written > stale);
