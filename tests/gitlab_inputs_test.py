from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitlab_read import ROOT, Files, read, scripts


def including(spec: str, inputs: str, item: str) -> Files:
    """A file with one input `x`, included with `inputs`, whose job runs one item."""
    return {
        ROOT: f'include: {{local: t.yml, inputs: {inputs}}}',
        't.yml': f'spec: {{inputs: {{x: {spec}}}}}\n---\nj:\n  script:\n    - a\n    - {item}\n',
    }


X = '$[[ inputs.x ]]'


@pytest.mark.parametrize(
    ('spec', 'inputs', 'item', 'expected'),
    (
        pytest.param('{type: string}', '{x: yes}', f'{X}', ['true'], id='boolean as string'),
        pytest.param('{type: string}', '{x: [b]}', f'v {X}', ['v ["b"]'], id='list as string'),
        pytest.param('', '{x: yes}', X, ['true'], id='boolean without specification'),
        pytest.param('', '{x: 0010}', X, ['8'], id='octal without specification'),
        pytest.param('{}', '{x: b}', '"$[[ inputs.x | ]]"', ['b'], id='a bar and no function'),
        pytest.param('{type: string}', '{x: 1.50}', f'{X}', ['1.5'], id='number as string'),
        pytest.param('{default: 0010}', '{}', f'v{X}', ['v8'], id='octal default'),
        pytest.param('{type: number}', '{x: "5"}', f'v{X}', ['v5'], id='string as number'),
        pytest.param('{type: boolean}', '{x: "true"}', f'v{X}', ['vtrue'], id='as boolean'),
        pytest.param(
            '{type: array}',
            '{x: ["\\"b\\n", 1, null, true, 1.0, [c], {d: e}]}',
            f'v {X}',
            ['v ["\\"b\\n", 1, nil, true, 1.0, ["c"], {:d=>"e"}]'],
            id='a list in Ruby',
        ),
        pytest.param('{}', '{x: b}', f'{X}-{X} $[[inputs.x]]', ['b-b b'], id='more than once'),
        pytest.param('{}', '{x: b}', '$[[   inputs.x|truncate(0, 1)  ]]', ['b'], id='white space'),
        pytest.param(
            '{}',
            '{x: abcdef}',
            'v$[[ inputs.x | truncate(1,3 | truncate(5,9) ]]',
            ['v'],
            id='no parenthesis, beyond the end',
        ),
        pytest.param(
            '{}',
            "{x: '$[[ inputs.x | truncate(0,1) ]]'}",
            'v $[[ inputs.x ]] $[[ inputs.x | truncate(0,1) ]]',
            ['v $ $'],
            id='a block in a value',
        ),
        pytest.param('{}', '{x: b}', '$[[ x ]]', ['$[[ x ]]'], id='one letter'),
        pytest.param('{}', '{x: b}', 'v $[[ matrix.X ]]', ['v $[[ matrix.X ]]'], id='matrix'),
    ),
)
def test_accepted(tmp_path: Path, spec: str, inputs: str, item: str, expected: list[str]) -> None:
    if item.startswith(('v', '$[[ inputs.x ]]-')):
        item = "'" + item.replace("'", "''") + "'"
    assert scripts(read(tmp_path, including(spec, inputs, item))) == {'j': ['a', *expected]}


def test_blocks_without_a_value_stay_as_they_are(tmp_path: Path) -> None:
    header = (
        'spec: {include: in.yml, inputs: {must: , ruled: {default: a, rules: [{default: b}]}, '
        'list: {type: array, default: a}, text: {default: a}, '
        'bool: {type: boolean, default: true}}}\n---\n'
    )
    blocks = ('inputs.must', 'inputs.elsewhere', 'inputs.ruled', 'inputs.list', 'component.name')
    functions = ('inputs.bool | truncate(0,1)', 'inputs.text | posix_escape')
    items = [f'$[[ {block} ]] a' for block in (*blocks, *functions)]
    job = read(tmp_path, f'{header}j: {{script: {items}}}').jobs['j']
    assert [command.text for command in job.script or ()] == items


