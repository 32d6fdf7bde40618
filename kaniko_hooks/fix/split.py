"""The text of a divided job: a hidden template, and one job for each part of its script."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from kaniko_hooks.ci.gitlab.jobs import Job, strings_of
from kaniko_hooks.ci.gitlab.values import Items, get
from kaniko_hooks.document.nodes import ScalarNode, SequenceNode, node_at
from kaniko_hooks.document.scalars import value_offsets
from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.edits import Edit, apply, escaped, like, line_end, line_start, next_line
from kaniko_hooks.fix.layout import Item, Layout
from kaniko_hooks.fix.order import Source
from kaniko_hooks.fix.parts import Part
from kaniko_hooks.fix.references import LONGEST_LINE
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.units import Loop
from kaniko_hooks.kaniko import destination_words
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.tree import For, Word, walk


class NewJob(NamedTuple):
    """A part as a job.

    - `earlier`: parts that it waits for; `sources`: what else it needs then.
    """

    name: str
    part: Part
    sources: tuple[Source, ...] = ()
    earlier: tuple[str, ...] = ()


class Writer:
    """Writes the scripts of new jobs as stretches of the old one."""

    def __init__(self, text: str, place: Layout, job: Job, steps: Steps) -> None:
        self.text = text
        self.place = place
        self.steps = steps
        first = len(job.scripts.get('before_script', ()))
        self.items: list[int] = []  # the item of each command of the source
        self.items += [-1] * first
        for index, count in enumerate(_counts(job, len(place.items))):
            self.items += [index] * count
        self._offsets: dict[int, tuple[int, list[int]]] = {}

    def item_of(self, step: Step) -> int:
        """The index of the YAML item that has a step."""
        return self.items[step.command]

    def can_be_cut(self, count: int) -> bool:
        """The first steps, which are not all, end an item, or one that can be taken apart."""
        last, following = map(self.item_of, self.steps.main[count - 1 : count + 1])
        item = self.place.items[last]
        return last != following or item.alias is None and isinstance(item.node, ScalarNode)

    def offset(self, command: int, at: int) -> int:
        """The offset in the file of an offset of the source. Raises Refusal."""
        if command not in self._offsets:
            item = self.place.items[self.items[command]]
            source = self.steps.source
            start = source.starts[command]
            if not isinstance(item.node, ScalarNode) or item.alias is not None:
                raise Refusal('an item of its script, which would change, is defined elsewhere')
            value = item.node.value
            bare = value.strip()
            if source.source.value[start : start + len(bare)] != bare:
                raise Refusal(f'{shortened(value)} has inputs and more than a build')
            offsets = value_offsets(self.text, item.node)
            assert offsets is not None  # the text is the one of the node
            self._offsets[command] = start - (len(value) - len(value.lstrip())), offsets
        base, offsets = self._offsets[command]
        return offsets[at - base]

    def script(self, kept: Sequence[Step], part: Part | None = None) -> str:
        """The lines of a `script:` with the steps that are kept, without the last line break."""
        numbers = {step.number for step in kept}
        stays = sorted({self.item_of(step) for step in kept})
        edits = _item_cuts(self.text, self.place, stays)
        for index in stays:
            edits += self._step_cuts(index, numbers)
        if part is not None:
            edits += self._more_destinations(part)
            for start, end in part.cuts:
                step = next(step for step in kept if step.first <= start < step.end)
                edits.append(self._cut(step, start, end))
            if part.unit.loop is not None:
                edits += self._unrolled(part.unit.step, part.unit.loop)
        return apply(self.text, edits, self.place.script_start, self.place.script_end)

    def _more_destinations(self, part: Part) -> list[Edit]:
        """The destinations of other builds of the same image, behind the words of the first."""
        unit = part.unit
        if not unit.others:
            return []
        source = self.steps.source.source.value
        at = self._end_offset(unit.main, unit.builds[0].argv[-1].end)
        style = getattr(self.place.items[self.item_of(unit.main)].node, 'style', '')
        first = destination_words(unit.builds[0].argv)[0].start
        before = len(source[:first].rstrip(' \t\n\\'))
        gap = self.text[slice(*(self.offset(unit.main.command, end) for end in (before, first)))]
        edits = []
        for step in unit.others:
            for field in destination_words(step.builds[0].argv):
                words = source[field.start : field.end]
                blank = gap if '\n' in gap and words[0] == '-' else ' '
                edits.append(Edit(at, at, blank + escaped(words, style)))
        return edits

    def _unrolled(self, step: Step, loop: Loop) -> Iterator[Edit]:
        """The edits that leave only the body of a loop."""
        node, first = loop.command, loop.body[0]
        source = self.steps.source.source.value
        body_end = len(source[: node.end - len('done')].rstrip(' \t\n;'))
        above, below = (node.start, first.start), (body_end, node.end)
        cuts = [self._cut(step, start, end) for start, end in (above, below)]
        yield from cuts
        fixed = [*cuts, *(self._cut(step, start, end) for start, end in _in_lines(source, node))]
        at = self.offset(step.command, node.start)
        base = at - line_start(self.text, at)
        depth = self._depth(step, loop)
        for edit in _dedented(self.text, base, depth, cuts[0].end, cuts[1].start):
            if not any(span.start <= edit.start < span.end for span in fixed):
                yield edit

    def _depth(self, step: Step, loop: Loop) -> int:
        """The columns by which the body of a loop goes to the left."""
        ends = (loop.command.start, loop.body[0].first)
        outer, inner = (self.offset(step.command, at) for at in ends)
        if '\n' not in self.text[outer:inner]:
            return 0
        return inner - line_start(self.text, inner) - (outer - line_start(self.text, outer))

    def _cut(self, step: Step, start: int, end: int) -> Edit:
        """The edit that leaves out characters of the source."""
        return Edit(self.offset(step.command, start), self._end_offset(step, end), '')

    def _end_offset(self, step: Step, at: int) -> int:
        """The offset in the file behind a character, within the quotes of its item."""
        item = self.place.items[self.item_of(step)]
        quoted = isinstance(item.node, ScalarNode) and item.node.style in ('"', "'")
        return min(self.offset(step.command, at), item.content_end - quoted)

    def _step_cuts(self, index: int, kept: Collection[int]) -> list[Edit]:
        """The edits that leave something out within an item."""
        steps = [step for step in self.steps.main if self.item_of(step) == index]
        if all(step.number in kept for step in steps):
            return []
        source = self.steps.source
        text = source.source.value[: source.starts[steps[0].command + 1] - 1]
        return [self._cut(steps[0], start, end) for start, end in _left_out(text, steps, kept)]


Span = tuple[int, int]


def _left_out(text: str, steps: Sequence[Step], kept: Collection[int]) -> Iterator[Span]:
    """The stretches to leave out of the end of a text, an item, so that some steps remain.

    At least one is kept. Comments above a statement go with it.
    """
    dropped: list[Step] = []  # since the last statement that stays
    before: int | None = None  # the end of that one
    for _, group in groupby(steps, lambda step: step.statement.start):
        statement = list(group)
        stay = [step for step in statement if step.number in kept]
        if not stay:
            dropped += statement
            continue
        if dropped:
            yield dropped[0].start, statement[0].start
        yield from _in_list(statement, stay)
        dropped, before = [], statement[-1].end
    if dropped and before is not None:
        line = text.find('\n', before, dropped[0].start)
        yield line if line >= 0 else before, len(text)


def _in_list(statement: Sequence[Step], stay: Sequence[Step]) -> Iterator[Span]:
    """The stretches that are left out of an `&&` list that stays in part."""
    if stay[0] is not statement[0]:
        yield statement[0].first, stay[0].start
    for step, following in zip(stay, stay[1:]):
        end = statement[statement.index(following) - 1].end
        if end > step.end:
            yield step.end, end
    if stay[-1] is not statement[-1]:
        yield stay[-1].end, statement[-1].end


def _counts(job: Job, length: int) -> list[int]:
    """The number of commands of each item of the job's script."""
    value = get(job.table, 'script')
    values = value.items if isinstance(value, Items) else (value,)
    if len(values) != length:
        raise Refusal('the items of its script cannot be separated')
    counts = [len(strings_of(item)) for item in values]
    if 0 in counts:
        raise Refusal('an item of its script is not a command')
    return counts


