"""Draws a sweep's figures, each as SVG and PNG: accuracy against skew, epochs, payload and time, consensus, classes, scaling."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display on a cluster node
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, ScalarFormatter

from analysis import cells
from analysis.figure_style import STYLE, log_ticks, look_of, name_lines

PANELS_A_ROW = 3
PANEL_WIDTH, PANEL_HEIGHT, LABEL_WIDTH = 2.15, 2.7, 1.75  # inches; three panels and their labels are readable at half a slide


@dataclass
class Figure:
    name: str
    title: str
    caption: str
    svg: Path


@dataclass
class Line:
    """What one series shows in one panel: its row of the grid, and its finished or running cases there."""

    row: tuple
    label: str
    look: dict
    cases: list

    def mean_over_seeds(self, values):
        """`values(run)` [E], cut to the shortest seed and averaged."""
        series = [values(case.run) for case in self.cases]
        length = min(len(one) for one in series)
        return np.mean([one[:length] for one in series], axis=0)

    @property
    def diverged(self):
        return any(case.state == "DIVERGED" for case in self.cases)


def draw_figures(grid, folder):
    """Draws what the cases allow into `folder` and returns the Figures; a figure without data is left out."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    figures = []
    with plt.rc_context(STYLE):
        for name, draw in FIGURES.items():
            drawn = draw(grid)
            if drawn is None:
                continue
            figure, title, caption = drawn
            # A fixed date and salt keep the file the same for the same results.
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            figure.savefig(folder / f"{name}.png", dpi=200)
            plt.close(figure)
            figures.append(Figure(name, title, caption, folder / f"{name}.svg"))
    return figures


def series_labels(grid):
    """{row: shortest name}: the algorithm, and what else tells it from other rows of that algorithm, worker counts aside."""
    labels = {}
    for row in grid.rows:
        alike = [other for other in grid.rows if other[0] == row[0]]
        parts = [row[column] if option in cells.ROW_OPTIONS else f"{option} {row[column]}"
                 for column, option in enumerate(grid.row_options)
                 if column > 0 and option != "workers" and len({other[column] for other in alike}) > 1]
        labels[row] = row[0] + (f" ({', '.join(parts)})" if parts else "")
    return labels


def series_looks(grid):
    """{row: plot arguments}: rows that differ in their worker count alone look the same."""
    looks, seen = {}, {}
    for row in grid.rows:
        options = dict(zip(grid.row_options, row))
        options.pop("workers", None)
        alike = seen.setdefault((options["algorithm"], options["norm"]), [])
        if options not in alike:
            alike.append(options)
        looks[row] = look_of(options, alike.index(options))
    return looks


def panels_of(grid):
    """{(skew, workers): lines}, from even to uneven class mixes and from few to many workers."""
    labels, looks = series_labels(grid), series_looks(grid)
    panels = {}
    for skew in grid.skews:
        for row in grid.rows:
            cell = grid.cell(row, skew)
            for workers in sorted({case.options.get("workers", "") for case in cell.cases} if cell else (), key=lambda n: int(n or 0)):
                begun = [case for case in cell.cases
                         if case.options.get("workers", "") == workers and case.run is not None and case.run.evaluations > 0]
                if begun:
                    panels.setdefault((skew, workers), []).append(Line(row, labels[row], looks[row], begun))
    order = {skew: place for place, skew in enumerate(grid.skews)}
    return dict(sorted(panels.items(), key=lambda item: (int(item[0][1] or 0), order[item[0][0]])))


