"""Which cases a sweep has and what became of each: the sweep's TOML says what was asked for, the folder what there is.

A sweep file holds `name`, `[defaults]` and one or more `[[grid]]` tables whose lists span a product. Results stand in
results/runs/<name>/, a failed case's log beside them.
"""

import itertools
import re
import shlex
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from analysis import cells
from analysis.results_file import process_may_live, read_folder

RUNS = Path("results/runs")
LOG_MARK = re.compile(r"# (?P<at>\S+) (?:start pid (?P<pid>\d+) on (?P<host>[^\s:]+): (?P<start>.*)|failed: (?P<failed>.*)|interrupted|exit 0 .*)$")


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
    """The option sets of a sweep file, values as text: the product of each [[grid]]'s lists over [defaults], repeated ones once."""
    defaults = content.get("defaults", {})
    expanded = []
    for grid in content.get("grid", []):
        merged = {**defaults, **grid}
        axes = [value if isinstance(value, list) else [value] for value in merged.values()]
        for values in itertools.product(*axes):
            options = dict(zip(merged, map(str, values)))
            if options not in expanded:
                expanded.append(options)
    return expanded


def collect(name, folder, expected):
    """Matches the results of `folder` with the `expected` option sets; results nobody expected stay in, with a note."""
    folder = Path(folder)
    runs, skipped = read_folder(folder)
    sweep = Sweep(name, folder, [], [f"not read: {sentence}" for sentence in skipped])
    unmatched = list(_one_run_a_case(runs, sweep.notes).values())
    logs = [log for path in sorted(folder.glob("*.log")) if (log := read_log(path)) is not None]
    matched = {}
    # The most specific first: a set that leaves an option at its default must not take the run of one that states it.
    for number, options in sorted(enumerate(expected), key=lambda item: -len(item[1])):
        run = next((run for run in unmatched if _has_options(run.config, options)), None)
        if run is not None:
            unmatched.remove(run)
            matched[number] = _case_of(run)
        else:
            matched[number] = _case_without_result(options, logs)
    _fill_in_defaults(expected, matched)
    sweep.cases = [matched[number] for number in sorted(matched)] + [_case_of(run) for run in unmatched]
    if expected and unmatched:
        sweep.notes.append("not in the sweep file: " + ", ".join(run.case for run in unmatched))
    return sweep


def _one_run_a_case(runs, notes):
    best = {}
    for run in runs:
        if run.case in best:
            older, run = sorted((best[run.case], run), key=lambda one: (one.state == "complete", one.state == "running", one.started))
            notes.append(f"{older.path.name} ({older.state}) is left out: {run.path.name} is a complete or later run of the same case")
        best[run.case] = run
    return best


def _case_of(run):
    state, reason = run.verdict, run.reason
    if run.state != "complete":
        state = run.state.upper()
        log = read_log(run.path.parent / (re.sub("[/:]", "_", run.case) + ".log"))
        if log is not None and log.state == "FAILED" and run.state == "interrupted":
            state, reason = log.state, log.reason
    elif run.evaluations == 0:
        state, reason = "NOT_VERIFIED", "no evaluation in a complete file"
    return cells.Case(options=dict(run.config), case=run.case, state=state, run=run, reason=reason)


def _case_without_result(options, logs):
    log = next((log for log in logs if _has_options(log.options, options)), None)
    if log is None:
        return cells.Case(options=dict(options), case="", state="MISSING", reason="no result file")
    return cells.Case(options=dict(options), case="", state=log.state, reason=log.reason)


def _has_options(config, options):
    return all(cells.same(config.get(key), value) for key, value in options.items() if key not in cells.NOT_PART_OF_A_CASE)


def _fill_in_defaults(expected, matched):
    """A case without a file shows the driver's defaults as the files of cases that left them alone have them."""
    defaults = {}
    for number, case in matched.items():
        if case.run is not None:
            defaults.update((key, value) for key, value in case.options.items() if key not in expected[number])
    for case in matched.values():
        if case.run is None:
            case.options = {**defaults, **case.options}


@dataclass
class Log:
    """What jobs/sweep.py wrote about a case that has no result: how it was started, and what its last mark says."""

    options: dict
    state: str  # FAILED, RUNNING, INTERRUPTED
    reason: str


def read_log(path):
    """None where there is no log, or no mark of the runner in it."""
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    marks = [match for line in lines if (match := LOG_MARK.match(line))]
    starts = [match for match in marks if match["start"]]
    if not starts:
        return None
    if marks[-1]["failed"]:
        state, reason = "FAILED", f"{marks[-1]['failed']}; log: {path}"
    elif marks[-1]["start"] and process_may_live(marks[-1]["host"], int(marks[-1]["pid"]), marks[-1]["at"]):
        state, reason = "RUNNING", "no evaluation yet"
    else:
        state, reason = "INTERRUPTED", f"log: {path}"
    return Log(_options_of(starts[-1]["start"]), state, reason)


def _options_of(command):
    """{"lr": "0.1", "trajectory": ""} of a command line `... --lr 0.1 --trajectory ...`."""
    try:
        words = shlex.split(command)
    except ValueError:
        return {}
    return {word[2:]: after if not after.startswith("--") else "" for word, after in zip(words, [*words[1:], "--"]) if word.startswith("--")}