def split_edits(
    writer: Writer,
    jobs: Sequence[NewJob],
    template: str | None,
    shared: Sequence[Step],
    place: Layout,
) -> list[Edit]:
    """The edits of the job's file.

    - `template`: the name of what the jobs extend, None if nothing would be in it.
    - `shared`: the steps that go into the template's `before_script`.
    - `place`: the job, with the script as if it stood there.
    """
    text = writer.text
    common = {step.number for step in shared}
    new = place.newline
    prefix = text[place.start : place.key.start]
    extends = _extends(place, template) if template else ''
    blocks = []
    for job in jobs:
        kept = [step for step in job.part.steps if step.number not in common]
        loop = job.part.unit.loop
        matrix = matrix_lines(place, loop) if loop is not None else ''
        name = like(job.name, place.key.style)
        needs = _needs_lines(text, place, job.sources, job.earlier)
        lines = f'{extends}{needs}{matrix}{writer.script(kept, job.part)}'
        blocks.append(f'{prefix}{name}:{new}{lines}')
    if template is None:
        return [_without_template(text, place, blocks)]
    added = ''.join(f'{new}{new}{block}' for block in blocks)
    renamed = Edit(place.key.start, place.key.end, like(template, place.key.style))
    if writer.place is not place:
        # The script is in a template, and goes from there.
        return [renamed, Edit(place.end, place.end, added), *_removed(text, writer.place, '')]
    before = _before_script(writer, shared) if shared else ''
    return [renamed, *_removed(text, place, added, before)]


