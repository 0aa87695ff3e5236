"""A sweep's cases, and the cells of its table: one row per algorithm x norm x topology, one column per skew, seeds within a cell."""

import math
from dataclasses import dataclass

import numpy as np

ROW_OPTIONS = ("algorithm", "norm", "topology")
NOT_PART_OF_A_CASE = {"out", "case", "list", "show-case", "trajectory"}
METRICS = {"mean": "mean worker", "worst": "worst worker", "average": "averaged model"}
# Worst first: what a row's verdict column names when its cases differ.
STATES = ("DIVERGED", "FAILED", "MISSING", "INTERRUPTED", "RUNNING", "NOT_VERIFIED", "PASSED")


@dataclass
class Case:
    """One case of a sweep, with its run if there is a readable file of it. `state` is one of STATES or another verdict."""

    options: dict
    case: str
    state: str
    run: object = None
    reason: str = ""

    @property
    def finished(self):
        return self.run is not None and self.run.state == "complete" and self.run.evaluations > 0

    def numbers(self, metric, last=1):
        """Accuracy in percent over the `last` evaluations (fewer if there are fewer), NaN if one of them is NaN; None without any."""
        if self.run is None or self.run.evaluations == 0:
            return None
        values = self.run.accuracy_percent()[list(METRICS).index(metric)]
        return float(np.mean(values[-last:]))


@dataclass
class Estimate:
    """Mean over seeds with the sample standard deviation (None for one seed)."""

    mean: float
    deviation: float | None
    count: int


def estimate(values):
    values = [float(value) for value in values]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Estimate(float(np.mean(values)), deviation, len(values))


@dataclass
class Cell:
    """The cases, one per seed, that share a row and a column."""

    cases: list

    def accuracy(self, metric, last=1):
        """Estimate over the finished cases that did not diverge; None without any."""
        values = [case.numbers(metric, last) for case in self.cases if case.finished and case.state != "DIVERGED"]
        return estimate(values) if values else None

    def accuracy_text(self, metric, last=1):
        """88.6, 88.6±0.2, 88.6±0.2 (2/3) where a seed is missing, diverged, (74.1) for an unfinished run, missing, failed, nan."""
        total = len(self.cases)
        diverged = sum(case.state == "DIVERGED" for case in self.cases)
        if diverged:  # a mean over the survivors would hide it
            return "diverged" if total == 1 else f"diverged {diverged}/{total}"
        result = self.accuracy(metric, last)
        if result is not None:
            return number_text(result) + (f" ({result.count}/{total})" if result.count < total else "")
        begun = [value for case in self.cases if case.state in ("RUNNING", "INTERRUPTED")
                 and (value := case.numbers(metric)) is not None]
        if begun:
            return f"({number_text(Estimate(float(np.mean(begun)), None, len(begun)))})"
        return self.worst_state().lower()

    def loss_text(self):
        """Loss of the averaged model at the last evaluation, mean over finished seeds, for tasks without an accuracy."""
        if any(case.state == "DIVERGED" for case in self.cases):
            return "diverged"
        values = [case.run.rows["loss_of_average"][-1] for case in self.cases if case.finished]
        return f"{np.mean(values):.4g}" if values else self.worst_state().lower()

    def cost_text(self, target, cost):
        """Payload or seconds until the mean worker's accuracy first reached `target` percent; - if it never did.

        - (1/3) where it did on one of three seeds, 12 MB (2/3) where it did on both that have run.
        """
        tried = [case for case in self.cases if case.run is not None]
        reached = [value for case in tried if (value := cost_to_target(case, target, cost)) is not None]
        if not tried:
            return self.worst_state().lower()
        share = f" ({len(reached)}/{len(self.cases)})" if 0 < len(reached) < len(self.cases) else ""
        if len(reached) < len(tried):
            return "-" + share
        result = estimate(reached)
        text = bytes_text(result.mean) if cost == "payload" else seconds_text(result.mean)
        marked = cost == "seconds" and any(case.run.oversubscribed for case in tried)
        return text + ("*" if marked else "") + share

    def worst_state(self):
        return worst_state(self.cases)


def cost_to_target(case, target, cost):
    """Of the first evaluation whose mean accuracy over workers is at least `target` percent: no interpolation.

    None if there is none, and for a run that diverged later: it has no speed.
    """
    if case.run is None or case.run.evaluations == 0 or case.state == "DIVERGED":
        return None
    mean = case.run.accuracy_percent()[0]
    rows = np.flatnonzero(mean >= target)  # a NaN is never >= target
    if len(rows) == 0:
        return None
    values = case.run.payload_per_worker() if cost == "payload" else case.run.training_seconds()
    return float(values[rows[0]])


