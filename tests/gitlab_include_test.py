from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline
from tests.gitlab_read import ROOT, Files, read, scripts, written

A = 'a: {script: [a]}'
J = 'j: {script: [j]}'


def root(include: str, **files: str) -> dict[str, str]:
    """A repository whose root has this `include:`; `__` in a name is `/`."""
    named = {f'{name.replace("__", "/")}.yml': text for name, text in files.items()}
    return {ROOT: f'include: {include}\n{J}\n', **named}


def rule(text: str) -> dict[str, str]:
    """A repository whose root includes a file under one rule."""
    return root(f'[{{local: a.yml, rules: [{text}]}}]', a=A)


@pytest.mark.parametrize(
    ('files', 'message'),
    (
        pytest.param({}, 'no such file', id='no root file'),
        pytest.param(root('b$1.yml'), '`b$1.yml` does not exist', id='no name of a variable'),
        pytest.param(root('""'), 'YAML extension', id='empty string'),
        pytest.param(root('a.yml', a='- a'), 'Invalid configuration format', id='list'),
        pytest.param(root('ci//a.yml', ci__a=A), 'does not exist', id='two slashes'),
        pytest.param(root('../a.yml'), 'is outside', id='out of the repository'),
        pytest.param(root('"ci/*"') | {'ci/a.txt': A}, 'YAML extension', id='wildcard, text'),
        pytest.param(
            {ROOT: f'variables: {{X: a}}\ninclude: c$X.yml\n{J}', 'ca.yml': A},
            'does not exist',
            id='a variable of the file',
        ),
    ),
)
def test_refused(tmp_path: Path, files: Files, message: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        read(tmp_path, files)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ('files', 'expected'),
    (
        pytest.param(root('[]'), ['j'], id='empty list'),
        pytest.param(root('[null, a.yml]', a=A), ['a', 'j'], id='null in a list'),
        pytest.param(root('//a.yml', a=A), ['a', 'j'], id='leading slashes'),
        pytest.param(root('$CI_COMMIT_BRANCH.yml', main=A), ['a', 'j'], id='the branch'),
        pytest.param(root('"${CI_DEFAULT_BRANCH}.yml"', main=A), ['a', 'j'], id='in braces'),
        pytest.param(root('"a*$NONE.yml"', ab=A), ['a', 'j'], id='unknown is empty'),
        pytest.param(
            root('[{local: [a.yml], rules: [{when: never}]}]'), ['j'], id='wrong, but not asked'
        ),
        pytest.param(
            root('[{local: a.yml, remote: b, rules: [{if: $CI_COMMIT_TAG}]}]'),
            ['j'],
            id='wrong, but not for a push',
        ),
        pytest.param(root('["*.yml", "*.yml"]', a=A), ['a', 'j'], id='the same wildcard twice'),
        pytest.param(rule('{if: \'$CI_COMMIT_BRANCH == "main"\'}'), ['a', 'j'], id='on main'),
        pytest.param(rule('{if: $CI_COMMIT_TAG}'), ['j'], id='not on a tag'),
        pytest.param(rule('{if: $CI, when: never}, {when: always}'), ['j'], id='never'),
        pytest.param(rule('{exists: [x]}, {exists: ["*.yml"]}'), ['a', 'j'], id='exists'),
        pytest.param(rule('{exists: {paths: [a.yml]}}'), ['a', 'j'], id='exists: paths'),
        pytest.param(rule('{exists: ["**/a.yml"]}'), ['a', 'j'], id='exists in any folder'),
        pytest.param(rule('{exists: ["{x,y}"]}'), ['a', 'j'], id='a pattern that is not read'),
        pytest.param(rule('{exists: $X}'), ['j'], id='exists a variable'),
        pytest.param(rule('[{if: $CI_COMMIT_TAG}, {exists: a.yml}]'), ['a', 'j'], id='nested'),
        pytest.param(rule('{changes: [x]}'), ['a', 'j'], id='changes'),
        pytest.param(rule('{changes: {paths: [x], compare_to: y}}'), ['a', 'j'], id='compared'),
        pytest.param(rule('{if: , exists: , changes: , when: }'), ['a', 'j'], id='nulls'),
        pytest.param(root('{local: a.yml, rules: }', a=A), ['a', 'j'], id='null'),
    ),
)
def test_accepted(tmp_path: Path, files: Files, expected: list[str]) -> None:
    pipeline = read(tmp_path, files)
    assert list(pipeline.jobs) == expected
    assert pipeline.visible


