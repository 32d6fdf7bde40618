"""A repository -> the job instances of one pipeline, as GitLab creates them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from kaniko_hooks.ci.gitlab import read_pipeline
from kaniko_hooks.ci.gitlab.values import plain
from tests.judge.conditions import holds

Keywords = Mapping[str, Any]
_DEFAULTS = ('before_script', 'after_script', 'artifacts', 'services', 'cache')
_MOST_NEEDS = 50
_VARIABLE = re.compile(r'\$(?:(\w+)|\{(\w+)\})')


class Need(NamedTuple):
    """One entry of `needs:`."""

    job: str
    artifacts: bool
    optional: bool


class Instance(NamedTuple):
    """One container: a job, or one of its `parallel` instances."""

    job: str
    number: int  # 0, or the place among the instances of the job
    stage: int
    keywords: Keywords
    variables: Mapping[str, str]  # all that YAML sets, as written
    when: str
    allow_failure: bool
    needs: tuple[Need, ...] | None

    @property
    def name(self) -> str:
        return f'{self.job} {self.number}' if self.number else self.job


class Definition(NamedTuple):
    """A pipeline as it is written: its top level, its jobs, and the files it is made of."""

    top: Keywords
    jobs: Mapping[str, Keywords]
    files: tuple[str, ...]


@lru_cache(64)
def definition(root: Path, path: str) -> Definition:
    """The pipeline of a root file, which is read once. Raises InvalidPipeline."""
    pipeline = read_pipeline(root, path)
    top: Any = plain(pipeline.table)
    jobs: dict[str, Any] = {name: plain(job.table) for name, job in pipeline.jobs.items()}
    return Definition(top, jobs, pipeline.files)


def instances(
    top: Keywords, jobs: Mapping[str, Keywords], variables: Mapping[str, str]
) -> list[Instance]:
    """The instances of a pipeline. Raises ValueError where GitLab refuses to create it."""
    stages = ['.pre', *(top.get('stages') or ('build', 'test', 'deploy')), '.post']
    result: list[Instance] = []
    for name, job in jobs.items():
        keywords = with_defaults(top, job)
        result += created(name, keywords, stages, _globals(top, keywords), variables)
    names = {instance.job for instance in result}
    for instance in result:
        needed = [need.job for need in instance.needs or () if not need.optional]
        environment = instance.keywords.get('environment')
        if isinstance(environment, Mapping) and 'on_stop' in environment:
            needed.append(environment['on_stop'])
        if not names.issuperset(needed) or len(instance.needs or ()) > _MOST_NEEDS:
            raise ValueError(f'{instance.job}: GitLab refuses its needs or its on_stop')
    return result


def with_defaults(top: Keywords, job: Keywords) -> Keywords:
    """The keywords of a job with those of `default:` and of the top level that it inherits."""
    inherited = (job.get('inherit') or {}).get('default', True)
    defaults = {**top, **(top.get('default') or {})}
    return {
        **{
            key: defaults[key]
            for key in _DEFAULTS
            if key in defaults and (inherited is True or (inherited and key in inherited))
        },
        **{key: value for key, value in job.items() if value is not None},
    }


def _globals(top: Keywords, job: Keywords) -> dict[str, str]:
    inherited = (job.get('inherit') or {}).get('variables', True)
    return {
        key: text_of(value)
        for key, value in (top.get('variables') or {}).items()
        if inherited is True or (inherited and key in inherited)
    }


def created(
    name: str,
    keywords: Keywords,
    stages: list[str],
    top: Mapping[str, str],
    outside: Mapping[str, str],
) -> Iterator[Instance]:
    """The instances of one job; none where its rules leave it out."""
    own = {**top, **{k: text_of(v) for k, v in (keywords.get('variables') or {}).items()}}
    rule = first_rule(keywords, layered(own, outside))
    if rule is None or rule.get('when') == 'never':
        return
    when = rule.get('when', keywords.get('when', 'on_success'))
    own |= {key: text_of(value) for key, value in (rule.get('variables') or {}).items()}
    for number, cell in enumerate(cells(keywords.get('parallel'))):
        yield Instance(
            name,
            number,
            stages.index(keywords.get('stage', 'test')),
            keywords,
            {**own, **cell},
            when,
            bool(rule.get('allow_failure', keywords.get('allow_failure', _lenient(keywords)))),
            needs_of(rule.get('needs', keywords.get('needs'))),
        )


def _lenient(keywords: Keywords) -> bool:
    return keywords.get('when') == 'manual' and 'rules' not in keywords


def first_rule(keywords: Keywords, variables: Mapping[str, str]) -> Keywords | None:
    """The rule that applies; an empty one without `rules:`, None where no rule holds."""
    if 'rules' not in keywords:
        return {}
    rules: list[Keywords] = flat(keywords['rules'])
    for rule in rules:
        if holds(rule['if'], variables) if 'if' in rule else True:
            return rule
    return None


def needs_of(value: Any) -> tuple[Need, ...] | None:
    if value is None:
        return None
    entries: list[Keywords] = [
        {'job': entry} if isinstance(entry, str) else entry for entry in flat(value)
    ]
    return tuple(
        Need(entry['job'], entry.get('artifacts', True), entry.get('optional', False))
        for entry in entries
        if 'job' in entry and 'project' not in entry and 'pipeline' not in entry
    )


def cells(parallel: Any) -> list[dict[str, str]]:
    """The variables of each instance of `parallel:`; one empty cell without it."""
    if not isinstance(parallel, Mapping):
        return [{} for _ in range(parallel or 1)]
    result = []
    for row in parallel['matrix']:
        words = [value if isinstance(value, list) else [value] for value in row.values()]
        result += [dict(zip(row, map(text_of, cell))) for cell in product(*words)]
    return result


def layered(own: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """Variables of YAML above the predefined ones, below those that a pipeline is started with."""
    predefined = {key: value for key, value in outside.items() if key.startswith('CI')}
    return {**predefined, **own, **{k: v for k, v in outside.items() if k not in predefined}}


def expanded(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables with the variables in their values expanded, as the runner does."""
    result = dict(variables)
    for _ in range(8):
        result = {key: filled(value, result) for key, value in result.items()}
    return result


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text of a keyword with its variables expanded."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], ''), text)


def flat(value: Any) -> list[Any]:
    """The items of nested lists; a scalar is a list of one."""
    if not isinstance(value, list):
        return [] if value is None else [value]
    return [item for inner in value for item in flat(inner)]


def text_of(value: Any) -> str:
    """The text of a variable."""
    if isinstance(value, Mapping):
        return text_of(value.get('value'))
    if isinstance(value, bool):
        return str(value).lower()
    return '' if value is None else str(value)
