from __future__ import annotations

import pytest

from kaniko_hooks.model import MANY, Container, Finding, Note, Place, Reason, Result, Run
from kaniko_hooks.report import text
from tests.samples import CI, build, findings, pipeline, run_of, text_is

RULE = 'cached-builds-share-container'
MORE = f'more about it: check-kaniko-builds --explain {RULE}\n'


def rendered(source: str, *, message: str = 'MESSAGE', color: bool = False) -> str:
    judged = pipeline(source)
    found = tuple(
        each._replace(message=message, fix='FIX') for each in findings(judged, text_is(source))
    )
    return text.render(Result(tuple(judged), found), text_is(source), color)


def one(source: str, start: str, end: str, times: int = 1, *reasons: Reason) -> str:
    """The report about one build, which reaches from one text to another."""
    first = source.index(start)
    made = build(CI, first, source.index(end, first) + len(end), '')
    found = Finding(RULE, made.place, 'MESSAGE', (), run_of([made], times, reasons))
    return text.render(Result((), (found,)), text_is(source))


def test_no_findings_no_text() -> None:
    note = Note(Place(CI, 0), 'not visible')
    assert text.render(Result((), (), (note,)), text_is('')) == ''


def test_two_builds() -> None:
    source = """\
stages: [build]

publish:
  script:
    - mkdir -p out
    - /kaniko/executor --cache -d r/shop
    - >-
      /kaniko/executor
      --cache
      -d r/mail
    - /kaniko/executor --cache -d r/last
"""
    assert (
        rendered(source)
        == f"""\
.gitlab-ci.yml:8:7: {RULE}: MESSAGE
  3 | publish:
  ...
  6 |     - /kaniko/executor --cache -d r/shop
    |       ^^^^^^^^^^^^^^^^ first build, cache on: r/shop
  ...
  8 |       /kaniko/executor
    |       ^^^^^^^^^^^^^^^^ second build, same container, cache on: r/mail (and 1 more)
  = fix: FIX

{MORE}"""
    )


def test_colour_changes_nothing_but_colour() -> None:
    source = 'job:\n  script:\n    - /kaniko/executor -d a\n    - /kaniko/executor -d b\n'
    colored = rendered(source, color=True)
    assert colored.startswith('\x1b[1m.gitlab-ci.yml:4:7:\x1b[0m \x1b[1;31m')
    for code in ('\x1b[1m', '\x1b[1;31m', '\x1b[34m', '\x1b[0m'):
        colored = colored.replace(code, '')
    assert colored == rendered(source)


def test_a_loop_is_marked_where_it_starts() -> None:
    source = 'for x in a b c; do\n\t/kaniko/executor\ndone\n'
    loop = Reason('loop', Place(CI, 0), 3)
    assert (
        one(source, '/kaniko/executor', 'executor', 3, loop)
        == f"""\
.gitlab-ci.yml:2:2: {RULE}: MESSAGE
  1 | for x in a b c; do
    | ^ 3 times
  2 |     /kaniko/executor
    |     ^^^^^^^^^^^^^^^^ build, 3 times, cache on

{MORE}"""
    )


def test_two_builds_on_one_line() -> None:
    source = 'job:\n  script: /kaniko/executor -d a; /kaniko/executor -d b\n'
    assert (
        '\n'.join(rendered(source).split('\n')[1:5]).replace(', cache on', '')
        == """\
  1 | job:
  2 |   script: /kaniko/executor -d a; /kaniko/executor -d b
    |           ^^^^^^^^^^^^^^^^ first build: a
    |                                  ^^^^^^^^^^^^^^^^ second build, same container: b"""
    )


def test_several_files_are_shown_one_after_the_other() -> None:
    texts = {CI: 'job:\n  script: ./build.sh\n', 'build.sh': '\n/kaniko/executor\n' * 2}
    builds = [build('build.sh', start, start + 16, '') for start in (1, 19)]
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    found = Finding(RULE, builds[1].place, 'MESSAGE', (container,), run_of(builds), no_fix='WHY')
    assert (
        text.render(Result((), (found,)), texts.__getitem__)
        == f"""\
build.sh:4:1: {RULE}: MESSAGE
   --> .gitlab-ci.yml
  1 | job:
   --> build.sh
  2 | /kaniko/executor
    | ^^^^^^^^^^^^^^^^ first build, cache on
  ...
  4 | /kaniko/executor
    | ^^^^^^^^^^^^^^^^ second build, same container, cache on
  = no automatic fix: WHY

{MORE}"""
    )


def test_many_containers_are_named_shortly() -> None:
    containers = tuple(
        Container('gitlab-ci', f'job {number}', Place(CI, number), None, ()) for number in range(9)
    )
    made = build(CI, 0, 1, '')
    found = Finding(RULE, made.place, 'M', containers, run_of([made], MANY))
    shown = text.render(Result((), (found,)), text_is('x'))
    assert '  = containers: job 0, job 1, job 2, job 3, job 4, job 5 and 3 more\n' in shown
    assert 'build, many times, cache on' in shown


