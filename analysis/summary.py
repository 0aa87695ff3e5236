"""What a sweep shows, as one paragraph computed from its numbers."""

import math

from analysis.figures import series_labels

SURVIVES = 10.0  # points of accuracy; a threshold for words only, the numbers stand beside


def summary(grid):
    """Which series keep their accuracy from the most even to the most uneven class mix, with every number it rests on."""
    if len(grid.skews) < 2:
        return "This sweep has one class mix only: it says nothing about skew."
    even, uneven = grid.skews[0], grid.skews[-1]
    drops, diverged, unknown = [], [], []
    for row, label in series_labels(grid).items():
        label += f", {dict(zip(grid.row_options, row))['workers']} workers" if "workers" in grid.row_options else ""
        pair = [grid.cell(row, skew) for skew in (even, uneven)]
        if any(case.state == "DIVERGED" for cell in pair if cell for case in cell.cases):
            diverged.append(label)
            continue
        values = [cell.accuracy("mean") if cell else None for cell in pair]
        if any(value is None or math.isnan(value.mean) for value in values):
            unknown.append(label)
            continue
        drops.append((values[0].mean - values[1].mean, label, values[0].mean, values[1].mean, min(value.count for value in values)))
    sentences = []
    if drops:
        drops.sort()
        kept = [drop for drop in drops if drop[0] <= SURVIVES]
        lost = [drop for drop in drops if drop[0] > SURVIVES]
        change = f"From {even} to {uneven} (mean worker, last evaluation)"
        if kept:
            sentences.append(f"{change}, within {SURVIVES:g} points of their {even} accuracy: {_list(kept)}.")
        if lost:
            sentences.append(f"{'Not so' if kept else f'{change}, all lose more than {SURVIVES:g} points'}: {_list(lost)}.")
        fewest, most = min(drop[-1] for drop in drops), max(drop[-1] for drop in drops)
        if fewest == 1:
            sentences.append(f"{'One seed' if most == 1 else 'Some of this is one seed'}: differences of a point or two are no evidence.")
    if diverged:
        sentences.append(f"Diverged at {even} or {uneven}: {', '.join(diverged)}.")
    if unknown:
        sentences.append(f"No statement about {', '.join(unknown)}: no finished run with a number at both ends.")
    return " ".join(sentences)


def _list(drops):
    return ", ".join(f"{label} {before:.1f} → {after:.1f} % ({after - before:+.1f})" for _, label, before, after, _ in drops)