def worst_state(cases):
    return min((case.state for case in cases), key=lambda state: STATES.index(state) if state in STATES else -1)


def verdict_text(cases):
    """PASSED if all are; else the worst state, with how many are in it when there are several cases."""
    worst = worst_state(cases)
    count = sum(case.state == worst for case in cases)
    return worst if count == len(cases) else f"{worst} {count}/{len(cases)}"


class Grid:
    """All cells of a sweep. `rows`: tuples of option values, `row_options` their names; `skews`: from even to uneven class mixes."""

    def __init__(self, cases):
        self.cases = list(cases)
        self.row_options = (*ROW_OPTIONS, *_options_that_split_cells(self.cases))
        cells = {}
        for case in self.cases:
            row = tuple(case.options.get(option, "") for option in self.row_options)
            cells.setdefault((row, case.options.get("skew", "")), []).append(case)
        self.cells = {place: Cell(sorted(cases, key=lambda case: _natural(case.options.get("seed", ""))))
                      for place, cases in cells.items()}
        self.rows = sorted({row for row, _ in cells}, key=lambda row: [_natural(value) for value in row])
        self.skews = sorted({skew for _, skew in cells}, key=self._skew_order)

    def cell(self, row, skew):
        """None where the sweep has no such case."""
        return self.cells.get((row, skew))

    def row_cases(self, row):
        return [case for (its_row, _), cell in self.cells.items() if its_row == row for case in cell.cases]

    def label_skew(self, skew):
        """Measured on the class histograms (Run.label_skew), mean over the runs that have one; None without any."""
        values = [value for case in self.cases if case.options.get("skew") == skew and case.run is not None
                  and (value := case.run.label_skew()) is not None]
        return float(np.mean(values)) if values else None

    def without_classes(self):
        """Whether there are runs, and none of them has an accuracy of the averaged model that is a number."""
        runs = [case.run for case in self.cases if case.run is not None and case.run.evaluations > 0]
        return bool(runs) and not any(np.isfinite(run.rows["accuracy_of_average"]).any() for run in runs)

    def constant_options(self):
        """Options that have one value in all cases, those that are columns or rows included."""
        first = max((case.options for case in self.cases), key=len, default={})
        return {key: value for key, value in first.items() if all(case.options.get(key, value) == value for case in self.cases)}

    def varying_options(self):
        """{option: its values} of what differs between cases without being a row, a column or a seed."""
        places = {*self.row_options, "skew", "seed", *NOT_PART_OF_A_CASE}
        values = {}
        for case in self.cases:
            for key, value in case.options.items():
                if key not in places:
                    values.setdefault(key, set()).add(value)
        return {key: sorted(found, key=_natural) for key, found in values.items() if len(found) > 1}

    def _skew_order(self, skew):
        """iid first, then by family and strength; the measured skew decides between families where it is known."""
        name, _, argument = skew.partition(":")
        strength = number(argument)
        if strength is not None and name.startswith("dirichlet"):
            strength = -strength  # a smaller concentration is a stronger skew
        measured = self.label_skew(skew)
        return (name != "iid", measured if measured is not None else 1.0, name, strength or 0.0, argument)


def _options_that_split_cells(cases):
    """Options other than seed that take several values within one algorithm, norm, topology and skew: they need rows of their own.

    What a case without a file does not state is unknown, not another value.
    """
    places = {}
    for case in cases:
        place = tuple(case.options.get(option) for option in (*ROW_OPTIONS, "skew"))
        places.setdefault(place, []).append(case.options)
    split = set()
    for group in places.values():
        keys = set().union(*group) - {"seed", *NOT_PART_OF_A_CASE}
        split |= {key for key in keys if len({options[key] for options in group if key in options}) > 1}
    return sorted(split)


def number(text):
    """As a finite float, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def same(left, right):
    """Whether two option values are the same: 0.10 and 0.1 are. Either may be None."""
    if left is None or right is None or left == right:
        return left == right
    left = number(left)
    return left is not None and left == number(right)


def _natural(text):
    value = number(text)
    return (1, 0.0, text) if value is None else (0, value, text)


def number_text(result):
    if math.isnan(result.mean):
        return "nan"
    return f"{result.mean:.1f}" if result.deviation is None else f"{result.mean:.1f}±{result.deviation:.1f}"


def bytes_text(count):
    """Decimal units with three digits: 1.23 MB."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 999.5 or unit == "TB":
            break
        count /= 1000
    return f"{count:.0f} B" if unit == "B" else f"{count:.3g} {unit}"


def seconds_text(seconds):
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"
