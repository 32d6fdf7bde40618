from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.repository import pipelines
from kaniko_hooks.project import Repository
from tests.gitlab_read import ROOT, read, scripts, written

J = 'j: {script: [x]}\n'
DEEP = '[' * 11 + 'b' + ']' * 11
WIDE = ', '.join(f'"{i}"' for i in range(201))
REFUSED = {
    'inherit a text': 'j: {script: [x], inherit: {default: before_script}}',
    'inherit what is unknown': 'j: {script: [x], inherit: {foo: true}}',
    'inherit a boolean': 'j: {script: [x], inherit: false}',
    'inherit variables a text': 'j: {script: [x], inherit: {variables: foo}}',
    'inherit no default key': 'j: {script: [x], inherit: {default: [script]}}',
    'empty name': "'': {script: [x]}",
    'stages a hash': f'stages: {{a: b}}\n{J}',
    'stages a number': 'stages: [1]\nj: {script: [x], stage: 1}',
    'default a text': f'default: foo\n{J}',
    'cache a text': f'cache: foo\n{J}',
    'services a text': 'j: {script: [x], services: foo}',
    'workflow a text': f'workflow: foo\n{J}',
    'workflow with other keys': f'workflow: {{foo: bar}}\n{J}',
    'trigger with commands': 'j: {trigger: a/b, before_script: [x]}',
    'trigger with an image': '.b: {image: i}\nj: {extends: .b, trigger: a/b}',
    'trigger null': 'j: {trigger: }',
    'trigger empty': 'j: {trigger: {}}',
    'trigger a number': 'j: {trigger: 1}',
    'trigger without project': 'j: {trigger: {strategy: depend}}',
    'trigger with many files': 'j: {trigger: {include: [{local: a}, b, c, d]}}',
    'trigger and script null': 'j: {trigger: a/b, script: }',
    'tags a text': 'j: {script: [x], tags: a}',
    'run a text': 'j: {run: foo}',
    'hooks too deep': f'j: {{script: [x], hooks: {{pre_get_sources_script: {DEEP}}}}}',
    'hooks with other keys': 'j: {script: [x], hooks: {foo: [a]}}',
    'needs itself': 'j: {script: [x], needs: [j]}',
    'needs in a circle': 'j: {script: x, needs: [k]}\nk: {script: k, needs: [j]}\nl: {script: l}',
    'variables a list': 'variables: [A]\nj: {script: [x]}',
    'variable a list': f'variables: {{A: [a]}}\n{J}',
    'value a list': f'variables: {{A: {{value: [a]}}}}\n{J}',
    'description in a job': 'j: {script: [x], variables: {A: {value: 1, description: d}}}',
    'expand a text': 'j: {script: [x], variables: {A: {value: a, expand: "no"}}}',
    'variable named true': f'variables: {{yes: a}}\n{J}',
    'variable named by a fraction': 'j: {script: [x], variables: {1.5: a}}',
    'description a list': f'variables: {{A: {{value: a, description: [b]}}}}\n{J}',
    'value is no option': f'variables: {{A: {{value: c, options: [a, b]}}}}\n{J}',
    'options are numbers': f'variables: {{A: {{value: 1, options: [1, 2]}}}}\n{J}',
    'options without value': f'variables: {{A: {{options: [a, b]}}}}\n{J}',
    'parallel 201': 'j: {script: [x], parallel: 201}',
    'parallel a text': 'j: {script: [x], parallel: a}',
    'parallel true': 'j: {script: [x], parallel: true}',
    'matrix a hash': 'j: {script: [x], parallel: {matrix: {A: [a]}}}',
    'parallel with other keys': 'j: {script: [x], parallel: {matrix: [{A: [a]}], foo: 1}}',
    'parallel number of a trigger job': 'j: {trigger: a/b, parallel: 2}',
    'matrix row empty': 'j: {script: [x], parallel: {matrix: [{A: [a]}, {}]}}',
    'matrix row a text': 'j: {script: [x], parallel: {matrix: [a]}}',
    'matrix of booleans': 'j: {script: [x], parallel: {matrix: [{A: [a, true]}]}}',
    'matrix of fractions': 'j: {script: [x], parallel: {matrix: [{A: 1.5}]}}',
    'matrix of nothing': 'j: {script: [x], parallel: {matrix: [{A: [a], B: ""}]}}',
    'matrix named true': 'j: {script: [x], parallel: {matrix: [{yes: [a]}]}}',
    'matrix too large': f'j: {{script: [x], parallel: {{matrix: [{{A: [{WIDE}]}}]}}}}',
    'rules a text': 'j: {script: [x], rules: foo}',
    'rules of a text': 'j: {script: [x], rules: [[{when: always}], foo]}',
    'rules and only': 'j: {script: [x], rules: [{when: always}], only: [main]}',
    'when unknown': 'j: {script: [x], when: foo}',
    'image without name': 'j: {script: [x], image: {entrypoint: [a]}}',
    'image with other keys': 'j: {script: [x], image: {name: a, foo: b}}',
    'entrypoint a text': 'j: {script: [x], image: {name: a, entrypoint: a}}',
}