def test_names_may_have_blocks_without_a_value(tmp_path: Path) -> None:
    text = (
        'spec: {inputs: {x: }}\n---\ninclude: ci/$[[ inputs.x ]].yml\n'
        'j: {extends: [".$[[ inputs.x ]]"], script: [a]}\n'
    )
    pipeline = read(tmp_path, text)
    assert scripts(pipeline) == {'j': ['a']}
    assert not pipeline.visible


def test_a_text_that_is_too_large_stays(tmp_path: Path) -> None:
    long = '$[[ inputs.x ]]' + 'a' * 1024 * 1024
    many = ' '.join(f'$[[ inputs.x | truncate(0,{length}) ]]' for length in range(800))
    text = f'spec: {{inputs: {{x: {{default: b}}}}}}\n---\nj: {{script: ["{long}", "{many}"]}}'
    assert scripts(read(tmp_path, text)) == {'j': [long, many]}
    text = (
        f'spec: {{inputs: {{x: {{default: "{"b" * 1024 * 64}"}}}}}}\n---\n'
        f'j: {{script: ["{"$[[ inputs.x ]] " * 20}"]}}'
    )
    assert scripts(read(tmp_path, text)) == {'j': ['$[[ inputs.x ]] ' * 20]}


def test_interpolated_everywhere_but_in_references(tmp_path: Path) -> None:
    pipeline = read(
        tmp_path,
        {
            ROOT: 'include: {local: t.yml, inputs: {n: b, f: c}}',
            't.yml': (
                'spec: {inputs: {n: , f: }}\n---\n'
                'include: $[[ inputs.f ]].yml\n'
                '.b: {script: &s [base], other: *s}\n'
                '.q: &q {"k$[[ inputs.n ]]": !reference [.b, script]}\n'
                'j-$[[ inputs.n ]]: {extends: ".$[[ inputs.n ]]", variables: {A: 1}}\n'
                'k: {script: [!reference ["$[[ inputs.n ]]", kb]], before_script: *r}\n'
            ).replace('*r', '[!reference [.q, kb]]'),
            'c.yml': '"$[[ inputs.n ]]": {kb: [literal], script: [c]}',
        },
    )
    assert scripts(pipeline) == {
        '$[[ inputs.n ]]': ['c'],
        'j-b': ['base'],
        'k': ['base', 'literal'],
    }


def test_an_array_in_a_list_is_part_of_it(tmp_path: Path) -> None:
    job = read(
        tmp_path,
        {
            ROOT: 'include: [{local: t.yml, inputs: {x: [.a, .b]}}]',
            't.yml': (
                'spec: {inputs: {x: {type: array}}}\n---\n'
                '.a: {before_script: [a]}\n.b: {script: [b]}\n'
                'j:\n  extends:\n    - $[[ inputs.x ]]\n  tags: [t, "$[[ inputs.x ]]"]\n'
                '  parallel: {matrix: [{V: ["$[[ inputs.x ]]", c]}]}\n'
            ),
        },
    ).jobs['j']
    assert [command.text for command in (*(job.before_script or ()), *(job.script or ()))] == [
        'a',
        'b',
    ]
    assert job.matrix == [{'V': '.a'}, {'V': '.b'}, {'V': 'c'}]


def test_commands_with_inputs_are_located_in_their_pieces(tmp_path: Path) -> None:
    text = (
        'spec: {inputs: {tag: {default: latest}, run: {default: make all}}}\n---\n'
        'j:\n  script:\n    - build --tag=$[[ inputs.tag ]] --push\n    - $[[ inputs.run ]]\n'
    )
    build, run = read(tmp_path, text).jobs['j'].scripts['script']
    assert build.value == 'build --tag=latest --push'
    for offset, word in enumerate(('build', '--tag=', '--push')):
        place = build.place(build.value.index(word))
        assert text.startswith(word, place.offset), offset
    assert text.startswith('$[[ inputs.tag', build.place(build.value.index('latest') + 3).offset)
    # A value that is the whole command stands where the value is.
    assert run.value == 'make all'
    assert text.startswith('make all', run.place(0).offset)