def _panel_grid(count, left=0.7):
    """Figure and axes of `count` panels that share both scales, with room for names at the right of each row."""
    columns = _columns(count)
    lines = -(-count // columns)
    width, height = columns * PANEL_WIDTH + LABEL_WIDTH + left, lines * PANEL_HEIGHT + 0.65
    figure, axes = plt.subplots(lines, columns, sharex=True, sharey=True, squeeze=False, figsize=(width, height))
    figure.subplots_adjust(left=left / width, right=1 - LABEL_WIDTH / width, bottom=0.55 / height, top=1 - 0.35 / height,
                           wspace=0.1, hspace=0.28)
    for unused in axes.flat[count:]:
        unused.axis("off")
    return figure, list(axes.flat[:count])


def _columns(panels):
    return panels if panels <= PANELS_A_ROW else 2 if panels == 4 else PANELS_A_ROW


def _panel_title(panels, place):
    skew, workers = place
    return f"{skew}, {workers} workers" if len({n for _, n in panels}) > 1 else skew


def _curves(grid, across, up, x_label, y_label, band=None, log_x=False, log_y=False, start=0):
    """One panel a skew (and worker count), one line a series from evaluation `start` on; None if no line has a number."""
    panels = panels_of(grid)
    drawn = {}
    for place, lines in panels.items():
        for line in lines:
            x, y = line.mean_over_seeds(across)[start:], line.mean_over_seeds(up)[start:]
            good = np.isfinite(y) & (y > 0 if log_y else True) & (x > 0 if log_x else True)
            if good.any():
                drawn.setdefault(place, []).append((line, x[good], y[good], good))
    if not drawn:
        return None
    figure, axes = _panel_grid(len(drawn), left=0.95 if log_y else 0.7)
    for number, (axis, (place, lines)) in enumerate(zip(axes, drawn.items())):
        for line, x, y, good in lines:
            if band is not None:
                edges = [band(case.run) for case in line.cases]
                low, high = (edge([pair[side][start:][:len(good)] for pair in edges], axis=0) for side, edge in ((0, np.min), (1, np.max)))
                axis.fill_between(x, low[good], high[good], color=line.look["color"], alpha=0.13, linewidth=0)
            axis.plot(x, y, **line.look)
            if line.diverged:
                axis.plot(x[-1], y[-1], marker="x", markersize=9, markeredgewidth=2, color=line.look["color"])
        axis.set_title(_panel_title(drawn, place))
        columns = _columns(len(drawn))
        if number % columns == 0:
            axis.set_ylabel(y_label)
        if number + columns >= len(drawn):
            axis.set_xlabel(x_label)
            axis.tick_params(labelbottom=True)
    if log_x:
        axes[0].set_xscale("log")
        log_ticks(axes[0].xaxis)
    if log_y:
        axes[0].set_yscale("log")
        log_ticks(axes[0].yaxis)
    if not log_x:
        axes[0].xaxis.set_major_locator(MaxNLocator(4, integer=across is _epoch))
        axes[0].set_xlim(left=0)
    if not log_y:
        axes[0].set_ylim(bottom=0)
    for number, (axis, lines) in enumerate(zip(axes, drawn.values())):
        if (number + 1) % columns == 0 or number == len(drawn) - 1:
            name_lines(axis, [(x[-1], y[-1], line.label + (" ×" if line.diverged else ""), line.look["color"]) for line, x, y, _ in lines])
    return figure


def _epoch(run):
    return run.rows["epoch"]


def _megabytes(run):
    return run.payload_per_worker() / 1e6


def _mean_accuracy(run):
    return run.accuracy_percent()[0]


def _accuracy_range(run):
    accuracy = 100 * run.rows["accuracy"]
    return accuracy.min(axis=1), accuracy.max(axis=1)


def accuracy_against_epochs(grid):
    figure = _curves(grid, _epoch, _mean_accuracy, "epochs", "test accuracy, mean worker (%)", band=_accuracy_range)
    return figure and (figure, "Accuracy against epochs", "Test accuracy: line = mean over workers, band = lowest to highest worker.")


def accuracy_against_payload(grid):
    figure = _curves(grid, _megabytes, _mean_accuracy, "payload sent per worker (MB)", "test accuracy, mean worker (%)", log_x=True)
    return figure and (figure, "Accuracy against bytes", "Mean worker's test accuracy against the payload that a worker has sent "
                       "(mean over workers; each directed edge counts, wherever the workers are placed).")


def accuracy_against_seconds(grid):
    figure = _curves(grid, lambda run: run.training_seconds(), _mean_accuracy, "training time (s)", "test accuracy, mean worker (%)")
    loose = any(case.run is not None and case.run.oversubscribed for case in grid.cases)
    return figure and (figure, "Accuracy against time", "Mean worker's test accuracy against wall time without evaluation."
                       + (" Some runs had more ranks than cores: their times are no timings." if loose else ""))


def loss_against_epochs(grid):
    """For tasks without classes only."""
    if not grid.without_classes():
        return None
    figure = _curves(grid, _epoch, lambda run: run.rows["loss_of_average"], "epochs", "loss of the averaged model", log_y=True)
    return figure and (figure, "Loss against epochs", "Loss of the averaged model.")


def consensus_against_epochs(grid):
    figure = _curves(grid, _epoch, lambda run: run.rows["consensus_distance"], "epochs", "consensus distance", log_y=True)
    zero = sorted({label for row, label in series_labels(grid).items()
                   if (runs := [case.run for case in grid.row_cases(row) if case.run is not None and case.run.evaluations > 0])
                   and all(not run.rows["consensus_distance"].any() for run in runs)})
    caption = "Root mean square distance of the workers' parameters to their mean."
    return figure and (figure, "Consensus distance", caption + (f" Exactly zero, not drawn: {', '.join(zero)}." if zero else ""))


def accuracy_against_skew(grid):
    """One column a skew; the series stand beside each other so that no range hides another."""
    panels = panels_of(grid)
    counts = sorted({n for _, n in panels}, key=lambda n: int(n or 0))
    if len({skew for skew, _ in panels}) < 2 or len(counts) != 1:
        return None
    skews = [skew for skew, _ in panels]
    labels = series_labels(grid)
    present = [row for row in grid.rows if any(line.row == row for lines in panels.values() for line in lines)]
    step = 0.5 / max(len(present), 1)
    figure, axis = plt.subplots(figsize=(6.8, 4.0))
    figure.subplots_adjust(left=0.09, right=1 - LABEL_WIDTH / 6.8, bottom=0.15, top=0.97)
    ends = []
    for place, row in enumerate(present):
        shift = step * (place - (len(present) - 1) / 2)
        points = [(column + shift, line, np.concatenate([100 * case.run.rows["accuracy"][-1] for case in line.cases if case.finished]), column)
                  for column, skew in enumerate(skews) for line in panels[skew, counts[0]]
                  if line.row == row and not line.diverged and any(case.finished for case in line.cases)]
        points = [point for point in points if np.isfinite(point[2]).all()]
        if not points:
            continue
        look = points[0][1].look
        x = [point[0] for point in points]
        mean = [point[2].mean() for point in points]
        axis.vlines(x, [point[2].min() for point in points], [point[2].max() for point in points], color=look["color"], alpha=0.55,
                    linewidth=2.5)
        axis.plot(x, mean, **{**look, "linestyle": "none"})
        for (x0, y0, column0), (x1, y1, column1) in itertools.pairwise(zip(x, mean, (point[3] for point in points))):
            apart = column1 - column0 > 1  # a skew in between has no value: the line is a guess there
            axis.plot([x0, x1], [y0, y1], color=look["color"], linestyle=look["linestyle"], linewidth=0.9, alpha=0.4 if apart else 1)
        ends.append((x[-1], mean[-1], labels[row], look["color"]))
    if not ends:
        plt.close(figure)
        return None
    measured = [grid.label_skew(skew) for skew in skews]
    axis.set_xticks(range(len(skews)), [skew + (f"\n{value:.2f}" if value is not None else "") for skew, value in zip(skews, measured)])
    axis.set_xlim(-0.45, len(skews) - 0.55)
    axis.set_ylim(bottom=0)
    axis.grid(axis="x", visible=False)
    axis.set_ylabel("test accuracy (%)")
    name_lines(axis, ends)
    return figure, "Accuracy against skew", ("Last evaluation: dot = mean over workers, bar = lowest to highest worker. Under each skew "
                                             "its measure: how far a worker's class mix is from the whole set's (total variation, mean "
                                             "over workers; 0 = the same mix, towards 1 = classes of its own). A pale line spans a skew without a "
                                             "value. Diverged and unfinished runs are not drawn.")


def class_histograms(grid):
    """One heat map a skew, of the first case that has one."""
    shown = {}
    for skew in grid.skews:
        run = next((case.run for case in grid.cases if case.options.get("skew") == skew and case.run is not None
                    and case.run.class_histogram is not None), None)
        if run is not None:
            shown[skew] = run
    if not shown:
        return None
    columns = _columns(len(shown))
    lines = -(-len(shown) // columns)
    width, height = columns * 2.3 + 1.5, lines * 3.0 + 0.6
    figure, axes = plt.subplots(lines, columns, squeeze=False, figsize=(width, height))
    figure.subplots_adjust(left=0.6 / width, right=1 - 1.0 / width, bottom=0.5 / height, top=1 - 0.35 / height, wspace=0.16, hspace=0.35)
    most = max(int(run.class_histogram.max()) for run in shown.values())
    for number, (axis, (skew, run)) in enumerate(zip(axes.flat, shown.items())):
        image = axis.imshow(run.class_histogram, cmap="Blues", vmin=0, vmax=most, aspect="auto", interpolation="nearest")
        axis.set_title(skew)
        axis.grid(visible=False)
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        if number % columns == 0:
            axis.set_ylabel("worker")
        else:
            axis.tick_params(labelleft=len({one.class_histogram.shape for one in shown.values()}) > 1)
        axis.set_xlabel("class")
    for unused in list(axes.flat)[len(shown):]:
        unused.axis("off")
    bar_axis = figure.add_axes((1 - 0.85 / width, 0.5 / height, 0.13 / width, 1 - 0.85 / height))
    bar = figure.colorbar(image, cax=bar_axis)
    bar.outline.set_visible(False)
    bar.set_label("training samples")
    return figure, "Classes per worker", "Training samples of each class that a worker holds."


def scaling(grid):
    """Accuracy and training time against the number of workers, where there are several; one row of panels a skew."""
    points = {}
    for (skew, workers), lines in panels_of(grid).items():
        for line in lines:
            finished = [case for case in line.cases if case.finished and not line.diverged]
            if finished and int(workers or 0) > 0:
                accuracy = np.mean([case.numbers("mean") for case in finished])
                seconds = np.mean([case.run.training_seconds()[-1] for case in finished])
                points.setdefault(skew, {}).setdefault((line.label, tuple(line.look.items())), []).append((int(workers), accuracy, seconds))
    counts = sorted({n for series in points.values() for line in series.values() for n, _, _ in line})
    if len(counts) < 2:
        return None
    names = max(LABEL_WIDTH, 0.25 + 0.075 * max(len(label) for series in points.values() for label, _ in series))  # inches
    width, height = 6.0 + names, 3.1 * len(points) + 0.3
    figure, axes = plt.subplots(len(points), 2, squeeze=False, sharex=True, sharey="col", figsize=(width, height))
    figure.subplots_adjust(left=0.6 / width, right=1 - names / width, bottom=0.55 / height, top=1 - 0.35 / height, wspace=0.3, hspace=0.35)
    for (left, right), (skew, series) in zip(axes, points.items()):
        for (label, look), line in series.items():
            known = {n: (accuracy, seconds) for n, accuracy, seconds in line}
            accuracy, seconds = zip(*(known.get(n, (np.nan, np.nan)) for n in counts))  # a gap, not a line across it
            left.plot(counts, seconds, **dict(look))
            right.plot(counts, accuracy, **dict(look))  # on the right, where the names stand: here the lines part
        left.set_ylabel("training time (s)")
        right.set_ylabel("test accuracy, mean worker (%)")
        left.set_title(skew)
        right.set_title(skew)
    for axis in axes.flat:
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_locator(FixedLocator(counts))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_locator(MaxNLocator(5))
    for axis in axes[-1]:
        axis.set_xlabel("workers")
    for (_, right), series in zip(axes, points.values()):
        ends = [(max(line)[0], max(line)[1], label, dict(look)["color"]) for (label, look), line in series.items()]
        name_lines(right, ends)
    loose = any(case.run is not None and case.run.oversubscribed for case in grid.cases)
    return figure, "Scaling", ("Mean worker's accuracy at the last evaluation, and wall time of the whole training without evaluation, against "
                               "the number of workers; diverged and unfinished runs are not drawn." + (" Some runs had more ranks than cores: their times are no timings." if loose else ""))


FIGURES = {
    "accuracy_against_skew": accuracy_against_skew,
    "accuracy_against_epochs": accuracy_against_epochs,
    "accuracy_against_payload": accuracy_against_payload,
    "accuracy_against_seconds": accuracy_against_seconds,
    "loss_against_epochs": loss_against_epochs,
    "consensus_against_epochs": consensus_against_epochs,
    "scaling": scaling,
    "class_histograms": class_histograms,
}
