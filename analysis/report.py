"""Prints a sweep's table, draws its figures and writes one self-contained report.html.

    python -m analysis.report --sweep jobs/sweeps/first.toml [--target 80] [--last 2]

A sweep that is still running, or has failed cases, gives a report of what there is, and says what is not.
"""

import argparse
import signal
import sys
import textwrap

from analysis import cells, figures, layout, published, report_html, summary, sweep_cases, table


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="analysis.report", description=__doc__.splitlines()[0])
    parser.add_argument("--sweep", required=True, metavar="FILE.toml")
    parser.add_argument("--target", type=float, default=80.0, metavar="PERCENT", help="accuracy to which bytes and seconds are counted")
    parser.add_argument("--last", type=int, default=1, choices=(1, 2), help="evaluations that an accuracy is the mean of")
    options = parser.parse_args(arguments)
    try:
        sweep = sweep_cases.load_sweep(options.sweep)
        report(sweep, options.target, options.last)
    except (sweep_cases.BadSweep, published.BadTable) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"report: cannot write the report of sweep {sweep.name}: {error}", file=sys.stderr)
        return 1
    return 0


def report(sweep, target=80.0, last=1):
    """Prints the table, then draws and writes into the sweep's folder."""
    grid = cells.Grid(sweep.cases)
    print(table.heading_text(sweep), end="\n\n")
    print("\n\n".join(layout.as_text(block) for block in table.sweep_blocks(sweep, target, last)), end="\n\n")
    said = summary.summary(grid)
    print(textwrap.fill(said, layout.WIDTH), end="\n\n")
    drawn = figures.draw_figures(grid, sweep.folder / "figures")
    page = sweep.folder / "report.html"
    page.write_text(report_html.page(sweep, grid, table.sweep_blocks(sweep, target, last, wide=True), said, drawn), encoding="utf-8")
    print(f"figures: {sweep.folder / 'figures'} ({len(drawn)} as SVG and PNG)")
    print(f"report:  {page}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    sys.exit(main())
