"""A small table with a title and notes, as terminal text of 80 columns, Markdown or HTML."""

import html
import itertools
import textwrap
from dataclasses import dataclass, field

WIDTH = 80


@dataclass
class Block:
    """`labels` columns from the left name a row and stay with every part when the terminal form is cut to WIDTH."""

    title: str
    header: list
    rows: list
    labels: int
    notes: list = field(default_factory=list)


def as_text(block, width=WIDTH):
    parts = [_text_part(block, columns) for columns in _cut(block, width)]
    lines = [block.title, ""] if block.title else []
    lines += "\n\n".join(parts).splitlines()
    return "\n".join([*lines, *notes_text(block.notes, width)])


def notes_text(notes, width=WIDTH):
    return [line for note in notes for line in textwrap.wrap(note, width, initial_indent="- ", subsequent_indent="  ",
                                                           break_long_words=False, break_on_hyphens=False)]


def _widths(block):
    return [max(len(str(cell)) for cell in column) for column in zip(block.header, *block.rows)]


def _cut(block, width):
    """Column numbers of each part: the labels, and as many of the other columns as fit, at least one."""
    widths = _widths(block)
    label_columns = list(range(block.labels))
    room = width - sum(widths[column] + 1 for column in label_columns)
    parts, used = [[]], 0
    for column in range(block.labels, len(block.header)):
        need = widths[column] + 2
        if parts[-1] and used + need > room:
            parts.append([])
            used = 0
        parts[-1].append(column)
        used += need
    return [label_columns + part for part in parts]


def _text_part(block, columns):
    widths = _widths(block)

    def line(cells):
        text = ""
        for column in columns:
            cell = str(cells[column])
            text += cell.ljust(widths[column]) + " " if column < block.labels else "  " + cell.rjust(widths[column])
        return text.rstrip()

    return "\n".join(line(cells) for cells in [block.header, *block.rows])


def as_markdown(block):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    alignment = "|" + "|".join("---" if column < block.labels else "--:" for column in range(len(block.header))) + "|"
    lines = [f"**{block.title}**", ""] if block.title else []
    lines += [line(block.header), alignment, *(line(row) for row in block.rows)]
    return "\n".join(lines + ([""] if block.notes else []) + [f"- {note}" for note in block.notes])


def as_html(block):
    """A table in a box of its own that scrolls sideways in a narrow window. Headers `group: name` get a row for the groups."""
    splits = [str(name).rpartition(": ") for name in block.header]
    groups = [(group, len(list(members))) for group, members in itertools.groupby(split[0] for split in splits)]
    first = [column > 0 and splits[column][0] != splits[column - 1][0] for column in range(len(splits))]

    def cell(tag, column, value):
        kind = "label" if column < block.labels else state_class(str(value))
        return f'<{tag} class="{kind}{" first" if first[column] else ""}">{html.escape(str(value))}</{tag}>'

    head = "".join(cell("th", column, split[2]) for column, split in enumerate(splits))
    if len(groups) > 1:
        above = "".join(f'<th class="group{" first" if place else ""}" colspan="{count}">{html.escape(group)}</th>'
                        for place, (group, count) in enumerate(groups))
        head = f"{above}</tr>\n<tr>{head}"
    body = "\n".join("<tr>" + "".join(cell("td", column, value) for column, value in enumerate(row)) + "</tr>" for row in block.rows)
    title = f"<h3>{html.escape(block.title)}</h3>\n" if block.title else ""
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in block.notes)
    return (f'{title}<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'
            + (f'<ul class="notes">{notes}</ul>\n' if notes else ""))


def state_class(text):
    """The CSS class of a cell: what is wrong must be seen at a glance."""
    word = text.lower()
    if word.startswith(("diverged", "failed", "incorrect", "nan")):
        return "bad"
    if word.startswith(("missing", "running", "interrupted", "not run", "not_verified", "(")):
        return "open"
    return "number"