@pytest.mark.parametrize(
    'text',
    (
        f'workflow: {{name: n, rules: [{{when: always}}], auto_cancel: {{}}}}\n{J}',
        f'stages: [build, test]\ncache: [{{paths: [a]}}]\nservices: []\n{J}',
        'j: {script: [x], inherit: {default: [image], variables: true}, when: manual}',
        'j: {script: [x], inherit: {default: , variables: }, parallel: 3, hooks: }',
        'j: {script: [x], hooks: {pre_get_sources_script: [a]}, parallel: {matrix: [{A: [a, b]}]}}',
        'j: {script: [x], hooks: {pre_get_sources_script: }, rules: [{if: $A}], only: null}',
        f'variables: {{A: {{value: a, options: [a, b]}}, B: {{expand: false}}}}\n{J}',
        f'variables: {{A: {{options: []}}, B: {{value: b, description: 1}}}}\n{J}',
        f'{J}k: {{trigger: {{include: [a, b, c]}}, parallel: {{matrix: [{{A: 1}}, {{A: [b]}}]}}}}\n',
    ),
)
def test_taken(tmp_path: Path, text: str) -> None:
    assert scripts(read(tmp_path, text))['j'] == ['x']


def test_names_of_variables_are_texts(tmp_path: Path) -> None:
    text = 'variables: {1: a, 012: b}\nj: {script: [x], parallel: {matrix: [{2: [c]}]}}'
    job = read(tmp_path, text).jobs['j']
    assert job.variables == {'1': 'a', '10': 'b'}
    assert job.matrix == [{'2': 'c'}]


@pytest.mark.parametrize('text', REFUSED.values(), ids=REFUSED.keys())
def test_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidPipeline):
        read(tmp_path, text)


@pytest.mark.parametrize('text', REFUSED.values(), ids=REFUSED.keys())
def test_the_check_is_not_so_strict(tmp_path: Path, text: str) -> None:
    folder = written(tmp_path, {ROOT: f'# kaniko\n{text}'})
    found = pipelines(Files(Repository(str(folder))), (), ())
    assert found.problems == ()
    assert not found.found[0].broken


def test_a_matrix_is_never_larger_than_gitlab_makes_it(tmp_path: Path) -> None:
    letters = ', '.join('abcdefghij')
    row = ', '.join(f'V{i}: [{letters}]' for i in range(9))
    text = f'j: {{script: [a], parallel: {{matrix: [{{{row}}}]}}}}'
    found = pipelines(Files(Repository(str(written(tmp_path, {ROOT: text})))), (), ())
    assert len(found.found[0].pipeline.jobs['j'].matrix) == 200