def _without_template(text: str, place: Layout, blocks: list[str]) -> Edit:
    """No template keeps the comments of a job that has nothing but its script."""
    above = text[place.key.end : place.script_start]
    below = text[line_end(text, place.script_end) : place.end]
    if '#' in above:
        blocks[0] = blocks[0].replace(f':{place.newline}', above, 1)
    if '#' in below:
        blocks[-1] += below
    return Edit(place.start, place.end, f'{place.newline}{place.newline}'.join(blocks))


def _before_script(writer: Writer, shared: Sequence[Step]) -> str:
    place = writer.place
    lines = writer.script(shared)
    start = place.script.end - place.script_start
    end = line_end(lines, start)
    is_list = place.style == 'list'
    return f'{place.indent}before_script:{lines[end:] if is_list else lines[start + 1 :]}'


def _extends(place: Layout, template: str) -> str:
    """The line or lines of a part's `extends:`, in the way that the job wrote its own."""
    style = place.key.style if place.key.style in ("'", '"') else ''
    name = like(template, style)
    own = node_at(place.body, 'extends')
    if isinstance(own, ScalarNode):
        return f'{place.indent}extends: {name}{place.newline}'
    return f'{place.indent}extends:{place.newline}{place.indent}{place.gap}- {name}{place.newline}'


def _needs_lines(text: str, place: Layout, sources: Sequence[Source], names: Sequence[str]) -> str:
    """The lines of a part's `needs:` for earlier parts, '' without any."""
    if not names:
        return ''
    written = [like(name, place.key.style) for name in names]
    own = node_at(place.body, 'needs')
    if not isinstance(own, SequenceNode):
        lines = [f'{place.indent}needs:']
        for source in sources:
            name = like(source.name)
            job = f'job: {name}' if source.optional else name
            lines.append(f'{place.indent}{place.gap}- {job}')
            if source.optional:
                lines.append(f'{place.indent}{place.gap}  optional: true')
        lines += [f'{place.indent}{place.gap}- {name}' for name in written]
        return ''.join(f'{line}{place.newline}' for line in lines)
    key = next(key for key, value in place.body.pairs if value is own)
    start, end = line_start(text, key.start), line_end(text, own.end)
    if own.flow:
        lead = ', ' if own.items else ''
        inner_text = f'{text[start : own.end - 1]}{lead}{", ".join(written)}'
        return f'{inner_text}{text[own.end - 1 : end]}{place.newline}'
    dash = text[line_start(text, own.start) : own.start] + '- '
    lines = [text[start:end], *(f'{dash}{name}' for name in written)]
    return ''.join(f'{line}{place.newline}' for line in lines)


