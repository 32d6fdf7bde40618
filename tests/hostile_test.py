"""Input that means harm, through the real command, so that a crash of Python shows."""
from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Write

CI = '.gitlab-ci.yml'
BUILDS = '  script:\n    - /kaniko/executor --cache -d a\n    - /kaniko/executor --cache -d b\n'


def hook(module: str, folder: Path, *argv: str) -> tuple[int, str]:
    done = subprocess.run(
        (sys.executable, '-m', f'kaniko_hooks.{module}', *argv), cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
    )
    said = done.stdout.decode(errors='replace')
    assert 'Traceback' not in said, said
    assert 'internal error' not in said, said
    assert done.returncode in (0, 1), (done.returncode, said)
    return done.returncode, said


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
    'laughs in variables': laughs().replace('script: *a29', 'script: [executor]\n  variables: *a29'),
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
    'reference storm': '.a0: {s: [/kaniko/executor, /kaniko/executor]}\n' + ''.join(
        f'.a{n}: {{s: [' + ', '.join([f'!reference [.a{n - 1}, s]'] * 9) + ']}\n'
        for n in range(1, 9)
    ) + 'job: {script: [!reference [.a8, s]]}\n',
    'include itself': f'include: {CI}\njob:\n' + BUILDS,
    'include everything': 'include: "**.yml"\njob:\n' + BUILDS,
    'include nonsense': 'include: [1, null, {}, [], {local: {}}, {local: a, remote: b}]\n'
                        'job:\n' + BUILDS,
    'include above': 'include: ../../../../etc/passwd.yml\njob:\n' + BUILDS,
    'include NUL': 'include: "a\\0b.yml"\njob:\n' + BUILDS,
    'regular expression bomb': 'spec: {inputs: {x: {default: "' + 'a' * 40 + '!", regex: "(a+)+$"}}}'
                               '\n---\njob: {script: ["/kaniko/executor $[[ inputs.x ]]"]}\n',
    'rules bomb': 'job:\n  rules: [{if: "' + '(' * 5_000 + '"}]\n' + BUILDS,
    'function calls itself': 'job: {script: ["f() { f; f; /kaniko/executor; }; f"]}\n',
    'functions double': 'job:\n  script:\n    - |\n      f0() { /kaniko/executor -d a; }\n' + ''.join(
        f'      f{n}() {{ f{n - 1}; f{n - 1}; }}\n' for n in range(1, 60)) + '      f59\n',
    'nested substitutions': 'job:\n  script:\n    - ' + '$(' * 3_000 + '/kaniko/executor\n',
    'nested defaults': "job:\n  script:\n    - '" + '${a:-' * 20_000 + "/kaniko/executor'\n",
    'nested quotes': "job:\n  script:\n    - '" + '"$(' * 3_000 + "/kaniko/executor'\n",
    'nested groups': 'job:\n  script:\n    - |\n      ' + '{ ' * 20_000 + '/kaniko/executor\n',
    'nested shells': 'job:\n  script:\n    - |\n      ' + 'sh -c eval\\ ' * 2_000 + '/kaniko/executor\n',
    'doubling variables': 'job:\n  script:\n    - |\n      A=kaniko\n' + ''.join(
        '      A=$A$A$A$A\n' for _ in range(40)) + '      /kaniko/executor $A\n',
    'doubling CI variables': 'variables:\n  A0: kaniko\n' + ''.join(
        f'  A{n}: $A{n - 1}$A{n - 1}$A{n - 1}\n' for n in range(1, 40)
    ) + 'job: {script: ["/kaniko/executor $A39"]}\n',
    'variables in a circle': 'variables: {A: $B, B: $A}\njob: {script: ["/kaniko/executor $A"]}\n',
    'unclosed heredocs': 'job:\n  script:\n    - |\n' + '      cat <<A\n' * 5_000
                         + '      /kaniko/executor\n',
    'huge brace range': 'job: {script: ["for x in {1..99999999}; do /kaniko/executor; done"]}\n',
    'huge loop nest': 'job:\n  script:\n    - |\n      ' + 'for x in a b c d e f g h; do ' * 90
                      + '/kaniko/executor -d x; ' + 'done; ' * 90 + '\n',
    'huge matrix': 'job:\n  parallel:\n    matrix:\n      - ' + '\n        '.join(
        f'V{n}: [{", ".join(map(str, range(100)))}]' for n in range(20)) + '\n' + BUILDS,
    'not CI at all': '- kaniko\n- 1: 2\n',
    'empty keys': '? kaniko\n: \n? [a, b]\n: c\n',
}


@pytest.mark.parametrize('module', ('check_kaniko_builds', 'fix_kaniko_builds'))
@pytest.mark.parametrize('case', HOSTILE)
def test_hostile_file(case: str, module: str, write: Write) -> None:
    data = HOSTILE[case]
    data = data.encode('utf-8', 'surrogatepass') if isinstance(data, str) else data
    root = write({CI: data, 'named.gitlab-ci.yml': data})
    hook(module, root, CI, 'named.gitlab-ci.yml')


def test_links_and_pipes(write: Write) -> None:
    root = write({CI: 'include: [loop.yml, pipe.yml, folder.yml, "link/**.yml"]\njob:\n' + BUILDS})
    (root / 'loop.yml').symlink_to('loop.yml')
    (root / 'link').symlink_to('.')
    (root / 'folder.yml').mkdir()
    os.mkfifo(root / 'pipe.yml')
    code, said = hook('check_kaniko_builds', root, CI, 'loop.yml', 'pipe.yml')
    assert code == 1
    assert 'pipe.yml: is not a regular file' in said
    assert 'loop.yml: ' in said


def test_scripts_in_a_circle(write: Write) -> None:
    root = write({
        CI: 'job:\n  script:\n    - ./a.sh\n    - sh b.sh\n',
        'a.sh': '. ./b.sh\n/kaniko/executor --cache -d a\n',
        'b.sh': '. ./a.sh\n./b.sh\n/kaniko/executor --cache -d b\n',
    })
    code, said = hook('check_kaniko_builds', root, CI)
    assert code == 1
    assert 'cached-builds-share-container' in said


def test_file_that_changes_while_it_is_read(write: Write) -> None:
    """Whatever the check sees of it, the fix writes a whole text or nothing."""
    texts = [('a:\n' + BUILDS).encode(), b'kaniko: [', b'', b'executor: \xff']
    root = write({CI: texts[0]})
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for text in texts:
                (root / CI).write_bytes(text)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(5):
            hook('check_kaniko_builds', root, CI)
    finally:
        stop.set()
        writer.join()
