"""Published numbers (results/published/*.csv) and the tables that set them beside own runs (analysis/tables/*.toml).

A table file names the CSV and its rows and columns by filters on the CSV's fields, and the options of the own cases that
belong to each. `setup` lists what the paper used: an own run that differs in it is still shown, marked, and the note says how.
"""

import csv
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from analysis import cells, layout

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "results" / "published"
TABLES = ROOT / "analysis" / "tables"
FIELDS = ("paper,table,dataset,model,norm,topology,workers,skew_kind,skew_value,algorithm,hyperparams,metric,value,std,"
          "epochs,source").split(",")


class BadTable(Exception):
    """One sentence: which published table, and why it cannot be used."""


def read_csv(path):
    """Rows as {field: text}; values stay text, because some are `diverged`, a formula or a sentence."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != tuple(FIELDS):
            raise BadTable(f"{path} does not have the header of a published table")
        return list(reader)


@dataclass
class PublishedCell:
    """One cell: the published row, and what an own case must have (`ours`: option -> allowed values, the closest first)."""

    row_label: str
    column_label: str
    published: dict
    ours: dict
    setup: dict


@dataclass
class PublishedTable:
    name: str
    title: str
    metric: str
    last: int
    cells: list
    notes: list = field(default_factory=list)


def table_names():
    return sorted(path.stem for path in TABLES.glob("*.toml"))


def load_table(name):
    """Raises BadTable, also where a filter does not name exactly one published row."""
    path = TABLES / f"{name}.toml"
    if not path.is_file():
        raise BadTable(f"there is no table '{name}'; known: {', '.join(table_names())}")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    rows = read_csv(PUBLISHED / content["csv"])
    table = PublishedTable(name, content["title"], content["metric"], content.get("last", 1), [], content.get("notes", []))
    for row in content["row"]:
        for column in content["column"]:
            if column["label"] not in row.get("columns", [column["label"]]):
                continue
            wanted = {**content.get("published", {}), **column["published"], **row["published"]}
            found = [entry for entry in rows if all(entry[key] == value for key, value in wanted.items())]
            if len(found) != 1:
                raise BadTable(f"{path.name}: {len(found)} published rows instead of one for '{row['label']}', {column['label']}")
            ours = {**content.get("ours", {}), **column["ours"], **row["ours"]} if row["ours"] else {}
            ours = {key: value if isinstance(value, list) else [value] for key, value in ours.items()}
            setup = {**content.get("setup", {}), **row.get("setup", {})}
            table.cells.append(PublishedCell(row["label"], column["label"], found[0], ours, setup))
    return table


def own_cell(cell, cases):
    """The own cases, one per seed, that stand beside a published cell: of several set-ups the one with the fewest differences,
    then the latest. None without any."""
    groups = {}
    for case in cases:
        if cell.ours and case.run is not None and all(_rank(allowed, case, key) is not None for key, allowed in cell.ours.items()):
            rest = tuple(sorted((key, value) for key, value in case.options.items()
                                if key != "seed" and key not in cells.NOT_PART_OF_A_CASE))
            groups.setdefault(rest, {})[case.options.get("seed")] = case  # a seed that ran twice counts once
    if not groups:
        return None
    seeds = (list(group.values()) for group in groups.values())
    return cells.Cell(max(seeds, key=lambda group: (-len(differences(cell, group[0])), max(case.run.started for case in group))))


def differences(cell, case):
    """[(option, published, ours)] where the own case is not what the paper used."""
    closest = {key: allowed[0] for key, allowed in cell.ours.items()}
    wanted = {**cell.setup, **closest}
    return [(key, value, case.options.get(key, "")) for key, value in wanted.items() if not cells.same(case.options.get(key), value)]


def _rank(allowed, case, key):
    return next((rank for rank, value in enumerate(allowed) if cells.same(case.options.get(key), value)), None)


def published_text(row):
    return row["value"] + (f"±{row['std']}" if row["std"] else "")


def compare(table, cases, only_run=False):
    """The table as a Block, one line a published cell; with `only_run` just the cells that have an own value, None without any."""
    rows, differ, compared = [], {}, set()
    for cell in table.cells:
        own = own_cell(cell, cases)
        if own is None:
            if not only_run:
                rows.append([cell.row_label, cell.column_label, published_text(cell.published), "not run", "-", "not run"])
            continue
        compared.add(cell.row_label)
        found = differences(cell, own.cases[0])
        for difference in found:
            differ.setdefault(difference, set()).add(cell.row_label)
        result, theirs = own.accuracy(table.metric, table.last), cells.number(cell.published["value"])
        comparable = not found and result is not None and theirs is not None and not math.isnan(result.mean)
        points = f"{result.mean - theirs:+.1f}" if comparable else "-"
        rows.append([cell.row_label, cell.column_label, published_text(cell.published),
                     own.accuracy_text(table.metric, table.last) + ("†" if found else ""), points, cells.verdict_text(own.cases)])
    if not rows:
        return None
    notes = []
    if differ:
        notes.append("† other set-up, not a reproduction; published / ours: "
                     + "; ".join(_difference_text(difference, where, compared) for difference, where in differ.items()))
    notes += [f"the whole table, with what it says about itself: make table TABLE={table.name}"] if only_run else table.notes
    how = "last evaluation" if table.last == 1 else f"mean of the last {table.last} evaluations"
    notes.append(f"ours: {cells.METRICS[table.metric]}, test accuracy in %, {how}; ± is the sample standard deviation over seeds")
    other = " (other set-up)" if only_run and differ else ""
    header = ["", "skew", "published" + other, "ours", "diff", "verdict"]
    if all(row[4] == "-" for row in rows):
        header, *rows = ([*row[:4], row[5]] for row in (header, *rows))
    return layout.Block(table.title, header, rows, 2, notes)


def _difference_text(difference, where, compared):
    key, theirs, ours = difference
    rows = "" if where == compared else f" ({', '.join(sorted(where))})"
    return f"{key} {theirs} / {ours or 'none'}{rows}"
