"""The look of the pages that a run writes: one file each, light and dark, without the network."""

STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #1d1e20; --dim: #63656b; --line: #e2e0da;
  --good: #2f7d57; --bad: #c4703c; }
@media (prefers-color-scheme: dark) { :root { --ground: #17181a; --card: #202225; --ink: #ececee; --dim: #a0a3aa;
  --line: #33363b; --good: #62b98c; --bad: #e09a68; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 0 0 16px; }
p { margin: 0 0 12px; } .dim { color: var(--dim); } .small { font-size: 14px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px; margin-top: 20px;
  min-width: 0; }
.two { display: grid; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 20px; }
.bar { display: flex; justify-content: space-between; gap: 16px; margin-top: 14px; }
.bar .count { white-space: nowrap; font-variant-numeric: tabular-nums; }
.track { background: var(--line); border-radius: 4px; height: 8px; overflow: hidden; margin-top: 4px; }
.fill { height: 100%; background: var(--bad); border-radius: 4px; min-width: 3px; }
.fill.used { background: var(--good); }
.hint { color: var(--dim); font-size: 14px; margin: 4px 0 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
figure { margin: 0; } figcaption { color: var(--dim); font-size: 14px; margin-top: 6px; }
img { max-width: 100%; height: auto; display: block; border-radius: 8px; } .pair img, img.wide { width: 100%; }
.scroll { overflow-x: auto; } .scroll img { max-width: none; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--dim); font-weight: 500; }
th, td { padding: 7px 16px 7px 0; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child > * { border-top: 0; } td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; }
.note { border-left: 4px solid var(--bad); }
@media (max-width: 600px) { main { padding: 24px 14px 48px; } section { padding: 18px; } h1 { font-size: 25px; } }
"""


def document(title: str, body: str, head: str = "") -> str:
    """The whole of an HTML page; all three are HTML already. `head` comes after the style, so it can add to it."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>{head}</head>\n<body><main>\n{body}\n</main></body></html>\n"
    )
