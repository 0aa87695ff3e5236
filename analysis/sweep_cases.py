"""Which cases a sweep has and what became of each: the sweep's TOML says what was asked for, the folder what there is.

A sweep file holds `name`, `[defaults]` and one or more `[[grid]]` tables whose lists span a product. Results stand in
results/runs/<name>/, a failed case's log beside them.
"""

import itertools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from analysis import cells
from analysis.results_file import read_folder

RUNS = Path("results/runs")


class BadSweep(Exception):
    """One sentence: which sweep file, and why it cannot be used."""


@dataclass
class Sweep:
    name: str
    folder: Path
    cases: list
    notes: list = field(default_factory=list)


def load_sweep(path, runs=RUNS):
    """Reads the sweep file and every result of its folder; raises BadSweep."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSweep(f"sweep file {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSweep(f"sweep file {path} is not valid TOML: {error}") from error
    name = content.get("name", path.stem)
    folder = Path(runs) / name
    return collect(name, folder, expand(content))


def load_folder(folder):
    """A folder of results without a sweep file: what is there is what was asked for."""
    folder = Path(folder)
    return collect(folder.name, folder, [])


def expand(content):
    """The option sets of a sweep file, values as text: the product of each [[grid]]'s lists over [defaults]."""
    defaults = content.get("defaults", {})
    expanded = []
    for grid in content.get("grid", []):
        merged = {**defaults, **grid}
        axes = [value if isinstance(value, list) else [value] for value in merged.values()]
        expanded += [dict(zip(merged, map(str, values))) for values in itertools.product(*axes)]
    return expanded


def collect(name, folder, expected):
    """Matches the results of `folder` with the `expected` option sets; results nobody expected stay in, with a note."""
    runs, skipped = read_folder(folder)
    sweep = Sweep(name, Path(folder), [], [f"not read: {sentence}" for sentence in skipped])
    best = {}
    for run in runs:
        other = best.get(run.case)
        if other is not None:
            older, run = sorted((other, run), key=lambda one: (one.state == "complete", one.state == "running", one.started))
            sweep.notes.append(f"{older.path.name} ({older.state}) is left out: {run.path.name} is a later or complete run of the same case")
        best[run.case] = run
    unmatched = list(best.values())
    for options in expected:
        run = next((run for run in unmatched if _has_options(run.config, options)), None)
        if run is None:
            sweep.cases.append(_case_without_result(Path(folder), options))
        else:
            unmatched.remove(run)
            sweep.cases.append(_case_of(run))
    sweep.cases += [_case_of(run) for run in unmatched]
    if expected and unmatched:
        sweep.notes.append(f"{len(unmatched)} of the results are not in the sweep file: " + ", ".join(run.case for run in unmatched))
    return sweep


def _case_of(run):
    state = run.verdict if run.state == "complete" else run.state.upper()
    if run.state == "complete" and run.evaluations == 0:
        state = "NOT_VERIFIED"
    return cells.Case(options=dict(run.config), case=run.case, state=state, run=run, reason=run.reason)


def _has_options(config, options):
    return all(cells.same(config.get(key), value) for key, value in options.items() if key not in cells.NOT_PART_OF_A_CASE)


def _case_without_result(folder, options):
    return cells.Case(options=options, case="", state="MISSING", reason="no result file")