@pytest.mark.parametrize(
    ('include', 'kind'),
    (
        ('https://example.com/a.yml', 'remote'),
        ('$CI_SERVER_URL/a.yml', 'remote'),
        ('{remote: https://example.com/a.yml}', 'remote'),
        ('{project: g/p, file: a.yml}', 'project'),
        ('{artifact: a.yml, job: a}', 'artifact'),
        ('{template: Auto.gitlab-ci.yml}', 'template'),
        ('{template: $NAME}', 'template'),
        ('{project: $CI_PROJECT_PATH, file: a.yml, ref: v1}', 'project'),
        ('{component: example.com/g/p/c@1}', 'component'),
        ('{component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/none@1}', 'component'),
        ('5', 'this form'),
        ('{path: a.yml}', 'this form'),
        ('{local: a.yml, remote: b}', 'this form'),
    ),
)
def test_not_visible_here(tmp_path: Path, include: str, kind: str) -> None:
    files = root(include, a=A)
    pipeline = read(tmp_path, files)
    assert list(pipeline.jobs) == ['j']
    assert not pipeline.visible
    note = pipeline.notes[0]
    assert note.message == f'include: {kind} is not visible here'
    assert files[ROOT].startswith(include, note.place.offset)
    assert note.place.file == ROOT


def test_a_symbolic_link_out_of_the_repository(tmp_path: Path) -> None:
    folder = tmp_path / 'repository'
    written(folder, root('a.yml'))
    (tmp_path / 'outside.yml').write_text(A)
    os.symlink('../outside.yml', folder / 'a.yml')
    with pytest.raises(InvalidPipeline, match='outside the repository'):
        read(folder, {})


def test_wildcards_name_files_of_git_below_their_folder(tmp_path: Path) -> None:
    job = 'b: {script: [a]}'
    folder = written(tmp_path, root('"ci/*.yml"', ci__a=A, ci__ignored=job, other__b=job))
    (folder / '.gitignore').write_text('ignored.yml')
    subprocess.run(('git', 'init', '-q', folder), check=True)
    assert list(read(folder, {}).jobs) == ['a', 'j']


def test_a_long_chain_of_files(tmp_path: Path) -> None:
    files = {f'f{i}.yml': f'include: f{i + 1}.yml\nj{i}: {{script: [a]}}' for i in range(150)}
    files |= {ROOT: 'include: f0.yml', 'f149.yml': 'j149: {script: [a]}'}
    assert len(read(tmp_path, files).jobs) == 150


def test_files_are_named_in_the_order_they_are_read(tmp_path: Path) -> None:
    pipeline = read(tmp_path, root('[b.yml, a.yml, b.yml]', a=A, b='include: c.yml', c=A))
    assert pipeline.files == (ROOT, 'b.yml', 'c.yml', 'a.yml')
    assert scripts(pipeline) == {'a': ['a'], 'j': ['j']}
    assert [entry.key.file for entry in pipeline.jobs['a'].definitions] == ['a.yml', 'c.yml']


def test_wildcards_of_the_newest_gitlab(tmp_path: Path) -> None:
    """They may begin with a slash, keep the inputs, and leave out the file they are in."""
    header = 'spec: {inputs: {x: }}\n---\n'
    files = root(
        '[{local: "/**.yml", inputs: {x: given}}]',
        ci__a=f'{header}a: {{script: ["echo $[[ inputs.x ]]"]}}',
    )
    assert scripts(read(tmp_path, files)) == {'a': ['echo given'], 'j': ['j']}
