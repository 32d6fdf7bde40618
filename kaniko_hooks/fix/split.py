"""The text of a divided job: a hidden template, and one job for each part of its script."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from kaniko_hooks.ci.gitlab.jobs import Job, strings_of
from kaniko_hooks.ci.gitlab.values import Items, get
from kaniko_hooks.document.nodes import ScalarNode, SequenceNode, Span, node_at
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.edits import Edit, apply, like, line_end, line_start, next_line
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.order import Source
from kaniko_hooks.fix.parts import Part
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.units import Loop, Unit
from kaniko_hooks.kaniko import destination_words
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.tree import Heredoc, Word, walk


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
        # The item of each command of the source.
        self.items = [-1] * len(job.scripts.get('before_script', ()))
        for index, count in enumerate(_counts(job, len(place.items))):
            self.items += [index] * count

    def script(self, kept: Sequence[Step], part: Part | None = None) -> str:
        """The lines of a `script:` with the steps that are kept, without the last line break."""
        items, numbers = self.place.items, {step.number for step in kept}
        stays = sorted({self.items[step.command] for step in kept})
        edits = [Edit(items[stays[-1]].end, items[-1].end, '')]
        for index in range(stays[-1] + 1):
            if index not in stays:
                edits.append(Edit(items[index].start, items[index + 1].start, ''))
                continue
            steps = [step for step in self.steps.main if self.items[step.command] == index]
            edits += (self._cut(*span) for span in self._left_out(steps, numbers))
        if part is not None:
            edits += (self._cut(*span) for span in part.cuts)
            if part.unit.others:
                edits += self._more_destinations(part.unit)
            if part.unit.loop is not None:
                edits += self._unrolled(part.unit.loop)
        lines = apply(self.text, edits, self.place.script_start, self.place.script_end)
        # An item that is the first one now needs no blank lines above.
        return re.sub(r'\A(.*\n)(?:[ \t]*\r?\n)+', r'\1', lines) if stays[0] else lines

    def _offset(self, at: int) -> int:
        """The offset in the file of a character of the source, or of the end of a command.

        Raises Refusal.
        """
        source = self.steps.source
        item = self.place.items[self.items[source.command_at(at)]]
        if not item.is_own:
            raise Refusal(
                'an item of its script, which would change, is defined elsewhere or has inputs'
            )
        return min(source.source.place(at).offset, item.content_end)

    def _cut(self, start: int, end: int) -> Edit:
        """The edit that leaves out characters of the source."""
        return Edit(self._offset(start), self._offset(end), '')

    def _left_out(self, steps: Sequence[Step], kept: Collection[int]) -> Iterator[Span]:
        """The stretches to leave out of an item, so that some of its steps remain.

        At least one is kept. Comments above a statement go with it.
        """
        stay = [step for step in steps if step.number in kept]
        lists = {step.statement.start for step in stay}
        last = steps.index(stay[-1])
        inside, end = None, 0  # the statement of the last step that stays; the end of the one above
        for step, following in zip(steps[:last], steps[1:]):
            if step.number in kept:
                inside = step.statement
            elif step.statement is inside:
                yield end, step.end
            else:
                yield step.first if step.first in lists else step.start, following.start
            end = step.end
        own = [step for step in steps[last:] if step.statement is stay[-1].statement]
        if len(own) > 1:
            yield own[0].end, own[-1].end
        if own[-1] is not steps[-1]:
            source, end = self.steps.source, own[-1].end
            line = source.source.value.find('\n', end, steps[last + len(own)].start)
            yield line if line >= 0 else end, source.starts[steps[0].command + 1] - 1

    def _more_destinations(self, unit: Unit) -> Iterator[Edit]:
        """The destinations of other builds of the same image, behind the words of the first."""
        words = unit.builds[0].argv
        at = self._offset(words[-1].end)
        first = destination_words(words)[0].start
        before = len(self.steps.source.source.value[:first].rstrip(' \t\n\\'))
        gap = self.text[self._offset(before) : self._offset(first)]
        for step in unit.others:
            for field in destination_words(step.builds[0].argv):
                word = self.text[self._offset(field.start) : self._offset(field.end)]
                blank = gap if '\n' in gap and word[0] == '-' else ' '
                yield Edit(at, at, blank + word)

    def _unrolled(self, loop: Loop) -> Iterator[Edit]:
        """The edits that leave only the body of a loop, moved to the left."""
        node, source = loop.command, self.steps.source.source.value
        body_end = len(source[: node.end - len('done')].rstrip(' \t\n;'))
        above = self._cut(node.start, loop.body[0].start)
        below = self._cut(body_end, node.end)
        yield from (above, below)
        ends = (above.start, self._offset(loop.body[0].first))
        outer, inner = (self.text[line_start(self.text, at) : at] for at in ends)
        if inner.strip():
            return
        texts = list(self._texts(loop))
        for line in re.compile(f'(?m)^{inner}').finditer(self.text, above.end, below.start):
            if not any(text.start <= line.start() < text.end for text in texts):
                yield Edit(min(line.start() + len(outer), line.end()), line.end(), '')

    def _texts(self, loop: Loop) -> Iterator[Edit]:
        """The words and here-documents of several lines, whose white space is part of them."""
        for node in walk(loop.command.body):
            text = getattr(node, 'heredoc', None) or node
            if isinstance(text, (Heredoc, Word)):
                if '\n' in self.steps.source.source.value[text.start : text.end]:
                    yield self._cut(text.start - 1, text.end - 1)


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


def job_edits(
    writer: Writer, jobs: Sequence[NewJob], template: str | None, shared: Sequence[Step]
) -> list[Edit]:
    """The edits of the job's file.

    - `template`: the name of what the jobs extend; without it the first one replaces the old job.
    - `shared`: the steps that go into the template's `before_script`.
    """
    text, place = writer.text, writer.place
    common = {step.number for step in shared}
    scripts = []
    for job in jobs:
        kept = [step for step in job.part.steps if step.number not in common]
        loop = job.part.unit.loop
        extends = _extends(place, template) if template else ''
        needs = _needs_lines(text, place, job.sources, job.earlier)
        matrix = _matrix_lines(place, loop) if loop is not None else ''
        scripts.append(f'{extends}{needs}{matrix}{writer.script(kept, job.part)}')
    names = [job.name for job in jobs]
    if template is None:
        replaced = Edit(place.script_start, place.script_end, scripts.pop(0))
    else:
        names.insert(0, template)
        replaced = _without_script(writer, shared)
    edits = [replaced]
    if names[0] != place.key.value:
        edits.append(Edit(place.key.start, place.key.end, like(names[0], place.key.style)))
    head = place.newline * 2 + text[place.start : place.key.start]
    for name, script in zip(names[1:], scripts):
        added = f'{head}{like(name, place.key.style)}:{place.newline}{script}'
        edits.append(Edit(place.end, place.end, added))
    return edits


def _without_script(writer: Writer, shared: Sequence[Step]) -> Edit:
    """The script's lines go, or a `before_script` takes their place."""
    text, place = writer.text, writer.place
    start, end = place.script_start, place.script_end
    if shared:
        lines = writer.script(shared).replace('script', 'before_script', 1)
        return Edit(start, end, re.sub(r'\A([^:]*:)[ \t]+#[^\r\n]*', r'\1', lines))
    above = line_end(text, len(text[:start].rstrip()))
    if end >= place.holder_end:
        return Edit(above, end, '')
    end = next_line(text, end)
    # Of blank lines on both sides one is enough.
    is_blank = not text[end : line_end(text, end)].strip()
    return Edit(next_line(text, above) if is_blank else start, end, '')


