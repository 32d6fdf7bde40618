from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline
from kaniko_hooks.ci.gitlab.interpolate import escaped
from tests.gitlab_read import ROOT, Files, read, scripts


def given(spec: str, inputs: str, item: str) -> Files:
    """A file with one input `x`, included with `inputs`, whose job runs one item."""
    return {
        ROOT: f'include: {{local: t.yml, inputs: {inputs}}}',
        't.yml': f'spec: {{inputs: {{x: {spec}}}}}\n---\nj:\n  script:\n    - a\n    - {item}\n',
    }


X = '$[[ inputs.x ]]'


@pytest.mark.parametrize(
    ('spec', 'inputs', 'item', 'message'),
    (
        pytest.param('{type: number}', '{x: "05"}', X, 'is not a number', id='no JSON number'),
        pytest.param('{type: number}', '{x: true}', X, 'is not a number', id='true'),
        pytest.param('{type: boolean}', '{x: "yes"}', X, 'is not a boolean', id='yes quoted'),
        pytest.param('{type: boolean}', '{x: 1}', X, 'is not a boolean', id='one'),
        pytest.param('{type: array}', '{x: a}', X, 'is not an array', id='a text'),
        pytest.param('{type: array}', '{x: "[a"}', X, 'is not an array', id='broken JSON'),
        pytest.param('{type: array}', '{x: "{}"}', X, 'is not an array', id='a JSON object'),
        pytest.param('{type: array}', '{x: "5"}', X, 'is not an array', id='a number in quotes'),
        pytest.param('{type: number}', '{x: [1]}', X, 'is not a number', id='a list'),
        pytest.param('{type: text}', '{x: a}', X, 'unknown input specification', id='type'),
        pytest.param('{type: [a]}', '{x: a}', X, 'unknown input specification', id='types'),
        pytest.param('{default: b, type: number}', '{}', X, 'default value is', id='default'),
        pytest.param('{options: [a, b]}', '{x: c}', X, 'allowed options', id='option'),
        pytest.param('{options: [1, 2], type: number}', '{x: 3}', X, 'allowed', id='numbers'),
        pytest.param('{options: [a], type: array}', '{x: [a, c]}', X, 'c cannot', id='items'),
        pytest.param('{options: [a], type: boolean}', '{x: true}', X, 'Options can', id='bool'),
        pytest.param('{options: ["1"], type: number}', '{x: 1}', X, 'allowed', id='no number'),
        pytest.param('{options: a}', '{x: a}', X, 'should be an array', id='options a text'),
        pytest.param('{options: [a, null]}', '{x: a}', X, 'without null', id='options with null'),
        pytest.param(f'{{options: {list(range(51))}}}', '{x: 1}', X, 'more than 50', id='options'),
        pytest.param('', '{x: 1}', X, 'not a string', id='a number, as documented'),
        pytest.param('{description: [a]}', '{x: a}', X, 'alphanumeric', id='description'),
        pytest.param('{regex: 5}', '{x: "5"}', X, 'regex should be a string', id='a number'),
        pytest.param('{regex: ^v\\d$}', '{x: v10}', X, 'RegEx pattern', id='regex'),
        pytest.param('{regex: "("}', '{x: a}', X, 'invalid regular', id='no regex'),
        pytest.param('{regex: a, type: number}', '{x: 1}', X, 'only be used', id='of a number'),
        pytest.param('{}', '{}', X, 'has not been provided', id='required'),
        pytest.param('{}', '{y: a, x: b}', X, 'unknown input arguments: y', id='unknown'),
        pytest.param('[a]', '{x: b}', X, 'should be a hash', id='specification a list'),
        pytest.param(
            '{}', '{x: a}', '$[[ inputs.y ]]', 'unknown interpolation key: `y`', id='unknown input'
        ),
        pytest.param('{}', '{x: a}', '$[[ env.x ]]', 'key: `env`', id='unknown context'),
        pytest.param('{}', '{x: a}', '$[[ inputs ]]', 'access pattern', id='no input'),
        pytest.param('{}', '{x: a}', '$[[ inputs.x.y ]]', 'key: `x.y`', id='inside a text'),
        pytest.param(
            '{type: number}',
            '{x: 1}',
            '$[[ inputs.x | expand_vars ]]',
            'expand_vars can only',
            id='function of a number',
        ),
        pytest.param('{}', '{x: a}', '$[[ inputs.x | truncate(1) ]]', 'no function', id='argument'),
        pytest.param(
            '{}', '{x: a}', '"$[[ inputs.x ]] ' + 'a' * 1024 * 1024 + '"', 'too large', id='large'
        ),
    ),
)
def test_refused(tmp_path: Path, spec: str, inputs: str, item: str, message: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        read(tmp_path, given(spec, inputs, item))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ('files', 'message'),
    (
        pytest.param(
            {ROOT: 'include: {local: t.yml, inputs: {x: a}}', 't.yml': 'j: {script: [a]}'},
            'not defined in the `spec`',
            id='no header',
        ),
        pytest.param({ROOT: 'spec: {input: {}}\n---\nj: {script: a}'}, 'keys: input', id='key'),
        pytest.param({ROOT: 'spec: {}\na: b\n---\nj: {script: a}'}, 'keys: a', id='header'),
        pytest.param({ROOT: 'spec: [a]\n---\nj: {script: a}'}, 'spec config should', id='list'),
        pytest.param({ROOT: 'spec: {inputs: a}\n---\nj: {script: a}'}, 'inputs config', id='a'),
        pytest.param(
            {ROOT: 'spec: {inputs: {x: }}\n---\nj: {script: a}'},
            'not been provided',
            id='required by the root file',
        ),
        pytest.param(
            {
                ROOT: 'spec: {inputs: {x: {default: a}}}\n---\n'
                + '\n'.join(
                    f'.k{i}: "{" ".join(f"$[[ inputs.x | truncate({i},{j}) ]]" for j in range(101))}"'
                    for i in range(101)
                )
                + '\nj: {script: a}'
            },
            'too many interpolation blocks',
            id='too many blocks',
        ),
    ),
)
def test_files_that_are_refused(tmp_path: Path, files: Files, message: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        read(tmp_path, files)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ('spec', 'inputs', 'item', 'expected'),
    (
        pytest.param('{type: string}', '{x: yes}', f'{X}', ['true'], id='boolean as string'),
        pytest.param('{type: string}', '{x: [b]}', f'v {X}', ['v ["b"]'], id='list as string'),
        pytest.param('', '{x: yes}', X, ['true'], id='boolean without specification'),
        pytest.param('', '{x: 0010}', X, ['8'], id='octal without specification'),
        pytest.param('{options: [1.0], type: number}', '{x: 1}', f'v{X}', ['v1'], id='equal'),
        pytest.param('{}', '{x: b}', '"$[[ inputs.x | ]]"', ['b'], id='a bar and no function'),
        pytest.param('{type: string}', '{x: 1.50}', f'{X}', ['1.5'], id='number as string'),
        pytest.param('{default: 0010}', '{}', f'v{X}', ['v8'], id='octal default'),
        pytest.param('{type: number}', '{x: "5"}', f'v{X}', ['v5'], id='string as number'),
        pytest.param('{type: number}', '{x: "1e2"}', f'v{X}', ['v100.0'], id='with exponent'),
        pytest.param('{type: boolean}', '{x: "true"}', f'v{X}', ['vtrue'], id='as boolean'),
        pytest.param(
            '{type: array}', '{x: \'["b", 1, {}]\'}', f'v{X}', ['v["b", 1, "{}"]'], id='JSON list'
        ),
        pytest.param('{type: array}', '{x: [b, "c d"]}', X, ['b', 'c d'], id='spliced in'),
        pytest.param(
            '{type: array}',
            '{x: ["\\"b\\n", 1, null, true, 1.0, [c], {d: e}]}',
            f'v {X}',
            ['v ["\\"b\\n", 1, nil, true, 1.0, ["c"], {:d=>"e"}]'],
            id='a list in Ruby',
        ),
        pytest.param(
            '{type: array}',
            '{x: ["#{b}", "#c", "\\x01"]}',
            f'v {X}',
            ['v ["\\#{b}", "#c", "\\x01"]'],
            id='escapes in Ruby',
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
            '{}', '{x: "a b"}', 'v $[[ inputs.x | posix_escape ]]', ['v a\\ b'], id='one word'
        ),
        pytest.param('{}', '{x: "b , c,"}', "$[[ inputs.x | split(',') ]]", ['b', 'c'], id='split'),
        pytest.param(
            '{}',
            '{x: "$CI_REGISTRY %CI_COMMIT_BRANCH% ${X}"}',
            '$[[ inputs.x | expand_vars ]]',
            ['registry.example.com main ${X}'],
            id='variables',
        ),
        pytest.param(
            '{}',
            "{x: 'b\\\\c \\0 \\1 \\` \\q'}",
            f'v {X}',
            [f'v b\\c {X}  v  \\q'],
            id='backslashes of gsub',
        ),
        pytest.param('{}', '{x: "b\\\\\'"}', f'v {X} w', ['v b w w'], id='what follows'),
        pytest.param(
            '{}',
            "{x: '$[[ inputs.x | truncate(0,1) ]]'}",
            'v $[[ inputs.x ]] $[[ inputs.x | truncate(0,1) ]]',
            ['v $ $'],
            id='a block in a value',
        ),
        pytest.param('{}', '{x: b}', '$[[ x ]]', ['$[[ x ]]'], id='one letter'),
        pytest.param('{}', '{x: b}', 'v $[[ matrix.X ]]', ['v $[[ matrix.X ]]'], id='matrix'),
        pytest.param('{options: ["1", b]}', '{x: b}', X, ['b'], id='an option'),
        pytest.param('{options: [a, b], type: array}', '{x: [b]}', X, ['b'], id='options'),
        pytest.param('{regex: "^v\\\\d+\\\\z"}', '{x: v10}', X, ['v10'], id='a regex'),
        pytest.param(
            '{regex: "^(a+)+$"}',
            f'{{x: {"a" * 40}b}}',
            X,
            ['a' * 40 + 'b'],
            id='a regex that would take for ever',
        ),
        pytest.param(
            '{rules: [{if: \'$[[ inputs.x ]] == "b"\', options: [b]}]}',
            '{x: b}',
            X,
            ['b'],
            id='rule with options',
        ),
        pytest.param(
            '{rules: [{if: "(", default: c}, {if: null == "d", default: d}, {default: b}]}',
            '{}',
            X,
            ['b'],
            id='rule with a default',
        ),
        pytest.param('{default: b}', '{x: }', X, ['b'], id='null is the default'),
    ),
)
def test_taken(tmp_path: Path, spec: str, inputs: str, item: str, expected: list[str]) -> None:
    if item.startswith('v') or item.startswith('$[[ inputs.x ]]-'):
        item = "'" + item.replace("'", "''") + "'"
    assert scripts(read(tmp_path, given(spec, inputs, item))) == {'j': ['a', *expected]}


