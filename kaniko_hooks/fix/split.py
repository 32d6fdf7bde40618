"""A job -> the edits that make a hidden template and one job for each build of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.fix.layout import Item, Layout, line_end, line_start, next_line, offsets_of
from kaniko_hooks.fix.script.cut import cuts
from kaniko_hooks.fix.script.parts import Part
from kaniko_hooks.fix.script.pieces import Piece
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.fix.splice import Edit, apply, inside
from kaniko_hooks.fix.yaml_words import like


def split_edits(
    text: str,
    place: Layout,
    steps: Sequence[Step],
    parts: Sequence[Part],
    names: Sequence[str],
    template: str,
    needs: Sequence[str],
    lender: Layout | None = None,
) -> list[Edit]:
    """The edits of the job's file; `needs[i]` are the lines of part `i` for `needs:`, or ''.

    `lender` is the template that has the script, if the job itself has none.
    """
    scripts = [_script(text, place, steps, part) for part in parts]
    prefix = text[place.start : place.key.start]
    new = place.newline
    has_template = lender is not None or len(place.body.pairs) > 1
    extends = (
        (
            f'{place.indent}extends:{new}{place.indent}{place.gap}{place.dash}'
            f'{like(template, _list_style(place))}{new}'
        )
        if has_template
        else ''
    )
    jobs = [
        f'{prefix}{like(name, place.key.style)}:{new}{extends}{need}{script}'
        for name, need, script in zip(names, needs, scripts)
    ]
    if not has_template:
        above = text[place.key.end : place.script_start]
        below = text[line_end(text, place.script_end) : place.end]
        # No template keeps what is said of the job.
        if '#' in above:
            jobs[0] = f'{prefix}{like(names[0], place.key.style)}{above}{scripts[0]}'
        if '#' in below:
            jobs[-1] += below
        return [Edit(place.start, place.end, f'{new}{new}'.join(jobs))]
    added = ''.join(f'{new}{new}{job}' for job in jobs)
    renamed = Edit(place.key.start, place.key.end, like(template, place.key.style))
    if lender is not None:
        return [renamed, Edit(place.end, place.end, added), *_moved(text, lender, '')]
    return [renamed, *_moved(text, place, added)]


def _list_style(place: Layout) -> str:
    """Quotes for the template's name where the job's own name needs them."""
    return place.key.style if place.key.style in ("'", '"') else ''


def _moved(text: str, place: Layout, added: str) -> list[Edit]:
    """The script's lines go, the new jobs stand after what remains of the job."""
    start = place.script_start
    while start > 0 and not text[line_start(text, start - 1) : start].strip():
        start = line_start(text, start - 1)
    blank_above = start < place.script_start
    if place.script_end >= place.end:
        above = line_end(text, line_start(text, start - 1))
        return [Edit(above, place.end, added)]
    below = next_line(text, place.script_end)
    blank_below = not text[below : line_end(text, below)].strip()
    if not (blank_above and blank_below):
        start = place.script_start
    return [Edit(start, below, ''), Edit(place.end, place.end, added)]


def _script(text: str, place: Layout, steps: Sequence[Step], part: Part) -> str:
    """The lines of one part's `script:`, without the last line break."""
    kept = {id(step) for step in part.kept}
    edits: list[Edit] = []
    stays = [
        index
        for index in range(len(place.items))
        if any(step.item == index and id(step) in kept for step in steps)
    ]
    edits += _item_cuts(text, place, stays)
    for index in stays:
        edits += _piece_cuts(
            text,
            place.items[index],
            [
                (step.piece, id(step) in kept)
                for step in steps
                if step.item == index and step.piece is not None
            ],
        )
    span = (place.script_start, place.script_end)
    return apply(text[span[0] : span[1]], inside(edits, *span))


def _item_cuts(text: str, place: Layout, stays: Collection[int]) -> list[Edit]:
    """Whole items that are left out."""
    if place.style == 'scalar':
        return []
    found = []
    last = -1  # the last item that stays
    for index in sorted(stays):
        start, end = place.items[last + 1].start, place.items[index].start
        if place.style == 'list' and last < 0 < index:
            end = _first_line(text, place.items[index])
        if end > start:
            found.append(Edit(start, end, ''))
        last = index
    if last < len(place.items) - 1:
        found.append(Edit(place.items[last].end, place.items[-1].end, ''))
    return found


def _first_line(text: str, item: Item) -> int:
    """Where an item's lines start, without blank lines above."""
    at = item.start
    while at < item.content and not text[at : line_end(text, at)].strip():
        at = next_line(text, at)
    return at


def _piece_cuts(text: str, item: Item, pieces: Sequence[tuple[Piece | None, bool]]) -> list[Edit]:
    """What is left out within an item."""
    known = [piece for piece, _ in pieces if piece is not None]
    kept = [index for index, (_, stays) in enumerate(pieces) if stays]
    if len(kept) == len(known) or not isinstance(item.node, ScalarNode):
        return []
    value = item.node.value
    offsets = offsets_of(text, item.node)
    last = item.content_end - (1 if item.node.style in ('"', "'") else 0)
    return [
        Edit(offsets[start], min(offsets[end], last), '') for start, end in cuts(value, known, kept)
    ]
