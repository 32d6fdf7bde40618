"""Generated pipelines: what the fix promises holds for each, whatever it does with it."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from kaniko_hooks.analysis import analyse
from kaniko_hooks.ci.gitlab import read_pipeline
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.fix.plan import FixPlan, plan_fixes
from kaniko_hooks.fix.write import write_all
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository

NAMED = ['.gitlab-ci.yml']
IMAGES = ('api', 'web', 'image-a', 'my_app', 'worker.v2', 'größe', 'db')
NAMES = ('build-images', 'docker', 'build_services', 'build:apps', '"build all images"', 'kaniko')
SETUP = (
    'mkdir -p /kaniko/.docker',
    'export TAG=$CI_COMMIT_SHA',
    'cd app',
    'set -x',
    'echo "start"',
    'echo "{}" > /kaniko/.docker/config.json',
    'test -n "$CI"',
    'cp a.conf b.conf',
)
RISKY = ('apk add curl', 'rm -rf /workspace', 'if [ "$X" ]; then echo; fi', 'wait')
KEYWORDS = (
    'stage: build',
    'tags: [docker]',
    'image:\n{i}  name: gcr.io/kaniko-project/executor:debug',
    'rules:\n{i}  - if: $CI',
    'variables:\n{i}  A: "1"  # one',
    'retry: 2',
    '# a comment',
    '',
    'extends: .base',
    'before_script:\n{i}  - echo before',
    'needs: [lint]',
)


class Generated:
    """A pipeline, and the job in it that may be rewritten."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.indent = self.random.choice(('  ', '    '))
        self.gap = self.random.choice(('', '  ', '  '))
        self.name = self.random.choice(NAMES)
        newline = self.random.choice(('\n', '\n', '\r\n'))
        blocks = [
            '.base:\n  tags: [base]\n',
            'lint:\n  stage: .pre\n  script: [make]\n',
            self.job(),
            self.follower(),
        ]
        text = self.random.choice(('\n', '')).join(blocks)
        if self.random.random() < 0.3:
            text = text.rstrip('\n')
        self.text = text.replace('\n', newline)

    def build(self) -> str:
        image = self.random.choice(IMAGES)
        cache = self.random.choice(('--cache=true', '--cache', '--cache=$CACHE'))
        return f'/kaniko/executor {cache} --context . --destination "$CI_REGISTRY_IMAGE/{image}:1"'

    def commands(self) -> list[str]:
        found = []
        for _ in range(self.random.randint(2, 4)):
            if self.random.random() < 0.4:
                found.append(self.random.choice(SETUP))
            if self.random.random() < 0.06:
                found.append(self.random.choice(RISKY))
            found.append(self.build())
        return found

    def job(self) -> str:
        form = self.random.choice((self.items, self.items, self.block, self.chain, self.loop))
        script = form()
        keywords = self.random.sample(KEYWORDS, self.random.randint(0, 4))
        lines = [self.indent + each.format(i=self.indent) if each else '' for each in keywords]
        lines.insert(self.random.randint(0, len(lines)), f'{self.indent}script:{script}')
        return f'{self.name}:\n' + '\n'.join(lines) + '\n'

    def item(self, text: str, header: str = '') -> str:
        lead = f'\n{self.indent}{self.gap}- '
        if header:
            inner = f'\n{self.indent}{self.gap}  '
            return f'{lead}{header}{inner}' + text.replace('\n', inner)
        return lead + text

    def items(self) -> str:
        found = []
        for command in self.commands():
            if self.random.random() < 0.2:
                found.append(f'\n{self.indent}{self.gap}# about the next')
            style = self.random.choice(('', '', '|', '>-'))
            text = command.replace(' --', '\n--') if style == '>-' else command
            found.append(self.item(text, style))
        return ''.join(found)

    def block(self) -> str:
        return self.item('\n'.join(self.commands()), '|')

    def chain(self) -> str:
        return self.item('\n&& '.join(self.build() for _ in range(2)), '>-')

    def loop(self) -> str:
        words = ' '.join(self.random.sample(IMAGES, 3))
        body = f'{self.build()[:-3]}-$x"'
        return self.item(f'for x in {words}; do\n  echo "$x"\n  {body}\ndone', '|')

    def follower(self) -> str:
        form = self.random.choice(
            (
                'needs: [{n}]',
                'needs:\n    - lint\n    - job: {n}\n      artifacts: false',
                'dependencies:\n    - {n}  # that',
                'rules:\n    - if: $X\n      needs: [{n}, lint]',
                '',
            )
        )
        return f'last:\n  {form.format(n=self.name)}\n  script: [ls]\n'


def built(root: Path) -> Counter[str]:
    """The destinations of all builds, each as often as it is pushed."""
    result = analyse(Repository(str(root)), NAMED, Options(format='json')).result
    return Counter(
        name
        for _, run in result.containers
        for each in run.executions
        for name in each.build.flags.destinations
        for _ in range(each.times)
    )


@pytest.mark.parametrize('seed', range(40))
def test_a_generated_pipeline_is_fixed_or_left_alone(seed: int, tmp_path: Path) -> None:
    case = Generated(seed)
    file = tmp_path / '.gitlab-ci.yml'
    file.write_bytes(case.text.encode())
    before, others = built(tmp_path), read_pipeline(tmp_path).jobs
    plan = plan_fixes(Repository(str(tmp_path)), NAMED, Options())
    assert plan.crashes == ()
    for group in plan.writes:
        write_all(str(tmp_path), group, plan.old)
    after = file.read_bytes().decode()
    if not plan.writes:
        assert after == case.text
        assert all(outcome.no_fix for outcome in plan.outcomes)
        return
    result = analyse(Repository(str(tmp_path)), NAMED, Options()).result
    assert result.findings == ()
    assert plan_fixes(Repository(str(tmp_path)), NAMED, Options()) == FixPlan((), (), {})
    if 'for x in' not in case.text:
        assert built(tmp_path) == before
    jobs = read_pipeline(tmp_path).jobs
    assert plain(jobs['lint'].table) == plain(others['lint'].table)
    assert outside(after) == outside(case.text)


def outside(text: str) -> list[str]:
    """The lines before the rewritten job, and those after it that name no job."""
    lines = text.splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if line.startswith('lint:'))
    last = next(index for index, line in enumerate(lines) if line.startswith('last:'))
    kept = [line for line in lines[last:] if 'script' in line]
    return lines[: first + 3] + [line.rstrip('\r\n') for line in kept]


def test_most_generated_pipelines_are_fixed(tmp_path: Path) -> None:
    fixed = 0
    for seed in range(40):
        (tmp_path / '.gitlab-ci.yml').write_bytes(Generated(seed).text.encode())
        fixed += bool(plan_fixes(Repository(str(tmp_path)), NAMED, Options()).writes)
    assert fixed > 23
