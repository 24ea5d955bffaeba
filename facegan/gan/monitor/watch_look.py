"""Style and script of RUN/index.html, on top of the look that all pages share."""

from facegan.gan.monitor.charts import HEIGHT, WIDTH

STYLE = """
.state { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; margin-top: 18px; }
.state + .track { height: 10px; border-radius: 5px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 14px 20px; margin-top: 22px; }
.facts b { display: block; font-size: 22px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.time { display: flex; align-items: center; gap: 16px; margin: 14px 0 4px; }
.time[hidden] { display: none; }
.time input { flex: 1; min-width: 0; height: 28px; accent-color: var(--good); }
.time output { min-width: 104px; text-align: right; font-variant-numeric: tabular-nums; }
.strip { display: grid; grid-template-columns: repeat(8, 1fr); gap: 10px; margin-top: 14px; }
.strip a { color: var(--dim); font-size: 13px; text-decoration: none; text-align: center; min-width: 0; }
.strip img { width: 100%; border-radius: 5px; margin-bottom: 3px; }
section p.says { color: var(--dim); font-size: 15px; max-width: 76ch; margin-bottom: 16px; }
h2 + p.says { margin-top: -8px; }
.wide-two { display: grid; gap: 0 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.wide-two > :last-child:nth-child(odd) { grid-column: 1 / -1; } .first { margin: 20px 4px; }
.events td:first-child, .events th:first-child { padding-left: 12px; }
td.when { white-space: nowrap; color: var(--dim); } tr.bad td:first-child { box-shadow: inset 3px 0 var(--bad); }
pre { background: var(--ground); border-radius: 8px; padding: 12px 14px; overflow-x: auto; font-size: 13px; margin: 0; }
a { color: var(--good); } ul { margin: 0 0 16px; padding-left: 20px; }
@media (max-width: 600px) { .strip { grid-template-columns: repeat(4, 1fr); }
  .events tr { display: grid; grid-template-columns: auto 1fr; padding: 9px 0 9px 12px; }
  .events tr:first-child { display: none; } .events tr + tr + tr { border-top: 1px solid var(--line); }
  .events td, .events tr > td:first-child:first-child { border: 0; padding: 0 16px 0 0; box-shadow: none; }
  .events td:last-child { grid-column: 1 / -1; } .events tr.bad { box-shadow: inset 3px 0 var(--bad); } }
:root { --a: #2f7d57; --b: #c4703c; --c: #4a72b8; }
@media (prefers-color-scheme: dark) { :root { --a: #62b98c; --b: #e09a68; --c: #86a8e6; } }
.keys { display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 14px; margin-bottom: 12px; }
.keys span { white-space: nowrap; } .keys b { font-variant-numeric: tabular-nums; font-weight: 600; }
.keys i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 7px;
  vertical-align: middle; }
.a { --line-colour: var(--a); } .b { --line-colour: var(--b); } .c { --line-colour: var(--c); }
.keys i { background: var(--line-colour); }
.plot { position: relative; height: 220px; margin: 6px 8px 28px 46px; touch-action: pan-y; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot svg.cut { overflow: hidden; }
.plot line { stroke: var(--line); vector-effect: non-scaling-stroke; }
.plot polyline { fill: none; stroke: var(--line-colour); stroke-width: 2; stroke-linejoin: round;
  stroke-linecap: round; vector-effect: non-scaling-stroke; }
.plot polyline.gone { stroke-width: 1.5; opacity: 0.5; stroke-dasharray: 3 4; }
.plot polygon { fill: var(--line-colour); opacity: 0.16; }
.plot .x, .plot .y { position: absolute; color: var(--dim); font-size: 12px; line-height: 16px;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.plot .y { right: calc(100% + 8px); transform: translateY(-50%); }
.plot .x { top: calc(100% + 6px); transform: translateX(-50%); }
.plot .dot { position: absolute; width: 11px; height: 11px; margin: -5.5px; border-radius: 50%;
  background: var(--line-colour); border: 2px solid var(--card); }
.plot .rule { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--dim); }
.plot .tip { position: absolute; top: 4px; margin: 0 10px; padding: 6px 10px; border-radius: 8px; font-size: 13px;
  line-height: 1.45; background: var(--card); border: 1px solid var(--line); white-space: nowrap; pointer-events: none;
  font-variant-numeric: tabular-nums; box-shadow: 0 2px 8px rgb(0 0 0 / 0.12); z-index: 1; }
@media (min-width: 900px) { .plot.tall { height: 300px; } }
"""

# The values under the pointer are read back from the lines themselves: the page holds every number once.
_CHARTS = """
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
"""

_PAGE = """
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
"""

SCRIPT = f"const WIDTH = {WIDTH}, HEIGHT = {HEIGHT};" + _CHARTS + _PAGE