def _extends(place: Layout, template: str) -> str:
    """The line or lines of a part's `extends:`, in the way that the job wrote its own."""
    name = like(template, place.key.style)
    if isinstance(node_at(place.body, 'extends'), ScalarNode):
        return f'{place.indent}extends: {name}{place.newline}'
    return f'{place.indent}extends:{place.newline}{place.indent}{place.gap}- {name}{place.newline}'


def _needs_lines(text: str, place: Layout, sources: Sequence[Source], names: Sequence[str]) -> str:
    """The lines of a part's `needs:` for earlier parts, '' without any."""
    if not names:
        return ''
    written = [like(name, place.key.style) for name in names]
    own = node_at(place.body, 'needs')
    if not isinstance(own, SequenceNode):
        lines = ['needs:']
        for source in sources:
            name = like(source.name)
            lines.append(f'{place.gap}- job: {name}' if source.optional else f'{place.gap}- {name}')
            if source.optional:
                lines.append(f'{place.gap}  optional: true')
        lines += [f'{place.gap}- {name}' for name in written]
        return ''.join(f'{place.indent}{line}{place.newline}' for line in lines)
    key = next(key for key, value in place.body.pairs if value is own)
    start, end = line_start(text, key.start), line_end(text, own.end)
    if own.flow:
        at = own.end - 1
        added = ', '.join(written) if not own.items else ''.join(f', {name}' for name in written)
    else:
        at = end
        dash = text[line_start(text, own.start) : own.start] + '- '
        added = ''.join(f'{place.newline}{dash}{name}' for name in written)
    return f'{text[start:at]}{added}{text[at:end]}{place.newline}'


def _matrix_lines(place: Layout, loop: Loop) -> str:
    """The lines of `parallel:` for a job that is indented like another one."""
    indent, new = place.indent, place.newline
    unit = indent[place.key.start - place.start :] or '  '
    values = ', '.join(like(value) for value in loop.words)
    key = f'{indent}{unit}{place.gap}- {like(loop.command.name)}'
    return f'{indent}parallel:{new}{indent}{unit}matrix:{new}{key}: [{values}]{new}'
