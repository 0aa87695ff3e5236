"""The report of a sweep as one HTML page that needs nothing else: style and figures are inside, light, dark and on paper."""

import html
import re

from analysis import cells, layout, table
from analysis.figure_style import INK, QUIET

SCALE = 1.5  # CSS pixels per point of a figure: the same for all, so that their letters are of one size

CSS = """
:root { color-scheme: light dark; --ink: #24292f; --quiet: #57606a; --line: #d0d7de; --paper: #fff; --shade: #f6f8fa; --bad: #b42318; --open: #9a6700; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9da7b1; --line: #30363d; --paper: #0f1318; --shade: #171c22; --bad: #ff8078; --open: #e3b341; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; } h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
p.what { margin: 0 0 .3rem; } .what, .notes, figcaption { color: var(--quiet); font-size: .875rem; }
.verdict { font-size: 1.05rem; border-left: 4px solid var(--line); padding: .1rem 0 .1rem 1rem; margin: 1.2rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .3rem .65rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; vertical-align: bottom; border-bottom-width: 2px; } thead .group { text-align: center; border-bottom-width: 1px; }
.label { text-align: left; } td.bad { color: var(--bad); font-weight: 600; } td.open { color: var(--open); } .first { border-left: 1px solid var(--line); }
.notes { padding-left: 1.1rem; margin: .6rem 0; }
figure { margin: 1.6rem 0 2.2rem; } figure svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: .3rem; max-width: 48rem; } figcaption b { color: var(--ink); }
details { border-bottom: 1px solid var(--line); padding: .35rem 0; } summary { cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .875rem; margin: .5rem 0 .8rem; }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; }
code { font: .85em/1.45 ui-monospace, monospace; background: var(--shade); padding: .1em .3em; border-radius: 3px; }
@media (max-width: 40rem) { body { padding: 1rem .8rem 3rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; }
  figure svg { min-width: 34rem; } }
@media print {
  :root { --ink: #000; --quiet: #444; --line: #bbb; --paper: #fff; --shade: #fff; --bad: #900; --open: #640; }
  body { max-width: none; font-size: 10.5pt; padding: 0; } figure, tr, details { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: 7.5pt; }
  th, td { padding: .15rem .3rem; }
}
"""


def page(sweep, grid, blocks, said, figures):
    """`blocks`: the wide form of table.sweep_blocks; `said`: the summary; `figures`: drawn ones."""
    heading = "".join(f'<p class="what">{html.escape(line)}</p>\n' for line in table.heading(sweep))
    parts = [
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>skewbench: {html.escape(sweep.name)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n",
        f"<h1>skewbench: {html.escape(sweep.name)}</h1>\n{heading}",
        f"<p class=\"verdict\">{html.escape(said)}</p>\n" if sweep.cases else "",
        *(layout.as_html(block) for block in blocks),
        "<h2>Figures</h2>\n" if figures else "",
        *(figure_html(figure) for figure in figures),
        "<h2>Cases</h2>\n<p class=\"what\">Each string reruns its case: <code>mpirun -np R build/bin/train --case STRING --out FILE.h5</code></p>\n",
        *(case_html(case) for case in sweep.cases),
        "</body>\n</html>\n",
    ]
    return "".join(parts)


def figure_html(figure):
    svg = inline_svg(figure.svg.read_text(encoding="utf-8"), figure.name)
    return (f'<figure><div class="scroll">{svg}</div>\n<figcaption><b>{html.escape(figure.title)}.</b> '
            f"{html.escape(figure.caption)}</figcaption></figure>\n")


def inline_svg(text, name):
    """An SVG file as an element of a page: no prologue, no references to anywhere, its own ids, and the page's text colours."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    points = float(re.search(r'viewBox="\S+ \S+ (\S+) ', text)[1])
    text = re.sub(r'<svg\b[^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 style="max-width: {points * SCALE:.0f}px" role="img">', text, count=1)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    # The white sheet behind the figure goes, so that the page's shows.
    text = re.sub(r'(<g id="[^"]*-patch_1">\s*<path [^>]*style="fill: )#ffffff', r"\1none", text, count=1)
    return text.replace(INK, "var(--ink)").replace(QUIET, "var(--quiet)")


def case_html(case):
    name = case.case or table.short_name(case)
    state = f'<span class="{layout.state_class(case.state)}">{html.escape(case.state)}</span>'
    facts = {"reason": case.reason, **case_facts(case)}
    rows = "".join(f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>" for key, value in facts.items() if value)
    return f"<details><summary>{state} <code>{html.escape(name)}</code></summary><dl>{rows}</dl></details>\n"


def case_facts(case):
    """{name: text} of what the page says about one case."""
    run = case.run
    if run is None:
        return {"options": " ".join(f"--{key} {value}" for key, value in case.options.items() if value)}
    facts = {"rerun": f"mpirun -np {run.environment.get('ranks', 'R')} build/bin/train --case {run.case} --out FILE.h5",
             "file": run.path.name, "started": run.started, "ended": run.ended}
    if run.evaluations:
        mean, worst, average = run.accuracy_percent()
        facts |= {
            "last evaluation": f"epoch {run.rows['epoch'][-1]:g}: mean {mean[-1]:.2f} %, worst {worst[-1]:.2f} %, averaged model "
                               f"{average[-1]:.2f} %, {run.rows['evaluated_samples'][-1]} samples",
            "payload per worker": cells.bytes_text(run.payload_per_worker()[-1]),
            "wire per worker": cells.bytes_text(run.rows["wire_bytes"][-1].mean()),
            "training time": cells.seconds_text(run.training_seconds()[-1]) + (" (oversubscribed: no timing)" if run.oversubscribed else ""),
            "slowest rank": ", ".join(f"{phase} {cells.seconds_text(run.rows['seconds_' + phase][-1].max())}"
                                      for phase in ("compute", "exchange", "wait", "mix", "evaluation")),
        }
    for group in (run.topology, run.model, run.environment):
        facts |= {key.replace("_", " "): value for key, value in group.items()}
    return facts
