"""Prints a sweep's table, or a published table with own values beside it.

    python -m analysis.table --sweep jobs/sweeps/first.toml [--target 80] [--last 2] [--markdown]
    python -m analysis.table --runs results/runs/first
    python -m analysis.table --table relaysum-table2
"""

import argparse
import signal
import sys
import textwrap
from pathlib import Path

from analysis import cells, layout, published, sweep_cases

HEADING_OPTIONS = ("dataset", "model", "init", "workers", "epochs", "batch", "lr", "lr-schedule", "momentum", "weight-decay")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="analysis.table", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--sweep", metavar="FILE.toml", help="the table of a sweep, missing cases included")
    what.add_argument("--runs", metavar="FOLDER", help="the table of all result files of a folder")
    what.add_argument("--table", metavar="NAME", help="a published table beside own values: " + ", ".join(published.table_names()))
    parser.add_argument("--target", type=float, default=80.0, metavar="PERCENT", help="accuracy to which bytes and seconds are counted")
    parser.add_argument("--last", type=int, default=1, choices=(1, 2), help="evaluations that an accuracy is the mean of")
    parser.add_argument("--markdown", action="store_true", help="Markdown instead of terminal text")
    options = parser.parse_args(arguments)
    render = layout.as_markdown if options.markdown else layout.as_text
    try:
        if options.table:
            blocks = [published_block(options.table)]
            lines = []
        else:
            sweep = sweep_cases.load_sweep(options.sweep) if options.sweep else sweep_cases.load_folder(options.runs)
            lines = [heading_text(sweep), "", ""]
            blocks = sweep_blocks(sweep, options.target, options.last, wide=options.markdown)
    except (sweep_cases.BadSweep, published.BadTable) as error:
        print(f"table: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines) + "\n\n".join(render(block) for block in blocks))
    return 0


def published_block(name, runs=sweep_cases.RUNS):
    """The published table with own values from every folder of own runs."""
    table = published.load_table(name)
    cases, skipped = [], []
    for folder in sorted(path for path in Path(runs).glob("*") if path.is_dir()):
        sweep = sweep_cases.load_folder(folder)
        cases += sweep.cases
        skipped += sweep.notes
    block = published.compare(table, cases)
    block.notes += skipped
    return block


def heading(sweep):
    """(what the sweep is, how much of it is there), each one line of any length."""
    constant = cells.Grid(sweep.cases).constant_options()
    states = [case.state for case in sweep.cases]
    counts = ", ".join(f"{states.count(state)} {state}" for state in cells.STATES if state in states)
    parts = [constant[key] if key in ("dataset", "model") else f"{key} {constant[key]}" for key in HEADING_OPTIONS if constant.get(key)]
    return f"sweep {sweep.name}" + (": " + ", ".join(parts) if parts else ""), f"{len(states)} cases: {counts or 'no results yet'}"


def heading_text(sweep):
    return "\n".join(line for part in heading(sweep) for line in textwrap.wrap(part, layout.WIDTH, break_on_hyphens=False))


def sweep_blocks(sweep, target=80.0, last=1, wide=False):
    """The sweep's table: one Block a metric for the terminal; with `wide` all metrics of a skew side by side. Published values follow."""
    grid = cells.Grid(sweep.cases)
    if not sweep.cases:
        return [layout.Block(f"sweep {sweep.name}: no results yet", [""], [], 1, notes_of(sweep, grid, last))]
    blocks = _wide_blocks(grid, target, last) if wide else _metric_blocks(grid, target, last)
    blocks[0 if wide else len(cells.METRICS) - 1].notes += notes_of(sweep, grid, last)
    blocks[-1].notes += cost_notes(grid, target)
    if grid.without_classes():
        rows = [[*_row_label(grid, row), *_cells_of(grid, row, lambda cell: cell.loss_text())] for row in grid.rows]
        header = [grid.row_options[column] for column in _labels(grid)]
        blocks.insert(0, layout.Block("Loss of the averaged model, last evaluation", [*header, *grid.skews], rows, len(header)))
    return blocks + context_blocks(sweep)


def context_blocks(sweep):
    """Published tables that have a cell for a case of the sweep, each cut down to those cells."""
    blocks = (published.compare(published.load_table(name), sweep.cases, only_run=True) for name in published.table_names())
    return [block for block in blocks if block is not None]


def _labels(grid):
    """(columns of row_options that differ between rows, or the algorithm alone)."""
    columns = [column for column in range(len(grid.row_options)) if len({row[column] for row in grid.rows}) > 1]
    return columns or [0]


def _row_label(grid, row):
    return [row[column] for column in _labels(grid)]


def _metric_blocks(grid, target, last):
    header = [grid.row_options[column] for column in _labels(grid)]
    blocks = []
    for metric, name in cells.METRICS.items():
        rows = [[*_row_label(grid, row), *_cells_of(grid, row, lambda cell: cell.accuracy_text(metric, last)),
                 cells.verdict_text(grid.row_cases(row))] for row in grid.rows]
        blocks.append(layout.Block(f"Accuracy of the {name} in %", [*header, *grid.skews, "verdict"], rows, len(header)))
    for cost, name in (("payload", "Payload per worker"), ("seconds", "Training time")):
        rows = [[*_row_label(grid, row), *_cells_of(grid, row, lambda cell: cell.cost_text(target, cost))] for row in grid.rows]
        blocks.append(layout.Block(f"{name} until the mean worker reaches {target:g} %", [*header, *grid.skews], rows, len(header)))
    return blocks


def _wide_blocks(grid, target, last):
    header = [grid.row_options[column] for column in _labels(grid)]
    accuracies, costs = [], []
    for row in grid.rows:
        accuracy, cost = _row_label(grid, row), _row_label(grid, row)
        for skew in grid.skews:
            accuracy += [_cell_text(grid.cell(row, skew), lambda cell: cell.accuracy_text(metric, last)) for metric in cells.METRICS]
            cost += [_cell_text(grid.cell(row, skew), lambda cell: cell.cost_text(target, which)) for which in ("payload", "seconds")]
        accuracies.append([*accuracy, cells.verdict_text(grid.row_cases(row))])
        costs.append(cost)
    columns = [f"{skew}: {short}" for skew in grid.skews for short in ("mean", "worst", "averaged")]
    pairs = [f"{skew}: {which}" for skew in grid.skews for which in ("payload", "time")]
    return [
        layout.Block("Accuracy in %: mean worker, worst worker, averaged model", [*header, *columns, "verdict"], accuracies, len(header)),
        layout.Block(f"Payload per worker and training time until the mean worker reaches {target:g} %", [*header, *pairs], costs,
                     len(header)),
    ]


def _cells_of(grid, row, text):
    return [_cell_text(grid.cell(row, skew), text) for skew in grid.skews]


def _cell_text(cell, text):
    return "·" if cell is None else text(cell)


def notes_of(sweep, grid, last):
    """What a reader must know about the accuracies, missing cases and skipped files included."""
    notes = []
    finished = [case for case in sweep.cases if case.finished]
    if finished:
        which = "the last evaluation" if last == 1 else f"mean of the last {last} evaluations"
        sizes = sorted({int(size) for case in finished for size in case.run.rows["evaluated_samples"][-last:]})
        whole = all(case.run.rows["full"][-last:].all() for case in finished)
        notes.append(f"{which}, on {'the whole test set' if whole else 'a part of the test set'} ({', '.join(map(str, sizes))} samples)")
        if any(len(case.run.evaluated_workers) < int(case.options.get("workers", 0)) for case in finished):
            notes.append("mean and worst are over a fixed sample of the workers, not over all")
        seeds = sorted({len(cell.cases) for cell in grid.cells.values()})
        notes.append("one seed" if seeds == [1] else f"± is the sample standard deviation over {seeds[-1]} seeds")
    texts = {cell.accuracy_text(metric, last) for cell in grid.cells.values() for metric in cells.METRICS}
    if any(text.startswith("(") for text in texts):
        notes.append("(in brackets): not finished, the latest evaluation so far")
    if any(text.endswith(")") and "(" in text[1:] for text in texts):
        notes.append("(k/n): only k of n seeds have finished")
    if "nan" in texts:
        notes.append("nan: the task has no classes, or a worker's model gives no number")
    if any((row, skew) not in grid.cells for row in grid.rows for skew in grid.skews):
        notes.append("·: not part of the sweep")
    for option, values in grid.varying_options().items():
        notes.append(f"{option} differs between cases: {', '.join(values)}")
    for case in sweep.cases:
        if case.state not in ("PASSED", "RUNNING"):
            notes.append(f"{case.state}: {case.case or short_name(case)}" + (f" ({case.reason})" if case.reason else ""))
    return notes + sweep.notes


def cost_notes(grid, target):
    notes = [f"payload: encoded bytes sent over the worker's edges, mean over workers; time: wall time without evaluation; both at "
             f"the first evaluation at or above {target:g} %; -: never reached; (k/n): on k of n seeds"]
    if any(case.run is not None and case.run.oversubscribed for case in grid.cases):
        notes.append("*: more ranks than cores, this time is no timing")
    return notes


def short_name(case):
    """For a case without a result file, whose case string only the driver knows."""
    options = {"workers": "", "seed": "", **case.options}
    parts = [options.get(key, "") for key in (*cells.ROW_OPTIONS, "skew")]
    parts += [f"n{options['workers']}" if options["workers"] else "", f"seed{options['seed']}" if options["seed"] else ""]
    return " ".join(part for part in parts if part)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    sys.exit(main())