def _removed(text: str, place: Layout, added: str, before: str = '') -> list[Edit]:
    """The script's lines go, or `before` takes their place; `added` follows what remains."""
    start, end = place.script_start, place.script_end
    is_last = end >= place.end
    if not before:
        above = start
        while above > 0 and not text[line_start(text, above - 1) : above].strip():
            above = line_start(text, above - 1)
        if is_last:
            start = line_end(text, line_start(text, above - 1))
        else:
            # Of blank lines on both sides one is enough.
            end = next_line(text, end)
            start = start if text[end : line_end(text, end)].strip() else above
    if is_last:
        return [Edit(start, place.end, before + added)]
    return [Edit(start, end, before), Edit(place.end, place.end, added)]


def _item_cuts(text: str, place: Layout, stays: Sequence[int]) -> list[Edit]:
    """Whole items that are left out."""
    if place.style == 'scalar':
        return []
    edits = []
    last = -1  # the last item that stays
    for index in stays:
        start, end = place.items[last + 1].start, place.items[index].start
        if place.style == 'list' and last < 0 < index:
            end = _first_line(text, place.items[index])
        if end > start:
            edits.append(Edit(start, end, ''))
        last = index
    if last < len(place.items) - 1:
        edits.append(Edit(place.items[last].end, place.items[-1].end, ''))
    return edits


def _first_line(text: str, item: Item) -> int:
    """The start of an item's lines, without blank lines above."""
    at = item.start
    while at < item.content and not text[at : line_end(text, at)].strip():
        at = next_line(text, at)
    return at


# Loops


def matrix_lines(place: Layout, loop: Loop) -> str:
    """The lines of `parallel:` for a job that is indented like another one."""
    indent, new = place.indent, place.newline
    unit = indent[place.key.start - place.start :] or '  '
    values = [like(value) for value in loop.words]
    key = f'{indent}{unit}{place.gap}- {like(loop.command.name)}:'
    lines = [f'{indent}parallel:', f'{indent}{unit}matrix:', f'{key} [{", ".join(values)}]']
    if len(lines[-1]) > LONGEST_LINE:
        inner = ' ' * (len(key) - len(key.lstrip('- '))) + place.gap + '- '
        lines[-1:] = [key, *(f'{inner}{value}' for value in values)]
    return ''.join(f'{line}{new}' for line in lines)


def _in_lines(source: str, loop: For) -> Iterator[Span]:
    """The words and here-documents of several lines, whose white space is part of their text."""
    for node in walk(loop.body):
        heredoc = getattr(node, 'heredoc', None)
        if heredoc is not None:
            yield heredoc.body.start - 1, heredoc.end - 1
        elif isinstance(node, Word) and '\n' in source[node.start : node.end]:
            yield node.start, node.end


def _dedented(text: str, base: int, columns: int, begin: int, end: int) -> Iterator[Edit]:
    """Move the lines of the body to the left, but for its first, which begins elsewhere.

    No line goes further than to the column of the loop, the `base`.
    """
    at = next_line(text, line_end(text, begin))
    while at < end and columns > 0:
        line = text[at : line_end(text, at)]
        blank = len(line) - len(line.lstrip(' \t'))
        if base < blank < len(line):
            yield Edit(at + base, at + min(base + columns, blank), '')
        at = next_line(text, at)
