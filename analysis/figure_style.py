"""How figures look: one fixed colour per algorithm, one line style per norm, names beside the lines instead of a legend."""

import hashlib

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK, QUIET = "#24292f", "#8c959f"  # the report replaces both by its own text colours, light or dark

STYLE = {
    "font.size": 9.5, "axes.titlesize": 10, "axes.labelsize": 9.5, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "text.color": INK, "axes.labelcolor": INK, "axes.titlecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.edgecolor": QUIET, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8,
    "axes.grid": True, "grid.color": QUIET, "grid.alpha": 0.25, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "xtick.major.size": 3, "ytick.major.size": 3, "figure.facecolor": "white", "axes.facecolor": "none",
    "svg.hashsalt": "skewbench", "svg.fonttype": "path",
}

# Told apart with red-green blindness and in grey print; each has at least 3:1 contrast on white and on near-black.
COLOURS = {
    "all_reduce_sgd": "#6e7781",  # the reference stays neutral
    "d_psgd": "#d55e00",
    "qg_dsgdm_n": "#b5478f",
    "relaysgd": "#0b7bc0",
}
MORE_COLOURS = ("#00936b", "#a87800", "#2a9db8", "#8a63d2", "#c2453c", "#5f8a00")
NORMS = {"group": ("-", "o"), "batch": ((0, (4, 2)), "s"), "none": ((0, (1, 1.5)), "^")}
VARIANTS = ((0, (6, 2, 1, 2)), "D"), ((0, (2, 1)), "v"), ((0, (8, 2)), "P")


def look_of(options, variant=0):
    """plot() arguments of a series; `variant` counts the series of one algorithm and norm that differ in something else.

    An algorithm that COLOURS does not know gets a colour by its name: the same in every figure.
    """
    algorithm, norm = options.get("algorithm", ""), options.get("norm", "")
    style, marker = VARIANTS[(variant - 1) % len(VARIANTS)] if variant else NORMS.get(norm.partition(":")[0], NORMS["group"])
    colour = COLOURS.get(algorithm) or MORE_COLOURS[hashlib.sha256(algorithm.encode()).digest()[0] % len(MORE_COLOURS)]
    return {"color": colour, "linestyle": style, "linewidth": 1.8, "marker": marker, "markersize": 4}


def log_ticks(axis):
    """Ticks of a logarithmic axis as plain numbers: 1, 2, 5, 10 where they span less than two decades, powers of ten where more."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def name_lines(axis, ends):
    """Writes each line's name right of the axes at its end (x, y, name, colour), moved apart where names would overlap."""
    figure = axis.figure
    figure.canvas.draw()  # the scales must be settled before positions are read
    size = 9
    spacing = 1.25 * size / 72 / (axis.get_position().height * figure.get_figheight())  # a line of text, as a share of the axes
    to_share = axis.transAxes.inverted()
    places = [to_share.transform(axis.transData.transform((x, y))) for x, y, _, _ in ends]
    heights = spread([place[1] for place in places], spacing)
    for (x_share, y_share), height, (_, _, name, colour) in zip(places, heights, ends):
        axis.annotate("", xy=(x_share, y_share), xytext=(1.045, height), xycoords="axes fraction", textcoords="axes fraction",
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.9, "linestyle": ":", "alpha": 0.8, "shrinkA": 0, "shrinkB": 2})
        axis.annotate(name, xy=(1.06, height), xycoords="axes fraction", va="center", ha="left", color=colour, fontsize=size,
                      annotation_clip=False)


def spread(wanted, spacing):
    """Positions at least `spacing` apart in the order of `wanted`, as near to it as groups of touching ones allow, within 0 to 1."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups = []  # (centre, members): members stand `spacing` apart around their centre
    for i in order:
        groups.append((wanted[i], [i]))
        while len(groups) > 1:
            (low, below), (high, above) = groups[-2:]
            if high - low >= spacing * (len(below) + len(above)) / 2:
                break
            centre = (low * len(below) + high * len(above)) / (len(below) + len(above))
            groups[-2:] = [(centre, below + above)]
    positions = [0.0] * len(wanted)
    for centre, members in groups:
        half = spacing * (len(members) - 1) / 2
        centre = max(half, min(1 - half, centre)) if 2 * half <= 1 else 0.5
        for place, i in enumerate(members):
            positions[i] = centre - half + place * spacing
    return positions