def test_a_long_destination_keeps_its_end() -> None:
    source = f'job:\n  script: /kaniko/executor -d a; /kaniko/executor -d {"r/" * 40}shop:1\n'
    assert f': .../{"r/" * 25}shop:1\n' in rendered(source)


def test_a_file_that_cannot_be_read_has_no_lines() -> None:
    found = Finding('unreadable-ci-file', Place('ci\x1b.yml', 9), 'is\rnot UTF-8')
    assert (
        text.render(Result((), (found,)), text_is(''))
        == """\
ci\\x1b.yml:1:1: unreadable-ci-file: is\\rnot UTF-8

more about it: check-kaniko-builds --explain unreadable-ci-file
"""
    )


def test_a_finding_without_a_run_is_marked_at_its_place() -> None:
    found = Finding('unreadable-ci-file', Place(CI, 4), 'not YAML')
    shown = text.render(Result((), (found,)), text_is('a:\nb: ['))
    assert '  2 | b: [\n    |  ^ here\n' in shown


def test_notes_come_after_the_findings_each_once() -> None:
    found = Finding('bad-suppression', Place('b.yml', 0), 'B')
    other = Finding('bad-suppression', Place('a.yml', 0), 'A')
    note = Note(Place(CI, 2), 'an include is not visible here')
    assert (
        text.render(Result((), (found, other), (note, note)), text_is('x\ny'))
        == """\
a.yml:1:1: bad-suppression: A
  1 | x
    | ^ here

b.yml:1:1: bad-suppression: B
  1 | x
    | ^ here

.gitlab-ci.yml:2:1: note: an include is not visible here
more about it: check-kaniko-builds --explain bad-suppression
"""
    )


@pytest.mark.parametrize(
    ('found', 'runs', 'expected'),
    (
        pytest.param((), (), 'no findings, 0 containers with Kaniko builds', id='nothing'),
        pytest.param((), (1, 0), 'no findings, 1 container with Kaniko builds', id='one good'),
        pytest.param(
            (Finding('r', Place('a', 0), ''),),
            (2, 1),
            '1 finding in 1 file, 2 containers with Kaniko builds',
            id='one bad',
        ),
        pytest.param(
            (
                Finding('r', Place('a', 0), '', fix='split'),
                Finding('r', Place('b', 0), '', fix='x'),
                Finding('r', Place('a', 1), '', no_fix='why'),
            ),
            (2, 3, 2),
            '3 findings in 2 files (fix-kaniko-builds can fix 2), 3 containers with Kaniko builds',
            id='some can be fixed',
        ),
    ),
)
def test_summary(found: tuple[Finding, ...], runs: tuple[int, ...], expected: str) -> None:
    container = Container('gitlab-ci', 'job', Place(CI, 0), None, ())
    judged = tuple((container, Run(builds, 'ok', (), False)) for builds in runs)
    assert text.summary(Result(judged, found)) == expected


def test_a_loop_before_other_builds_is_the_offending_one() -> None:
    source = 'for x in a b; do L; done\nM\n'
    first, last = build(CI, 17, 18, ''), build(CI, 25, 26, '')
    run = run_of([first, last])
    run = run._replace(executions=(run.executions[0]._replace(times=2), run.executions[1]))
    found = Finding(RULE, first.place, 'MESSAGE', (), run)
    shown = text.render(Result((), (found,)), text_is(source))
    assert '^ build, twice, cache on (and 1 more)\n' in shown


def test_cleanup_is_told_to_be_not_enough() -> None:
    made = build(CI, 0, 1, '')
    found = Finding(RULE, made.place, 'MESSAGE', (), run_of([made, made]))
    assert 'cleanup' not in text.render(Result((), (found,)), text_is('x'))
    made = made._replace(flags=made.flags._replace(cleanup=True))
    found = found._replace(run=run_of([made, made]))
    shown = text.render(Result((), (found,)), text_is('x'))
    assert '\n  = note: --cleanup is not enough: ' in shown


def test_many_notes_are_counted() -> None:
    found = Finding(RULE, Place(CI, 0), 'MESSAGE')
    notes = tuple(Note(Place(CI, 0), f'include {number}') for number in range(7))
    shown = text.render(Result((), (found,), notes), text_is('x'))
    assert 'note: include 4\nand 2 more notes, see --format json\nmore about it' in shown


def test_not_every_call_is_shown() -> None:
    calls = [Reason('call', Place(CI, number), 1) for number in range(9)]
    assert one('123456789 X', 'X', 'X', 9, *calls).count('^ called here') == 4


def test_a_reason_at_the_build_itself_is_told_with_it() -> None:
    retry = Reason('retry', Place(CI, 2), 1)
    assert one('a || X', 'X', 'X', 1).count('^') == 1
    made = build(CI, 2, 3, '')
    found = Finding(RULE, made.place, 'MESSAGE', (), run_of([made], 1, (retry,)))
    shown = text.render(Result((), (found,)), text_is('a X'))
    assert '  1 | a X\n    |   ^ build, again when the first attempt fails, cache on\n' in shown