SPEC_INCLUDE = {
    ROOT: 'include: [{local: t.yml, inputs: {a: one}}]\n',
    't.yml': (
        'spec:\n  include: [{local: /ci/in.yml}]\n  inputs: {c: {default: three}}\n---\n'
        'j: {script: ["$[[ inputs.a ]] $[[ inputs.b ]] $[[ inputs.c ]]"]}\n'
    ),
    'ci/in.yml': 'inputs: {a: , b: {default: two}}\n',
}


@pytest.mark.parametrize(
    ('files', 'expected'),
    (
        pytest.param({}, 'one two three', id='local'),
        pytest.param(
            {
                ROOT: 'spec: {include: [{remote: "https://x/y.yml"}]}\n---\n'
                'j: {script: ["a $[[ inputs.a ]]"]}\n'
            },
            'a $[[ inputs.a ]]',
            id='that cannot be seen',
        ),
        pytest.param(
            {
                ROOT: 'spec: {include: ci/in.yml}\n---\nj: {script: [j]}\n',
                'ci/in.yml': 'x: {a: }\n',
            },
            'j',
            id='without inputs',
        ),
    ),
)
def test_inputs_of_another_file(tmp_path: Path, files: Files, expected: str) -> None:
    assert scripts(read(tmp_path, {**SPEC_INCLUDE, **files})) == {'j': [expected]}


