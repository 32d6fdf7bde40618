"""Input that means harm, through the real command, so that a crash of Python shows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import pytest

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from tests.conftest import Write
from tests.hostile import BUILDS, CI, both

pytestmark = pytest.mark.slow


def laughs() -> str:
    lines = ['a0: &a0 [/kaniko/executor, executor]']
    for level in range(1, 30):
        lines.append(f'a{level}: &a{level} [' + ', '.join([f'*a{level - 1}'] * 10) + ']')
    return '\n'.join([*lines, 'job:', '  script: *a29']) + '\n'


def extends_chain(length: int) -> str:
    first = '.j0:\n' + BUILDS
    return first + ''.join(f'.j{n}:\n  extends: .j{n - 1}\n' for n in range(1, length))


HOSTILE: Mapping[str, str | bytes] = {
    'billion laughs': laughs(),
    'laughs in variables': laughs().replace(
        'script: *a29', 'script: [executor]\n  variables: *a29'
    ),
    'contains itself': 'kaniko: &a [*a]\njob: {script: *a}\n',
    'mapping contains itself': 'executor: &a\n  script: [kaniko]\n  x: *a\n',
    'merges itself': 'job: &a\n  <<: *a\n' + BUILDS,
    'merge cycle': '.a: &a\n  x: &b\n    <<: *a\n  <<: *b\n' + BUILDS,
    '100,000 nested sequences': 'kaniko: ' + '[' * 100_000,
    '100,000 nested mappings': 'kaniko: ' + '{a: ' * 100_000,
    'nested by indentation': ''.join(' ' * n + 'kaniko:\n' for n in range(2_000)),
    'nested sequences, closed': 'kaniko: ' + '[' * 5_000 + ']' * 5_000,
    '10 MB scalar': 'job:\n  script:\n    - ' + '/kaniko/executor ' * 600_000,
    '10 MB block': 'job:\n  script:\n    - |\n' + '      /kaniko/executor -d x\n' * 400_000,
    '10 MB key': 'kaniko' * 1_700_000 + ': x\n',
    'one million documents': 'kaniko: 1\n---\n' * 100_000,
    'NUL': b'job:\n  script: [kaniko, "\0"]\n',
    'invalid UTF-8': b'job:\n  script: [kaniko, \xff\xfe]\n',
    'UTF-16': 'job:\n  script: [/kaniko/executor]\n'.encode('utf-16'),
    'UTF-16 without mark': 'job:\n  script: [/kaniko/executor]\n'.encode('utf-16-le'),
    'UTF-32': 'job:\n  script: [/kaniko/executor]\n'.encode('utf-32'),
    'BOM only': b'\xef\xbb\xbf',
    'lone surrogate': b'job: {script: [/kaniko/executor "\\ud800"]}\n',
    'surrogate bytes': b'job: {script: [/kaniko/executor \xed\xa0\x80]}\n',
    'escape past Unicode': 'job: {script: ["/kaniko/executor \\UFFFFFFFF"]}\n',
    'CR only': 'job:\r  script:\r    - /kaniko/executor -d a\r    - /kaniko/executor -d b\r',
    'redefined anchors': 'a: &x [kaniko]\nb: &x [*x, *x]\njob: {script: *x}\n',
    'extends cycle': '.a: {extends: .b}\n.b: {extends: .a}\njob:\n  extends: .a\n' + BUILDS,
    'extends itself': 'job:\n  extends: job\n' + BUILDS,
    'long extends chain': extends_chain(5_000),
    'reference cycle': '.a: {x: !reference [.b, x]}\n.b: {x: !reference [.a, x]}\n'
    'job: {script: [kaniko, !reference [.a, x]]}\n',
    'reference storm': '.a0: {s: [/kaniko/executor, /kaniko/executor]}\n'
    + ''.join(
        f'.a{n}: {{s: [' + ', '.join([f'!reference [.a{n - 1}, s]'] * 9) + ']}\n'
        for n in range(1, 9)
    )
    + 'job: {script: [!reference [.a8, s]]}\n',
    'include itself': f'include: {CI}\njob:\n' + BUILDS,
    'include everything': 'include: "**.yml"\njob:\n' + BUILDS,
    'include nonsense': 'include: [1, null, {}, [], {local: {}}, {local: a, remote: b}]\n'
    'job:\n' + BUILDS,
    'include above': 'include: ../../../../etc/passwd.yml\njob:\n' + BUILDS,
    'include NUL': 'include: "a\\0b.yml"\njob:\n' + BUILDS,
    'regular expression bomb': 'spec: {inputs: {x: {default: "'
    + 'a' * 40
    + '!", regex: "(a+)+$"}}}\n---\n'
    'job: {script: ["/kaniko/executor $[[ inputs.x ]]"]}\n',
    'rules bomb': 'job:\n  rules: [{if: "' + '(' * 5_000 + '"}]\n' + BUILDS,
    'function calls itself': 'job: {script: ["f() { f; f; /kaniko/executor; }; f"]}\n',
    'functions double': 'job:\n  script:\n    - |\n      f0() { /kaniko/executor -d a; }\n'
    + ''.join(f'      f{n}() {{ f{n - 1}; f{n - 1}; }}\n' for n in range(1, 60))
    + '      f59\n',
    'nested substitutions': 'job:\n  script:\n    - ' + '$(' * 3_000 + '/kaniko/executor\n',
    'nested defaults': "job:\n  script:\n    - '" + '${a:-' * 20_000 + "/kaniko/executor'\n",
    'nested quotes': "job:\n  script:\n    - '" + '"$(' * 3_000 + "/kaniko/executor'\n",
    'nested groups': 'job:\n  script:\n    - |\n      ' + '{ ' * 20_000 + '/kaniko/executor\n',
    'nested shells': 'job:\n  script:\n    - |\n      '
    + 'sh -c eval\\ ' * 2_000
    + '/kaniko/executor\n',
    'doubling variables': 'job:\n  script:\n    - |\n      A=kaniko\n'
    + ''.join('      A=$A$A$A$A\n' for _ in range(40))
    + '      /kaniko/executor $A\n',
    'doubling CI variables': 'variables:\n  A0: kaniko\n'
    + ''.join(f'  A{n}: $A{n - 1}$A{n - 1}$A{n - 1}\n' for n in range(1, 40))
    + 'job: {script: ["/kaniko/executor $A39"]}\n',
    'variables in a circle': 'variables: {A: $B, B: $A}\njob: {script: ["/kaniko/executor $A"]}\n',
    'unclosed heredocs': 'job:\n  script:\n    - |\n'
    + '      cat <<A\n' * 5_000
    + '      /kaniko/executor\n',
    'huge brace range': 'job: {script: ["for x in {1..99999999}; do /kaniko/executor; done"]}\n',
    'huge loop nest': 'job:\n  script:\n    - |\n      '
    + 'for x in a b c d e f g h; do ' * 90
    + '/kaniko/executor -d x; '
    + 'done; ' * 90
    + '\n',
    'huge matrix': 'job:\n  parallel:\n    matrix:\n      - '
    + '\n        '.join(f'V{n}: [{", ".join(map(str, range(100)))}]' for n in range(20))
    + '\n'
    + BUILDS,
    'merge chain': 'a0: &a0 {script: [/kaniko/executor]}\n'
    + ''.join(f'a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n' for n in range(1, 60))
    + 'job:\n  <<: *a59\n'
    + BUILDS,
    'many nodes': 'kaniko:\n' + '- a\n' * 510_000,
    'many keys': 'kaniko:\n' + ''.join(f'  k{n}: v\n' for n in range(5_000)),
    'many equal keys': 'kaniko: 1\n' * 5_000,
    'many jobs': ''.join(f'j{n}:\n{BUILDS}' for n in range(100)),
    'many builds': 'job:\n  script:\n' + '    - /kaniko/executor --cache -d x\n' * 1_000,
    'long commands': 'job:\n  script:\n'
    + f'    - curl {"y " * 1_000}\n' * 100
    + '    - /kaniko/executor --cache\n' * 2,
    'many expansions': 'job:\n  script:\n    - '
    + '$X${x##**/} ${x%.*} ${x//a/b} ${x:1:2}; ' * 50
    + 'echo\n    - /kaniko/executor --cache\n' * 2,
    'many comments': BUILDS.join(('job:\n', '')) + '# kaniko-hooks: ignore[x]\n' * 5_000,
    'many needs': 'job:\n' + BUILDS + '  needs: [' + 'job, ' * 5_000 + ']\n',
    'long file name in an include': f'include: {"a/" * 5_000}b.yml\njob:\n' + BUILDS,
    'parent folders': f'include: {"a/../" * 2_000}{CI}\njob:\n' + BUILDS,
    'stars in an include': f'include: "{"**/*" * 2_000}.yml"\njob:\n' + BUILDS,
    'script with a NUL in its name': 'job:\n  script: ["sh \\0.sh", ". a\\0/b", '
    '/kaniko/executor]\n',
    'large number': f'job: {{parallel: {"9" * 5_000}, script: [/kaniko/executor]}}\n',
    'large number in a script': 'job:\n  script:\n    - for x in {1..'
    + '9' * 5_000
    + '}; do /kaniko/executor; done\n    - echo $(('
    + '9' * 5_000
    + '**9**9))\n',
    'not CI at all': '- kaniko\n- 1: 2\n',
    'empty keys': '? kaniko\n: \n? [a, b]\n: c\n',
}

# What must be reported, where silence would be a promise.
REPORTED: Mapping[str, str] = {
    'billion laughs': 'The parsed YAML is too big',
    'contains itself': 'contains itself',
    # libyaml's scanner may give up first: 'exceeded maximum nesting depth'.
    '100,000 nested sequences': 'nest',
    '10 MB scalar': 'the script is too large to be evaluated',
    '10 MB block': 'the script is too large to be evaluated',
    'many nodes': 'too many nodes',
    'NUL': 'U+0000 is not allowed',
    'UTF-16': 'UTF-16?',
    'UTF-16 without mark': 'UTF-16?',
    'UTF-32': 'UTF-16?',
    'extends itself': 'circular dependency',
    'include itself': 'includes itself',
}


@pytest.mark.parametrize('case', HOSTILE)
def test_hostile_file(case: str, write: Write) -> None:
    data = HOSTILE[case]
    data = data.encode('utf-8', 'surrogatepass') if isinstance(data, str) else data
    root = write({CI: data, 'named.gitlab-ci.yml': data})
    (code, output), (_, fix) = both(root, CI, 'named.gitlab-ci.yml')
    assert code == 1 or case not in REPORTED
    assert REPORTED.get(case, '') in output and REPORTED.get(case, '') in fix


@pytest.mark.parametrize(
    'path',
    (
        '.github/workflows/a.yml',
        '.circleci/config.yml',
        'cloudbuild.yaml',
        '.drone.yml',
        'bitbucket-pipelines.yml',
        'a.sh',
    ),
)
def test_hostile_files_of_other_systems(path: str, write: Write) -> None:
    """All small ones at once: no reader may stumble over any."""
    files = {}
    for number, data in enumerate(HOSTILE.values()):
        folder, _, name = path.rpartition('/')
        data = data.encode('utf-8', 'surrogatepass') if isinstance(data, str) else data
        files['/'.join(filter(None, (str(number), folder, name)))] = data[:100_000]
    root = write(files)
    for name in files:
        (root / name.split('/')[0] / '.git').mkdir()
    both(root, *files)


BUILD = '/kaniko/executor --cache -d '
WORDS = ' '.join(map(str, range(30)))
# Lines of a script, and a pattern for what is reported: never fewer builds than there are.
LONG: Mapping[str, tuple[list[str], str]] = {
    '4,000 guards on one variable': (
        [f'[ "$X" = {n} ] && {BUILD}{n}' for n in range(4_000)],
        'too large',
    ),
    '5,000 arms': (
        ['case "$X" in', *(f'{n}) {BUILD}{n} ;;' for n in range(5_000)), 'esac'],
        'too large',
    ),
    '400 ifs that set and build': (
        [f'if [ -n "$X{n}" ]; then A{n}=x; {BUILD}{n}; fi' for n in range(400)],
        'runs many|too large',
    ),
    '400 ifs that set one variable and build': (
        [f'if [ -n "$X{n}" ]; then A={n}; {BUILD}$A; fi' for n in range(400)],
        'runs many',
    ),
    '30 x 30 x 30 loops': (
        [
            f'for a in {WORDS}; do for b in {WORDS}; do for c in {WORDS}; do',
            f'{BUILD}$a$b$c; done; done; done',
        ],
        'runs many|too large',
    ),
    '35 nested loops': (
        [*(f'for x{n} in a b; do' for n in range(35)), f'{BUILD}$x1', *['done'] * 35],
        'runs many|too large',
    ),
    '50 nested loops with and without cache': (
        [*['for s in a b; do /kaniko/executor'] * 50, f'{BUILD}$s', *['done'] * 50],
        'runs many|too large',
    ),
    'doubling functions with arguments': (
        [
            f'f0() {{ {BUILD}$1; }}',
            *(f'f{n}() {{ f{n - 1} $1a; f{n - 1} $1b; }}' for n in range(1, 60)),
            'f59 x',
        ],
        'runs many|too large',
    ),
    'functions that call each other': (
        [f'f() {{ g; g; {BUILD}a; }}', 'g() { f; f; }', 'f'],
        'runs many|too large',
    ),
    'eight loops of ten words': (
        [*(f'for x{n} in 0 1 2 3 4 5 6 7 8 9; do' for n in range(8)), f'{BUILD}$x1', *['done'] * 8],
        'runs many|too large',
    ),
    '500 words, 500 arms': (
        [
            f'for a in {" ".join(map(str, range(500)))}; do case $a in',
            *(f'{n}) {BUILD}{n} ;;' for n in range(500)),
            'esac; done',
        ],
        'runs many|too large',
    ),
    'a file that grows': (
        [*(f'echo {BUILD}$A{n} >> f' for n in range(3_000)), 'sh f', f'{BUILD}b'],
        'too large',
    ),
    'paths that grow': (
        [*(f'[ -n "$A{n}" ] && cd a{n}/$X' for n in range(900)), f'{BUILD}a; {BUILD}b'],
        'runs 2|too large',
    ),
    'a path with a long name': (
        ['cd ' + 'x' * 40_000 + '/$B', *['touch a b c d e f g h'] * 500, f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    '3,000 commands before the builds': (
        [*['touch $A/b'] * 3_000, f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'many words that may be the executor': (
        [f'{BUILD}a', f'{BUILD}b', f'foo {" ".join(f"executor{n}" for n in range(6_000))}'],
        'runs 2|runs many',
    ),
    'a path of many values': (
        ['for s in ci/*.sh; do sh "' + '$$' * 26 + 's"; done', f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'a name with an open bracket': (
        ['for a in A[ B; do opts="$opts ${!a}"; done', f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'a word of many quotes': (['echo ' + '""' * 20_000, f'{BUILD}a; {BUILD}b'], 'runs 2'),
    'a chain of commands': (['exec ' * 3_000 + f'{BUILD}a', f'{BUILD}b'], 'too large'),
    'a chain of xargs': (['xargs -I{} ' * 200 + f'{BUILD}a', f'{BUILD}b'], 'too large'),
    'a chain of options': ([f"sh -c '{'- ' * 20_000}'", f'{BUILD}a; {BUILD}b'], 'too large'),
    'braces in a function': ([f'f() {{ {"{" * 40_000}; }}; f', f'{BUILD}a; {BUILD}b'], 'runs 2'),
    'a word of many dashes': (
        [f"printf '{'-' * 45_000}%%' a | sh", f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'text in text': (['eval ' * 3_000 + f'{BUILD}a', f'{BUILD}b'], 'too large'),
    'a word of many patterns': (['**/' * 15_000, f'{BUILD}a; {BUILD}b'], 'runs 2'),
    'a word of many blocks': (['$[[' * 15_000, f'{BUILD}a; {BUILD}b'], 'runs 2'),
    'a test of many words': (
        [f'[[ a =~ {"((" * 20_000} ]] || true', f'{BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'tests without an end': (['[[ a'] * 3_000 + [f'{BUILD}a; {BUILD}b'], 'too large'),
    'a test of many alternatives': (
        [f'[[ {" || ".join("${A:-x} == ${B:-y}" for _ in range(40))} ]] && {BUILD}a; {BUILD}b'],
        'runs 2',
    ),
    'an array that doubles': (
        ['A=(-d x)', 'for i in $L; do', *['A=("${A[@]}" "${A[@]}")'] * 30, f'done; {BUILD}a'],
        'too large',
    ),
    'loops that read the script that they stand in': (
        ["sh <<'END'", *[f'while read i; do {BUILD}$i; done'] * 100, 'END'],
        'runs many|too large',
    ),
    'long words of programs': (
        [
            f'let {"a" * 20_000}',
            f'tar {"c" * 20_000}!',
            f"sed '{'s,' * 5_000}' f",
            f"xargs '-{'I' * 10_000}",
            f"' a; curl u | tee{' ' * 10_000}a",
            f'aws ecr get-login-password{" --a b" * 1_000}!',
            f'{BUILD}a; {BUILD}b',
        ],
        'runs 2',
    ),
    'a line of many handlers': ([f'A=1; echo {"trap " * 10_000}', f'{BUILD}a; {BUILD}b'], 'runs 2'),
    'many files before many builds': (
        [*(f'echo x > f{n}' for n in range(400)), *(f'{BUILD}{n} -f f{n}' for n in range(150))],
        'runs 150',
    ),
    'a long list': ([f'{BUILD}a{" && foo" * 12_000}', f'{BUILD}b'], 'too large'),
    'lines that a loop reads': (
        [
            *(f'[ -n "$X{n}" ] && A{n}=1' for n in range(4)),
            '[ "$A0$A1$A2$A3" = 1 ] && echo a',
            'while read A C; do :',
            'done <<E',
            *['x y'] * 8_000,
            'E',
            f'{BUILD}a; {BUILD}b',
        ],
        'runs 2',
    ),
    'a long path': ([f'{BUILD}{"/" * 45_000}', f'{BUILD}b'], 'runs 2'),
    'a word of many brackets': (['[' * 90_000, f'{BUILD}a; {BUILD}b'], 'runs 2'),
}


@pytest.mark.parametrize('case', LONG)
def test_a_long_script_takes_two_seconds(
    case: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, reported = LONG[case]
    write({CI: 'job:\n  script:\n    - |\n' + ''.join(f'      {line}\n' for line in lines)})
    for hook in (check_kaniko_builds, fix_kaniko_builds):
        started = time.process_time()
        code = hook.main([CI])
        assert time.process_time() - started < 3  # 2 on a machine of its own
        if hook is check_kaniko_builds:
            assert code == 1 and re.search(reported, capsys.readouterr().out)


def test_a_dockerfile_of_long_words_takes_two_seconds(write: Write) -> None:
    builds = f'{BUILD}a; {BUILD}b'
    dockerfile = f'ARG A=1\nFROM {"${a-" * 9_000}\nRUN {"a" * 30_000} {"a." * 10_000}'
    write({CI: f'job:\n  script:\n    - {builds}\n', 'Dockerfile': dockerfile})
    started = time.process_time()
    assert fix_kaniko_builds.main([CI, '--diff']) == 1
    assert time.process_time() - started < 3


def test_a_dockerfile_that_sed_edits_takes_two_seconds(write: Write) -> None:
    edit = "sed -i 's/.*a.*a.*a.*z/x/' a/Dockerfile"
    dockerfile = f'FROM x\nRUN {"a" * 20_000}\n'
    text = f'job:\n  script:\n    - {edit}\n    - {BUILD}r/a -c a\n    - {BUILD}r/b -c b\n'
    write({CI: text, 'a/Dockerfile': dockerfile})
    started = time.process_time()
    assert fix_kaniko_builds.main([CI, '--diff']) == 1
    assert time.process_time() - started < 3


def test_a_word_of_many_unknown_values_takes_two_seconds(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    script = f'echo "{"x${{ a }}" * 10_000}"; {BUILD}a; {BUILD}b'
    path = '.github/workflows/a.yml'
    write({path: f"on: push\njobs: {{a: {{steps: [{{run: '{script}'}}]}}}}\n"})
    started = time.process_time()
    code = check_kaniko_builds.main([path])
    assert time.process_time() - started < 3
    assert code == 1 and re.search('runs 2|too large', capsys.readouterr().out)


@pytest.mark.parametrize('encoding', ('utf-16', 'utf-16-le', 'utf-16-be', 'utf-32', 'latin-1'))
def test_an_encoding_that_gitlab_does_not_read(encoding: str, write: Write) -> None:
    """Latin-1 is read as GitLab reads it: without the bytes that are no UTF-8."""
    root = write({CI: f'größe:\n{BUILDS}'.encode(encoding)})
    (check, report), (_, fix) = both(root, CI)
    assert check == 1
    if encoding == 'latin-1':
        assert 'job `gre` runs 2 Kaniko builds' in report
        assert b'gr\xf6\xdfe:' in (root / CI).read_bytes() and 'not rewritten' in fix
    else:
        assert 'UTF-16?' in report and 'UTF-16?' in fix
