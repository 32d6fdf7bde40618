from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline
from tests.gitlab_read import read, scripts

REFUSED = (
    pytest.param('j: {script: [a]}\n.x: {extends: .y}', 'unknown keys', id='unused, unknown'),
    pytest.param(
        'j: {extends: !reference [.x, e], script: [a]}\n.x: {e: .x}',
        'unknown keys',
        id='extends a reference',
    ),
    pytest.param(
        'j: {script: !reference [.a, script]}\n.a: {script: !reference [j, script]}',
        'circular chain',
        id='references in a circle',
    ),
    pytest.param('j: {script: [!reference [j, script]]}', 'circular chain', id='itself'),
    pytest.param('j: {script: [a]}\n.x: [!reference [.y]]', 'could not be', id='unused'),
    pytest.param(
        'default: {before_script: [d]}\nk: {script: [k]}\nj: {script: !reference [k, '
        'before_script]}',
        'could not be found',
        id='not what default: gives',
    ),
    pytest.param(
        'j: {script: [a], variables: !reference [.x, variables]}\n'
        '.x: {variables: {A: b}}\nk: {script: !reference [j, variables, A]}',
        'could not be found',
        id='through a reference',
    ),
    pytest.param('.a: text\nj: {script: [!reference [.a, b]]}', 'could not', id='in a text'),
    pytest.param(
        '\n'.join(
            [
                '.a0: {s: [a]}',
                *(
                    f'.a{i}: {{s: [!reference [.a{i - 1}, s], !reference [.a{i - 1}, s]]}}'
                    for i in range(1, 600)
                ),
                'j: {script: [!reference [.a599, s]]}',
            ][::-1]
        ),
        'too ',  # deep, or large where Python's stack is larger
        id='very many references',
    ),
    pytest.param(
        '\n'.join(
            [
                f'.a0: {{s: [{", ".join("abcdefgh")}]}}',
                *(
                    f'.a{i}: {{s: [{", ".join([f"!reference [.a{i - 1}, s]"] * 8)}]}}'
                    for i in range(1, 9)
                ),
                'j: {script: [!reference [.a8, s]]}',
            ]
        ),
        'too large',
        id='too many commands',
    ),
)


@pytest.mark.parametrize(('text', 'message'), REFUSED)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        read(tmp_path, text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        pytest.param(
            '.a: {script: [a], before_script: [b]}\nj: {extends: .a, before_script: }',
            ['a'],
            id='null takes away',
        ),
        pytest.param(
            'default: {before_script: [d]}\nj: {script: [a], before_script: []}',
            ['a'],
            id='an empty list is a value',
        ),
        pytest.param(
            '.v: {variables: {A: a, B: b}}\n.b: {variables: !reference [.v, variables]}\n'
            'j: {extends: .b, script: [a], variables: {C: c}}',
            ['a'],
            id='a reference does not merge',
        ),
        pytest.param(
            '.a: {script: [[!reference [.b, script], c], d]}\n.b: {script: [b]}\n'
            'j: {script: !reference [.a, script]}',
            ['b', 'c', 'd'],
            id='in a nested list',
        ),
        pytest.param('.n: 0\nj: {script: [a], retry: !reference [.n]}', ['a'], id='zero is there'),
        pytest.param(
            'before_script: [g]\nj: {script: [a], inherit: {default: false}}',
            ['a'],
            id='inherit none, not the old globals either',
        ),
        pytest.param(
            'j: {script: a, after_script: "", before_script: ""}', ['', 'a', ''], id='empty texts'
        ),
        pytest.param('j: {run: [{name: s, script: a}], after_script: [b]}', ['b'], id='run'),
    ),
)
def test_accepted(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert scripts(read(tmp_path, text)) == {'j': expected}


def test_default_with_a_script_is_a_job(tmp_path: Path) -> None:
    pipeline = read(tmp_path, 'default: {before_script: [b], script: [d]}\nj: {script: [a]}')
    assert scripts(pipeline) == {'default': ['b', 'd'], 'j': ['a']}


def test_a_parent_may_stand_in_what_cannot_be_seen(tmp_path: Path) -> None:
    pipeline = read(
        tmp_path,
        (
            'include: {remote: "https://example.com/x.yml"}\n'
            'j: {extends: [.there, .here], stage: there, script: [!reference [.there, s], a]}\n'
            '.here: {before_script: [b]}\n'
            '.x: {extends: .x, script: !reference [.x, script]}\n'
        ),
    )
    assert scripts(pipeline) == {'j': ['b', 'a']}
    assert not pipeline.visible
    assert [note.message for note in pipeline.notes] == ['include: remote is not visible here']


ELSEWHERE = '!reference [.there, x]'


@pytest.mark.parametrize(
    'text',
    (
        f'variables: {{A: {ELSEWHERE}}}\nj: {{script: [a], variables: {ELSEWHERE}}}',
        f'variables: {ELSEWHERE}\nj: {{script: [a], variables: {{A: {{value: {ELSEWHERE}}}}}}}',
        f'workflow: {ELSEWHERE}\nj: {{script: [a], tags: [{ELSEWHERE}], cache: {ELSEWHERE}}}',
        f'default: {ELSEWHERE}\nj: {{script: [a], rules: [{ELSEWHERE}], when: {ELSEWHERE}}}',
        f'default: {{image: {ELSEWHERE}}}\nj: {{script: [a], image: {{entrypoint: [e]}}}}',
        f'j: {{script: [a], parallel: {{matrix: [{{A: {ELSEWHERE}}}]}}, inherit: {ELSEWHERE}}}',
        f'j: {{script: [a]}}\nk: {{trigger: {ELSEWHERE}}}\nl: {ELSEWHERE}\n.m: {{}}',
        'j: {extends: .there, script: [a]}\nsast: {stage: test}\nk: {extends: .there}',
    ),
)
def test_what_cannot_be_seen_may_complete_all(tmp_path: Path, text: str) -> None:
    pipeline = read(tmp_path, f'include: [{{project: g/p, file: x.yml}}]\n{text}\n')
    assert scripts(pipeline)['j'] == ['a']
    assert pipeline.jobs['j'].variables == {}


def test_matrix_cells_are_the_products_of_each_row(tmp_path: Path) -> None:
    job = read(
        tmp_path,
        (
            'j:\n  script: [a]\n  parallel:\n    matrix:\n'
            '    - {A: [1, two], B: 012}\n    - A: three\n'
        ),
    ).jobs['j']
    assert job.matrix == [{'A': '1', 'B': '10'}, {'A': 'two', 'B': '10'}, {'A': 'three'}]
    assert job.variables == {}
