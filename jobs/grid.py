"""A sweep file (TOML): what it may hold, and the cases that it spans.

    name   = "first"                 # results go to results/runs/first
    reason = "what the sweep is to show"
    ranks   = 2                      # default: the cores, at most the workers
    timeout = 600                    # seconds a case may take; default: none
    [defaults]                       # options of the driver for every case
    epochs = 3
    [[grid]]                         # a list is an axis: all combinations
    algorithm = "d_psgd"
    skew = ["iid", "label:100"]

Options are those of `train --list`, by their names without dashes; `train --show-case` names each case.
"""

import difflib
import itertools
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import launch

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

TOP = {"name": str, "reason": str, "ranks": int, "timeout": (int, float), "defaults": dict, "grid": list}

# Options that the runner sets itself, or that do something else than train.
RESERVED = {"out", "case", "list", "show-case", "help"}


class SweepError(Exception):
    """One sentence for the user."""


@dataclass
class Case:
    text: str  # the case string
    options: dict
    label: str = ""  # what tells it from the sweep's other cases

    @property
    def stem(self):
        return re.sub("[/:]", "_", self.text)

    @property
    def workers(self):
        found = re.search(r"/n(\d+)/", self.text)
        return int(found[1]) if found else 1

    @property
    def arguments(self):
        return arguments(self.options)


@dataclass
class Sweep:
    name: str
    ranks: int = None
    timeout: float = None
    cases: list = field(default_factory=list)
    merged: int = 0  # combinations that named a case a second time

    def ranks_of(self, case):
        return min(self.ranks or launch.cores(), case.workers)


def arguments(options):
    """{"lr": 0.1, "trajectory": True} -> ["--lr", "0.1", "--trajectory"]"""
    line = []
    for name, value in options.items():
        if value is True:
            line.append(f"--{name}")
        elif value is not False:
            line += [f"--{name}", str(value)]
    return line


def _ask(train, *line):
    try:
        done = subprocess.run([str(train), *line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, env=launch.environment())
    except OSError as error:
        raise SweepError(f"{train} cannot be started ({error.strerror}); make build") from None
    except subprocess.TimeoutExpired:
        raise SweepError(f"{train} {' '.join(line)} did not answer within 60 s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise SweepError(next((text for text in said if text.startswith("train: ")), said[-1]))
    return done.stdout


def option_names(train):
    """The names in `train --list`, whose lines are "kind<TAB>name<TAB>sentence"."""
    lines = [line.split("\t") for line in _ask(train, "--list").splitlines()]
    names = {line[1] for line in lines if len(line) == 3 and line[0] == "option"}
    if not names:
        raise SweepError(f"{train} --list names no options")
    return names


def _unknown(what, name, known):
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return SweepError(f"unknown {what} '{name}'; did you mean '{near[0] if near else ''}'? Known: {', '.join(sorted(known))}")


def _check_options(table, where, known, lists):
    for name, value in table.items():
        if name in RESERVED:
            raise SweepError(f"{where}: '{name}' cannot be set in a sweep file")
        if name not in known:
            raise _unknown(f"option in {where}", name, known)
        values = value if isinstance(value, list) and lists else [value]
        if not values or not all(isinstance(item, (str, int, float, bool)) for item in values):
            raise SweepError(f"{where}: '{name}' must be a string, a number, true or false" + (", or a list of them" if lists else ""))


def load(path):
    """The checked tables of a sweep file; options are not looked at yet."""
    try:
        table = tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise SweepError(f"{path} is not valid TOML: {error}") from None
    for name, value in table.items():
        if name not in TOP:
            raise _unknown(f"key in {path}", name, list(TOP))
        if not isinstance(value, TOP[name]) or isinstance(value, bool):
            raise SweepError(f"{path}: '{name}' has the wrong type")
    for name in ("name", "reason", "grid"):
        if not table.get(name):
            raise SweepError(f"{path} needs '{name}'")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", table["name"]):
        raise SweepError(f"{path}: the name '{table['name']}' cannot be a folder's name")
    for name in ("ranks", "timeout"):
        if name in table and table[name] <= 0:
            raise SweepError(f"{path}: '{name}' must be positive, not {table[name]}")
    if not all(isinstance(grid, dict) for grid in table["grid"]):
        raise SweepError(f"{path}: 'grid' must be tables, [[grid]]")
    return table


def _label(case, cases):
    """The parts of the case string that not all cases share; the whole string of a single case."""
    parts = [set(other.text.split("/")) for other in cases]
    shared = set.intersection(*parts)
    return "/".join(part for part in case.text.split("/") if part not in shared) or case.text


def read(path, train, overrides=()):
    """The Sweep in a file. `overrides` are "OPTION=VALUE", put above the file. Raises SweepError before anything runs."""
    table = load(path)
    known = option_names(train)
    above = dict(text.split("=", 1) for text in overrides)
    _check_options(above, "--set", known, lists=False)
    defaults = table.get("defaults", {})
    _check_options(defaults, f"{path} [defaults]", known, lists=False)
    combinations = []
    for number, grid in enumerate(table["grid"], 1):
        _check_options(grid, f"{path} [[grid]] number {number}", known, lists=True)
        axes = [[(name, item) for item in (value if isinstance(value, list) else [value])] for name, value in grid.items()]
        combinations += [{**defaults, **dict(choice), **above} for choice in itertools.product(*axes)]

    def name_case(options):
        try:
            return _ask(train, *arguments(options), "--show-case").strip()
        except SweepError as error:
            raise SweepError(f"{error} (in {' '.join(arguments(options))})") from None

    sweep = Sweep(table["name"], table.get("ranks"), table.get("timeout"))
    with ThreadPoolExecutor(launch.cores()) as pool:
        texts = list(pool.map(name_case, combinations))
    by_text = dict(zip(reversed(texts), reversed(combinations)))  # the first of equal ones stays
    sweep.cases = [Case(text, by_text[text]) for text in dict.fromkeys(texts)]
    sweep.merged = len(texts) - len(sweep.cases)
    for case in sweep.cases:
        case.label = _label(case, sweep.cases)
    return sweep
