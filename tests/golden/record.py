"""Runs both hooks on the cases, in this process, and records what they do."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from kaniko_hooks.kaniko import read_build
from kaniko_hooks.model import MANY, Container, Execution, Place, Script, Setting
from kaniko_hooks.shell.run import container_run
from kaniko_hooks.text import ROOT, Segment, Text, hole
from tests.script_files import ScriptFiles

CASES = Path(__file__).parents[1] / 'cases'
IMAGE = {'name': 'gcr.io/kaniko-project/executor:debug', 'entrypoint': ['']}

Record = dict[str, Any]
Recorder = Iterator[tuple[str, Record]]


def practice() -> Recorder:
    """Labelled scripts, each as the only item of a job's script."""
    for name in ('shell-cases', 'shell-hard', 'shell-practice'):
        for index, case in enumerate(json.loads((CASES / f'shell/{name}.json').read_text())):
            job = {'image': IMAGE, 'script': [case['script']]}
            yield f'{name}-{index}', checked(files_of(job, {}))


def shell() -> Recorder:
    """Labelled jobs."""
    for name in ('attack', 'guards', 'practice-jobs'):
        for case in json.loads((CASES / f'shell/{name}.json').read_text()):
            job = {'image': IMAGE, **case['job']}
            files = files_of(job, case['files'])
            yield f'{name}-{case["name"]}', checked(files, case['executable'])


def scripts() -> Recorder:
    """Containers of small scripts, read by no CI reader: for each build its times and cache."""
    for line in (CASES / 'shell/units.jsonl').read_text().splitlines():
        case = json.loads(line)
        run = container_run(container_of(case), read_build, ScriptFiles(case.get('files', {})))
        yield (
            case['name'],
            {
                'builds': 'many' if run.builds_in_worst_run >= MANY else run.builds_in_worst_run,
                'verdict': run.verdict,
                'executions': [_execution(execution) for execution in run.executions],
            },
        )


def _execution(execution: Execution) -> list[object]:
    place = execution.build.place
    times = 'many' if execution.times >= MANY else execution.times
    return [f'{place.file}:{place.offset}', times, execution.build.flags.cache]


def container_of(case: Mapping[str, Any]) -> Container:
    """A container of scripts; the offsets of the n-th command begin at n * 10,000."""
    image = case.get('image')
    parts = tuple(map(_script, case['parts']))
    setting = Setting((Text(image),)) if image else None
    return Container('gitlab-ci', 'job', Place('ci.yml', 0), setting, scripts=parts)


def _script(part: Mapping[str, Any]) -> Script:
    variables = {name: Setting((Text(value),)) for name, value in part.get('variables', {}).items()}
    root = {'CI_PROJECT_DIR': Setting((hole(ROOT, '$CI_PROJECT_DIR'),))}
    return Script(
        tuple(map(_command, count(), part['commands'])),
        {**root, **variables},
        part.get('form', 'script'),
        part.get('always', False),
        part.get('directory', ''),
        part.get('shell', 'sh'),
        True,
        tuple(map(_command, count(), part.get('arguments', []))),
    )


def _command(index: int, text: str) -> Text:
    base = index * 10_000
    return Text(text, (), (Segment(0, lambda offset: Place('ci.yml', base + offset), 0, True),))


def files_of(job: Mapping[str, object], files: Mapping[str, str]) -> dict[str, bytes]:
    """A repository whose pipeline has one job. JSON is YAML with every string quoted."""
    texts = {'.gitlab-ci.yml': json.dumps({'job': job}, indent=1), **files}
    return {path: text.encode() for path, text in texts.items()}


def gitlab() -> Recorder:
    for kind in ('gitlab-resolution', 'gitlab-documented'):
        for case in sorted((CASES / kind).iterdir()):
            yield f'{kind}/{case.name}', checked(contents(case))


def other_ci() -> Recorder:
    for expected in sorted((CASES / 'other-ci').glob('*/*.expected.json')):
        name = expected.name.removesuffix('.expected.json')
        path, files = other_ci_case(expected)
        yield f'{expected.parent.name}/{name}', checked(files, named=[path])