@pytest.mark.parametrize(
    ('file', 'message'),
    (
        ('inputs: {a: , d: }', 'required value'),
        ('inputs: {c: }', 'Duplicate input keys'),
        ('inputs: {a: {foo: b}}', 'unknown keys: foo'),
        ('', 'unknown input arguments: a'),
        ('a: [', 'not valid YAML'),
    ),
)
def test_wrong_inputs_of_another_file(tmp_path: Path, file: str, message: str) -> None:
    with pytest.raises(InvalidPipeline, match=message):
        read(tmp_path, {**SPEC_INCLUDE, 'ci/in.yml': file})


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
    script = read(tmp_path, text).jobs['j'].script or []
    build, run = script
    assert build.text == 'build --tag=latest --push'
    assert text.startswith('build', build.offset)
    for word in ('--tag=', '--push'):
        assert text.startswith(word, build.locate(build.text.index(word)))
    assert text.startswith('$[[ inputs.tag', build.locate(build.text.index('latest') + 3))
    # A value that is the whole command stands where the value is.
    assert run.text == 'make all'
    assert text.startswith('make all', run.offset)


@pytest.mark.parametrize(
    ('text', 'expected'), (('', "''"), ('a b', 'a\\ b'), ('a\nb', "a'\n'b"), ('a-1.2', 'a-1.2'))
)
def test_shell_words(text: str, expected: str) -> None:
    assert escaped(text) == expected
