from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab import InvalidPipeline, read_pipeline
from kaniko_hooks.ci.gitlab.jobs import Command

CASES = Path(__file__).parent / 'cases'
SCRIPTS = ('before_script', 'script', 'after_script')


def _cases(kind: str) -> list[Path]:
    return sorted((CASES / kind).iterdir())


def _expected(case: Path) -> dict[str, object]:
    loaded = json.loads((case / 'expected.json').read_text(encoding='utf-8'))
    assert isinstance(loaded, dict)
    return loaded


def _texts(commands: list[Command] | None) -> list[str] | None:
    return None if commands is None else [command.text for command in commands]


# What makes a pipeline unreadable, as GitLab words it; the keywords of jobs are not checked.
UNREADABLE = re.compile(
    r'\(<unknown>\)|Invalid configuration format|unspecified class'
    r'|Local file|does not have YAML extension|Maximum of 150'
    r'|unknown keys in `extends`|invalid base hashes|circular|nesting too deep|!reference'
)


def _error(case: Path) -> str | None:
    expected = _expected(case)
    error = expected.get('error') or expected.get('__error__')
    return None if error is None else str(error)


RESOLUTION = _cases('gitlab-resolution')
DOCUMENTED = _cases('gitlab-documented')
REFUSED = [case for case in (*RESOLUTION, *DOCUMENTED) if UNREADABLE.search(_error(case) or '')]
# The newest GitLab takes a wildcard with a leading slash; see gitlab_include_test.py.
OUTDATED = {'077-include-glob-leading-slash'}
ACCEPTED = [
    case
    for case in (*RESOLUTION, *DOCUMENTED)
    if _error(case) is None and case.name not in OUTDATED
]


@pytest.mark.parametrize('case', REFUSED, ids=lambda case: case.name)
def test_what_gitlab_refuses(case: Path) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        read_pipeline(case)
    text = (case / caught.value.file).read_text(encoding='utf-8')
    assert 1 <= caught.value.line <= text.count('\n') + 1
    assert caught.value.message in str(caught.value)


@pytest.mark.parametrize(
    'case', [case for case in RESOLUTION if case in ACCEPTED], ids=lambda case: case.name
)
def test_jobs_are_those_of_gitlabs_own_code(case: Path) -> None:
    jobs = _expected(case)['jobs']
    pipeline = read_pipeline(case)
    assert isinstance(jobs, dict)
    assert list(pipeline.jobs) == list(jobs)
    for name, expected in jobs.items():
        job = pipeline.jobs[name]
        for keyword in SCRIPTS:
            assert _texts(getattr(job, keyword)) == expected[keyword], (name, keyword)
        assert dict(job.variables) == expected['variables'], name


@pytest.mark.parametrize(
    'case', [case for case in DOCUMENTED if case in ACCEPTED], ids=lambda case: case.name
)
def test_jobs_are_those_of_the_documentation(case: Path) -> None:
    pipeline = read_pipeline(case)
    # Here a script that is not there is an empty list.
    assert {
        name: {keyword: _texts(getattr(job, keyword)) or [] for keyword in SCRIPTS}
        for name, job in pipeline.jobs.items()
    } == _expected(case)


@pytest.mark.parametrize('case', ACCEPTED, ids=lambda case: case.name)
def test_a_command_stands_where_it_says(case: Path) -> None:
    for job in read_pipeline(case).jobs.values():
        for keyword in SCRIPTS:
            for command in getattr(job, keyword) or ():
                _assert_located(case, command)


def _assert_located(case: Path, command: Command) -> None:
    text = (case / command.file).read_bytes().decode('utf-8-sig')
    assert command.offset <= len(text)
    words = command.text.split()
    if not words:
        return
    first = command.source.place(command.text.index(words[0])).offset
    # What an input makes does not stand anywhere as it is.
    if '$[[' not in text[first : first + len(words[0]) + 3]:
        assert text.startswith(words[0], first)
    assert command.source.place(len(command.text) - 1).offset < len(text)