def other_ci_case(expected: Path) -> tuple[str, dict[str, bytes]]:
    """The path of the configuration, and all files, of the case with this label."""
    label = json.loads(expected.read_text())
    (source,) = expected.parent.glob(expected.name.replace('.expected.json', '.y*ml'))
    files = {label['as_path']: source.read_bytes()}
    files |= {path: text.encode() for path, text in label.get('files', {}).items()}
    return label['as_path'], files


def fix() -> Recorder:
    """The judged cases; with --unsafe those, and the ones of fix_cases_test, that are refused."""
    for before in sorted((CASES / 'fix-judged').glob('*/before')):
        name, files = before.parent.relative_to(CASES).as_posix(), contents(before)
        record = fixed(files, [])
        yield name, record
        if not record['rewritten']:
            yield f'{name} --unsafe', fixed(files, ['--unsafe'])
    for before in sorted((CASES / 'fix/refused').glob('*/before')):
        name = before.parent.relative_to(CASES).as_posix()
        yield f'{name} --unsafe', fixed(contents(before), ['--unsafe'])


RECORDERS = {
    'scripts': scripts,
    'practice': practice,
    'shell': shell,
    'gitlab': gitlab,
    'other-ci': other_ci,
    'fix': fix,
}


def contents(folder: Path) -> dict[str, bytes]:
    """Path below a folder -> bytes, of all its files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@contextlib.contextmanager
def repository(files: Mapping[str, bytes], executable: list[str]) -> Iterator[Path]:
    """A folder with these files as the working directory; its `.git` marks the root."""
    here = os.getcwd()
    root = Path(tempfile.mkdtemp())
    (root / '.git').mkdir()
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    for path in executable:
        (root / path).chmod(0o755)
    os.chdir(root)
    try:
        yield root
    finally:
        os.chdir(here)
        shutil.rmtree(root)


def called(hook: Any, argv: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a hook."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = hook.main(argv)
    return code, out.getvalue(), err.getvalue()


def checked(
    files: Mapping[str, bytes], executable: list[str] | None = None, named: list[str] | None = None
) -> Record:
    """The check's exit code and the stable part of its JSON report."""
    paths = named or [path for path in files if path.endswith(('.yml', '.yaml', '.sh'))]
    with repository(files, executable or []):
        code, out, err = called(check_kaniko_builds, ['--format', 'json', *paths])
    report = json.loads(out) if out else {'containers': [], 'findings': [], 'notes': []}
    record: Record = {'exit': code}
    record['containers'] = [
        [
            container['name'],
            container['builds_in_worst_run'],
            container['verdict'],
            [
                [
                    f'{build["file"]}:{build["line"]}',
                    build['times'],
                    build['cache'],
                    build['cleanup'],
                    build['destinations'],
                ]
                for build in container['builds']
            ],
        ]
        for container in report['containers']
    ]
    record['findings'] = [
        [finding['rule'], f'{finding["file"]}:{finding["line"]}:{finding["column"]}']
        for finding in report['findings']
    ]
    record['notes'] = [f'{note["file"]}:{note["line"]}' for note in report['notes']]
    return record if code < 2 else {**record, 'stderr': err}


def fixed(files: Mapping[str, bytes], options: list[str]) -> Record:
    """The decision of the fix to rewrite the files, and a digest of what they are afterwards."""
    paths = [path for path in files if path.endswith(('.yml', '.yaml', '.sh'))]
    with repository(files, []) as root:
        code, _, err = called(fix_kaniko_builds, [*options, *paths])
        after = contents(root)
    if 'Traceback' in err:
        raise AssertionError(err)
    record: Record = {'rewritten': after != files}
    if after != files:
        digest = hashlib.sha256()
        for path, data in after.items():
            digest.update(b'%d %s %d ' % (len(path), path.encode(), len(data)) + data)
        record['after'] = digest.hexdigest()[:16]
    if code > 1:
        record['exit'] = code
    return record
