"""Which modules each kind of run imports: what it need not pay for, it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GOOD = (ROOT / 'examples/good/.gitlab-ci.yml').read_text()
INCLUDE = 'include: a.yml\n'
# Nothing of the site is imported before, and what the interpreter itself needs does not count.
RUN = """
import sys
sys.path[:0] = sys.argv.pop(1).split('|')
before = set(sys.modules)
from kaniko_hooks.check_kaniko_builds import main
code = main(sys.argv[1:])
print(code, *sorted(set(sys.modules) - before))
"""


def imported(folder: Path, text: str) -> set[str]:
    """The modules that a check without findings imports."""
    import yaml

    (folder / '.git').mkdir(exist_ok=True)
    (folder / '.gitlab-ci.yml').write_text(text)
    paths = f'{ROOT}|{Path(yaml.__file__).parent.parent}'
    done = subprocess.run(
        (sys.executable, '-S', '-c', RUN, paths, '.gitlab-ci.yml'),
        cwd=folder,
        text=True,
        capture_output=True,
        check=True,
    )
    code, *modules = done.stdout.split()
    assert code == '0'
    return set(modules)


def test_without_kaniko_next_to_nothing_is_imported(tmp_path: Path) -> None:
    # What `os` and `codecs` import differs with the version: 3.13.5's `posixpath` takes `errno`.
    interpreter = subprocess.run(
        (sys.executable, '-S', '-c', 'import sys, os, codecs, io; print(*sys.modules)'),
        text=True,
        capture_output=True,
        check=True,
    )
    modules = imported(tmp_path, 'a:\n  script: [make]\n') - set(interpreter.stdout.split())
    assert {name for name in modules if name[0] != '_' and not name.startswith('encodings')} == {
        'kaniko_hooks',
        'kaniko_hooks.check_kaniko_builds',
        'kaniko_hooks.ci_paths',
        'kaniko_hooks.prefilter',
        'kaniko_hooks.start',
    }


def test_a_plain_pipeline_needs_neither_reports_nor_the_fix(tmp_path: Path) -> None:
    modules = imported(tmp_path, GOOD)
    assert 'yaml' in modules
    ours = {name for name in modules if name.startswith('kaniko_hooks.')}
    assert not [
        name for name in ours if name.startswith(('kaniko_hooks.report', 'kaniko_hooks.fix'))
    ]
    assert not ours & {
        'kaniko_hooks.rule',
        'kaniko_hooks.suppression',
        'kaniko_hooks.terminal',
        'kaniko_hooks.ci.recognise',
        'kaniko_hooks.ci.gitlab.inputs',
        'kaniko_hooks.ci.gitlab.expression',
    }
    assert not modules & {
        'typing',
        'argparse',
        'json',
        'difflib',
        'subprocess',
        'identify',
        'dataclasses',
        'pathlib',
        'tempfile',
        'inspect',
        'importlib.metadata',
    }


@pytest.mark.parametrize(
    ('text', 'needed'),
    (
        pytest.param(GOOD, 'kaniko_hooks.shell.run', id='shell'),
        pytest.param(
            'spec: {inputs: {x: }}\n---\n' + GOOD, 'kaniko_hooks.ci.gitlab.inputs', id='inputs'
        ),
    ),
)
def test_what_is_needed_is_imported(tmp_path: Path, text: str, needed: str) -> None:
    assert needed in imported(tmp_path, text)
