"""Two traces -> the differences that matter.

By default the new pipeline does what the old one did, in every run, apart from the sharing:

- each image is pushed as often as before, with the same content, and the registry is the same
  in the end (so a wrong order of images that use each other shows);
- each side effect happens as often as before, what it names has the content it had, and one
  that names no image comes after all images it came after;
- all other jobs end as before and get the same artifacts;
- values that were drawn once for two images are still shared, others still differ;
- where a call failed, nothing is missing, and more is done only by builds that are independent
  of it, and by commands that name what such a build makes: in a job of their own, they run
  though the job of another image has failed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.judge.trace import DRAWN, Event, Trace, digest, masked


class Fact(NamedTuple):
    """A thing that happened; the job only where both pipelines have the same."""

    job: str
    what: str
    state: str

    def __str__(self) -> str:
        where = f' in {self.job}' if self.job else ''
        state = f' ({self.state[:60]})' if self.state else ''
        return f'{self.what[:140]}{state}{where}'


class View(NamedTuple):
    """A trace as facts, with drawn values named by the places where they stand."""

    events: list[tuple[Fact, Event]]
    artifacts: frozenset[Fact]
    earlier: Mapping[Fact, frozenset[str]]  # images that all calls of an effect come after

    def counts(self, kind: str) -> Counter[Fact]:
        return Counter(fact for fact, event in self.events if event.kind == kind)


def compare(before: Trace, after: Trace, usual: Trace | None = None) -> list[str]:
    """Differences of the pipeline after; none where it does the same.

    `usual` is the trace of the pipeline before in the same surroundings without failures: what
    an independent build does although another failed has to be what it does then.
    """
    if before.error and after.error:
        return []
    if before.error or after.error:
        return [f'{before.error or "valid"} -> {after.error or "valid"}']
    shared = frozenset(job for job, _ in before.jobs.items() & after.jobs.items())
    images = image_names(before, after, usual or before)
    old, new = view(before, shared, images), view(after, shared, images)
    failures = [event for _, event in old.events if event.failed]
    expected = {unnamed(fact) for fact, _ in view(usual or before, shared, images).events}
    result = [*vanished_names(before, after), *ends(before, after, shared)]
    for kind in ('build', 'effect', 'keyword'):
        missing, more = old.counts(kind) - new.counts(kind), new.counts(kind) - old.counts(kind)
        result += [f'missing: {fact}, {number} times' for fact, number in missing.items()]
        result += [
            f'more: {fact}, {number} times'
            for fact, number in more.items()
            if not (failures and independent(fact, new, failures) and unnamed(fact) in expected)
        ]
    lost = set(old.counts('repeatable')) - set(new.counts('repeatable'))
    result += [f'missing: {fact}' for fact in lost]
    result += [f'artifact missing: {fact}' for fact in old.artifacts - new.artifacts]
    return result if failures else [*result, *states(old, new), *registries(before, after)]


def states(old: View, new: View) -> Iterator[str]:
    """Differences that matter only where no call fails, since parts then do more."""
    for fact in new.artifacts - old.artifacts:
        yield f'artifact more: {fact}'
    for fact, images in old.earlier.items():
        for image in images - new.earlier.get(fact, images):
            yield f'too early: {fact} comes before {image}'


def image_names(*traces: Trace) -> frozenset[str]:
    """The last parts of the names of all images, without tags."""
    pushed = {name for trace in traces for event in trace.events for name in event.pushed}
    return frozenset(re.sub('[:@].*', '', name.rpartition('/')[2]) for name in pushed)


def short_name(word: str) -> str:
    """The last part of the name of an image that is named by its digest, else the word."""
    name, at, _ = word.partition('@')
    return name.rpartition('/')[2] if at else word


def view(trace: Trace, shared: frozenset[str], images: frozenset[str]) -> View:
    plain = [
        (fact, event._replace(names_something=event.names_something or bool(words & images)))
        for event in trace.events
        for words in [frozenset(map(short_name, re.split(r'[\s,=]', event.text)))]
        for fact in facts(event, trace.runs[event.job].job, shared)
    ]
    kept = [
        Fact(run.job if run.job in shared else '', f'{verb} {path}', content)
        for run in trace.runs.values()
        for verb, files in (('keeps', run.kept), ('gets', run.received))
        for path, content in files.items()
        if run.job in shared or verb == 'keeps'
    ]
    for key, saved in trace.caches.items():
        kept += [Fact('', f'cache {key} has {path}', saved.get(path, '')) for path in ('', *saved)]
    places = defaultdict(list)
    for fact in [*(fact for fact, _ in plain), *kept]:
        for value in set(DRAWN.findall(fact.what + fact.state)):
            places[value].append(masked(f'{fact.what} {fact.state}'))
    values = {value: digest(repr(sorted(set(texts)))) for value, texts in places.items()}
    events = [(named(fact, values), event) for fact, event in plain]
    earlier: dict[Fact, frozenset[str]] = {}
    for fact, event in events:
        if event.kind == 'effect' and not event.names_something:
            images = frozenset(renamed(image, values) for image in event.earlier)
            earlier[fact] = earlier.get(fact, images) & images
    return View(events, frozenset(named(fact, values) for fact in kept), earlier)


def facts(event: Event, job: str, shared: frozenset[str]) -> Iterator[Fact]:
    where = job if job in shared else ''
    if event.kind != 'build':
        yield Fact(where, event.text, event.state)
        return
    for name in event.pushed or ('nowhere',):
        yield Fact(where, f'build for {name}', event.state)


def named(fact: Fact, values: Mapping[str, str]) -> Fact:
    return Fact(fact.job, renamed(fact.what, values), renamed(fact.state, values))


def renamed(text: str, values: Mapping[str, str]) -> str:
    """The text with new names for drawn values; lists of them, as in digests, stay sorted."""
    return re.sub(
        rf'{DRAWN.pattern}(?:\+{DRAWN.pattern})*',
        lambda match: '+'.join(sorted(f'<{values.get(v, v)}>' for v in match[0].split('+'))),
        text,
    )


def unnamed(fact: Fact) -> Fact:
    return Fact(
        fact.job, *(re.sub(r'<\w+>', '<>', masked(text)) for text in (fact.what, fact.state))
    )


def independent(fact: Fact, new: View, failures: list[Event]) -> bool:
    """True where a part of the job may do this although the calls failed."""
    return not fact.job and any(
        (event.kind == 'build' or event.names_something or event.kind == 'keyword')
        and (event.failed or not any(gates(failure, event) for failure in failures))
        for other, event in new.events
        if other == fact
    )


def gates(failure: Event, later: Event) -> bool:
    """True where the failed call decides about a later one.

    A build that pushes nothing is a test of what follows, but for other such tests; so is the
    build of one stage for the build of the whole Dockerfile. Another program decides about all
    that it does not name.
    """
    if failure.kind != 'build':
        return not failure.names_something
    if failure.source[0] == later.source[0] and failure.source[1] and not later.source[1]:
        return True
    return not failure.pushed and (later.kind != 'build' or bool(later.pushed))


def vanished_names(before: Trace, after: Trace) -> Iterator[str]:
    """Jobs that are gone or have several instances now, but whose name a call uses."""
    old, new = (Counter(run.job for run in trace.runs.values()) for trace in (before, after))
    for job in (name for name in old if new[name] != old[name]):
        for event in after.events:
            if re.search(rf'job={re.escape(job)}(?![\w-])', event.text):
                yield f'{event.text[:140]} names {job}, which is gone'


def ends(before: Trace, after: Trace, shared: frozenset[str]) -> Iterator[str]:
    """The results of the pipeline and of the jobs that both have."""
    if before.failed != after.failed:
        yield f'the pipeline fails: {before.failed} -> {after.failed}'
    old, new = (
        {n: r.status for n, r in t.runs.items() if r.job in shared} for t in (before, after)
    )
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f'{name}: {old.get(name)} -> {new.get(name)}'


def registries(before: Trace, after: Trace) -> Iterator[str]:
    """Images whose content in the end differs; drawn values are compared with the builds."""
    old, new = ({masked(k): masked(v) for k, v in t.registry.items()} for t in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if ': ' not in name and old.get(name) != new.get(name):
            yield f'{name} is {new.get(name)} in the end, was {old.get(name)}'
