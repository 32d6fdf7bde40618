"""Random repositories with a GitLab job that runs several Kaniko builds.

About half of the jobs are what people write every day. The others have a feature or two that
make a split hard: outputs that travel, values that differ, side effects, gates.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

Files = dict[str, str]
_IMAGES = ('api', 'web', 'worker', 'db-init', 'my_app', 'proxy', 'admin')
_JOBS = ('build-images', 'docker', 'Build Images', 'build:images', 'publish', 'build_services')
_PREFIXES = (
    '$CI_REGISTRY_IMAGE',
    '$CI_REGISTRY_IMAGE',
    'registry.example.com/group/project',
    '$REPO',
)
_DOCKERFILE = 'FROM alpine:3.20\nLABEL name={name}\nCOPY . /app\n'
_NOTIFY = 'curl -s -X POST -d "text=images" $SLACK_WEBHOOK'

# Commands that stand before the first build.
_SETUP = (
    'mkdir -p /kaniko/.docker',
    'echo "{\\"auths\\":{\\"$CI_REGISTRY\\":{}}}" > /kaniko/.docker/config.json',
    'echo "Building $CI_COMMIT_SHA"',
    'set -x',
    'test -n "$CI_REGISTRY_IMAGE" || exit 1',
    '[ -z "$CI_REGISTRY" ] && { echo missing; exit 1; }',
    'if [ "$SKIP_IMAGES" = 1 ]; then exit 0; fi',
    '/kaniko/executor login $CI_REGISTRY -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD',
    'export DOCKER_CONFIG=$(mktemp -d)\necho "{}" > $DOCKER_CONFIG/config.json',
    'umask 022',
    'find . -name Dockerfile',
    'mkdir -p out',
    'cat > build.args <<EOF\ncommit=$CI_COMMIT_SHA\nEOF',
    "trap 'rm -f /kaniko/.docker/config.json' EXIT",
    'wget -q https://pki.example.com/ca.pem -O /kaniko/ssl/certs/ca.pem',
)
_RISKY_SETUP = (
    'apk add --no-cache jq',
    'set +e',
    _NOTIFY,
    'npm ci && npm run build',
    'git tag build-$CI_PIPELINE_ID && git push origin build-$CI_PIPELINE_ID',
    'curl -fsSL https://example.com/tool -o tool && chmod +x tool',
    'aws ecr create-repository --repository-name images || true',
    'sh ci/prepare.sh',
    'make prepare',
)
_TAGS = (
    'TAG=v1',
    'export TAG=$CI_COMMIT_SHORT_SHA',
    'TAG=$(cat VERSION)',
    '. ./versions.env',
    'TAG=${CI_COMMIT_TAG:-latest}',
    'if [ -n "$CI_COMMIT_TAG" ]; then TAG=$CI_COMMIT_TAG; else TAG=latest; fi',
    'TAG=$(git describe --tags --always)',
)
_DRAWN_TAGS = (
    'TAG=$(date +%Y%m%d)',
    'export TAG=`date +%s`',
    'TAG=$CI_JOB_ID',
    '. ci/tag.env',
    'TAG=$(uuidgen | cut -c1-6)',
    'now() { date +%s; }\nTAG=$(now)',
)
_LAST = ('echo done', 'ls -la', 'set +x', _NOTIFY, 'cat out/* > all.txt || true')
_AFTER = ('rm -f /kaniko/.docker/config.json', 'echo "$CI_JOB_STATUS"', 'ls -la', _NOTIFY)
_KEYWORDS = (
    'tags: [k8s]',
    'retry: 2',
    'timeout: 1h',
    'resource_group: registry',
    'variables:\n    DOCKER_BUILDKIT: "1"',
    'rules:\n    - if: $CI_COMMIT_BRANCH == "main"\n    - if: $CI_COMMIT_TAG',
    'rules:\n    - changes: [api/**/*]',
    '# a comment about the next key',
    'extends: .kaniko',
    'extends:\n    - .kaniko',
    'needs: []',
    'needs: [compile]',
    'dependencies: [compile]',
)
_RISKY_KEYWORDS = (
    'allow_failure: true',
    'when: manual',
    'when: always',
    'when: on_failure',
    'environment: production',
    'coverage: /TOTAL/',
    'services: [{name: "registry:2", alias: local}]',
    'artifacts: {paths: [out/]}',
    'artifacts:\n    paths: ["*.tar", out]\n    when: always',
    'artifacts: {reports: {dotenv: out/build.env}}',
    'cache: {key: images, paths: [out/]}',
    'parallel: {matrix: [{ARCH: [amd64, arm64]}]}',
)
_NEEDS = (
    'needs: [{job}]',
    'needs:\n    - compile\n    - job: {job}\n      artifacts: false',
    'needs: [compile, {{job: {job}, optional: true}}]',
    'dependencies: [{job}]',
    'when: on_failure',
    '# no needs',
)
_FOLLOWERS = (
    'helm upgrade shop chart',
    'ls out',
    'curl -d deployed $HOOK',
    'cosign sign $(cat out/*)',
)


class Unit(NamedTuple):
    """Commands around a build, and the Dockerfile that they need.

    `{build}` is the whole command, `{bare}` lacks the destination; flags may follow both.
    `{image}` is the image, `{old}` the name and `{base}` the image of the build before.
    """

    lines: tuple[str, ...]
    dockerfile: str = _DOCKERFILE


_UNITS = (
    *[Unit(('{build}',))] * 5,
    Unit(('echo "=== {name} ==="', '{build}')),
    Unit(('{build} --destination {prefix}/{name}:extra',)),
    Unit(('cd {name}', '/kaniko/executor --cache=true --context . -d {image}', 'cd ..')),
    Unit(('cd {name}', '/kaniko/executor --cache=true -c . -d {image}', 'cd "$CI_PROJECT_DIR"')),
    Unit(('(cd {name} && /kaniko/executor --cache=true -c . -d {image})',)),
    Unit(('build {name}',)),
    Unit(('sh ci/build.sh {name}',)),
    Unit(('{build} || exit 1',)),
    Unit(('if ! {build}; then echo "{name} failed"; exit 1; fi',)),
    Unit(('if [ -n "$CI_COMMIT_TAG" ]; then\n  {build}\nfi',)),
    Unit(('[ "$CI_COMMIT_BRANCH" = main ] && {build}',)),
    Unit(('echo "FROM alpine:3.20" > {name}/Dockerfile', '{build}')),
    Unit(('cp -r shared VERSION {name}/', '{build}')),
    Unit(('timeout 1800 {build}',)),
    Unit(('HTTP_PROXY=proxy {build}',)),
    Unit(('export IMAGE={name}', '/kaniko/executor --cache --context $IMAGE -d {prefix}/$IMAGE:1')),
    Unit(('{build} --build-arg BASE={base}',), 'ARG BASE\nFROM $BASE\nCOPY . /app\n'),
    Unit(('{build}',), 'FROM registry.example.com/group/project/{old}:1\nCOPY . /app\n'),
    Unit(
        ('{build}',), 'FROM alpine\nCOPY --from=registry.example.com/group/project/{old}:1 /app /\n'
    ),
)
_RISKY_UNITS = (
    Unit(('{build} --tar-path {name}.tar', 'trivy image --input {name}.tar')),
    Unit(('{build}', 'crane tag {image} stable')),
    Unit(('{build} --digest-file out/{name}', 'cat out/{name}')),
    Unit(
        ('{build} --digest-file {name}/digest', 'cosign sign {prefix}/{name}@$(cat {name}/digest)')
    ),
    Unit(('{build} --digest-file digest --label "base=$(cat digest)"',)),
    Unit(('{bare} --no-push', '{build}')),
    Unit(('{build} || {build}',)),
    Unit(('{build} --tar-path {old}/base.tar',)),
    Unit(('cp {old}/digest {name}/', '{build} --digest-file {name}/digest')),
    Unit(('{build} --oci-layout-path={old}/oci',)),
    Unit(('aws ecr create-repository --repository-name {name} || true', '{build}')),
    Unit(('{build}', 'curl -d "{name} is pushed" $HOOK')),
    Unit(('{build} 2>&1 | tee -a build.log',)),
    Unit(('{build} || true',)),
    Unit(('{build} || FAILED=1',)),
    Unit(('{build} --label done=$DONE && DONE=yes',)),
    Unit(('{bare} -c . -f {name}/Dockerfile -d {image} --digest-file {name}.digest',)),
    Unit(('{bare} -c . -f {name}/Dockerfile -d {image}',)),
    Unit(('{build}', '{bare} --destination {prefix}/{name}:other')),
    Unit(('{build}', '{build}')),
    Unit(('sed -i "s|@BASE@|{base}|" {name}/Dockerfile', '{build}'), 'FROM @BASE@\nCOPY . /app\n'),
    Unit(('echo "FROM {base}" > {name}/Dockerfile', '{build}')),
    Unit(('BASE={base}', 'echo "FROM $BASE" > {name}/Dockerfile', '{build}')),
    Unit(('{bare} --destination localhost:5000/{name}:1',), 'FROM localhost:5000/{old}:1\n'),
    Unit(('{build}', 'rm -rf /kaniko/0 /kaniko/1')),
    Unit(
        ('{bare} --target test --destination {prefix}/{name}/test:1', '{build}'),
        'FROM alpine AS test\nRUN test\nFROM alpine\nCOPY . /\n',
    ),
    Unit(('echo "at $(date)"', '{build} --label "date=$(date +%s)"')),
)
_LOOPS = (
    *['{build}'] * 4,
    'echo "$x"\n  {build}',
    'cd $x\n  /kaniko/executor --cache=true -c . -d {image}\n  cd ..',
    '{build} || exit 1',
)
_RISKY_LOOPS = (
    '{build} --digest-file out/$x',
    '{build} --tar-path api/$x.tar',
    '{build} || true',
    '{build} || FAILED=1',
    f'{{build}}\n  {_NOTIFY}',
    '{build}\n  crane tag {image} stable',
    '{build} --label "date=$(date +%s)"',
    '[ -f $x/skip ] && continue\n  {build}',
    'n=$((n+1))\n  {build} --label n=$n',
)


class Generator:
    """A repository in the making."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.wild = self.chance(0.5)
        self.images = self.random.sample(_IMAGES, self.random.randint(2, 4))
        self.prefix = self.random.choice(_PREFIXES)
        self.tag = self.random.choice(('$CI_COMMIT_SHA', 'latest', '1', '$TAG'))
        self.job = self.random.choice(_JOBS)
        self.files: Files = {
            'VERSION': '1.4.2\n',
            'versions.env': 'TAG=2\nOTHER=3\n',
            'ci/tag.env': 'TAG="$(date +%s)"\n',
            'ci/build.sh': '#!/bin/sh\nset -e\n' + self.build('"$1"') + '\n',
            'ci/prepare.sh': self.random.choice(('mkdir -p out\n', 'curl -d start $HOOK\n')),
            'shared/lib.txt': 'shared\n',
        }

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def risk(self, probability: float) -> bool:
        return self.chance(probability) and self.wild

    def some(self, choices: Sequence[str], most: int) -> list[str]:
        """A few of the choices, in their order."""
        numbers = self.random.sample(range(len(choices)), self.random.randint(0, most))
        return [choices[number] for number in sorted(numbers)]

    def repository(self) -> Files:
        """The files of the repository."""
        default = 'default:\n  before_script:\n' + self.items(['ls', *self.setup(1)])
        blocks = [
            'stages: [prepare, build, deploy]\nvariables:\n  REPO: registry.example.com/team',
            '.kaniko:\n  tags: [kaniko]\n  variables: {A: "1"}',
            'compile:\n  stage: prepare\n  script:\n    - mkdir -p api/target out\n'
            '    - echo jar > api/target/a.jar\n  artifacts: {paths: [api/target]}',
            *([default] if self.risk(0.1) else []),
            self.kaniko_job(),
            f'last:\n  stage: deploy\n  {self.random.choice(_NEEDS).format(job=self.job)}\n'
            f'  script:\n    - {self.random.choice(_FOLLOWERS)}',
        ]
        text = self.random.choice(('\n\n', '\n')).join(blocks) + '\n'
        self.files['.gitlab-ci.yml'] = text.replace('\n', '\r\n') if self.chance(0.04) else text
        return self.files

    def kaniko_job(self) -> str:
        keys = self.some(_KEYWORDS, 3) + (self.some(_RISKY_KEYWORDS, 1) if self.risk(0.4) else [])
        lines = ['stage: build', 'image: gcr.io/kaniko-project/executor:debug']
        for key in keys:
            if not any(line.startswith(key.partition(':')[0]) for line in lines):
                lines.append(key)
        script = self.script()
        function = 'build() {\n  ' + self.build('"$1"') + '\n}'
        setup = [function] if any(re.match('build ', line) for line in script) else []
        if self.chance(0.3):
            before = [*setup, *self.setup(2)]
            lines += ['before_script:\n' + self.items(before)] if before else []
        else:
            script = setup + script
        if self.chance(0.15):
            after = self.random.choice(_AFTER if self.risk(0.6) else _AFTER[:-1])
            lines.append('after_script:\n' + self.items([after]))
        place = len(lines) if lines[-1].startswith('#') else self.random.randint(2, len(lines))
        lines.insert(place, 'script:\n' + self.items(script))
        return f'{self.job}:\n' + '\n'.join(f'  {line}' for line in lines)

    def items(self, commands: Sequence[str]) -> str:
        """A YAML list; at times all commands in a literal block."""
        if len(commands) > 1 and self.chance(0.15):
            return self.item('\n'.join(commands))
        return '\n'.join(self.item(command) for command in commands)

    def item(self, text: str) -> str:
        comment = '    # about the next\n' if self.chance(0.08) else ''
        if '\n' in text:
            return f'{comment}    - |\n' + '\n'.join(f'      {line}' for line in text.split('\n'))
        if re.search(r'^[\[{"\'!&*%@`|>-]|: | #|:$', text):
            quoted = text.replace("'", "''")
            return f"{comment}    - '{quoted}'"
        return f'{comment}    - {text}'

    def setup(self, most: int) -> list[str]:
        lines = self.some(_SETUP, most)
        if self.risk(0.2):
            lines.insert(self.random.randint(0, len(lines)), self.random.choice(_RISKY_SETUP))
        return lines

    def script(self) -> list[str]:
        lines = self.setup(3)
        if self.tag == '$TAG':
            lines.append(self.random.choice(_DRAWN_TAGS if self.risk(0.4) else _TAGS))
        if self.chance(0.2):
            lines.append(self.loop())
        else:
            for old, name in zip(['base', *self.images], self.images):
                lines += self.unit(name, old)
        return lines + (self.some(_LAST if self.risk(0.4) else _LAST[:3], 1))

    def unit(self, name: str, old: str) -> list[str]:
        unit = self.random.choice(_RISKY_UNITS if self.risk(0.4) else _UNITS)
        self.folder(name, unit.dockerfile.replace('{old}', old).replace('{name}', name))
        return [self.filled(line, name, old) for line in unit.lines]

    def loop(self) -> str:
        for name in self.images:
            self.folder(name, _DOCKERFILE)
        body = self.random.choice(_RISKY_LOOPS if self.risk(0.5) else _LOOPS)
        words = ' '.join(self.images)
        return f'for x in {words}; do\n  {self.filled(body, "$x", "base")}\ndone'

    def folder(self, name: str, dockerfile: str) -> None:
        self.files[f'{name}/Dockerfile'] = dockerfile
        self.files[f'{name}/app.txt'] = f'{name}\n'

    def filled(self, text: str, name: str, old: str) -> str:
        values = {
            '{build}': self.build(name),
            '{bare}': f'/kaniko/executor --cache=true --context {name}',
            '{image}': f'{self.prefix}/{name}:{self.tag}',
            '{base}': f'{self.prefix}/{old}:{self.tag}',
            '{prefix}': self.prefix,
            '{name}': name,
            '{old}': old,
        }
        return re.sub(r'\{[a-z]+\}', lambda match: values.get(match[0], match[0]), text)

    def build(self, name: str) -> str:
        cache = self.random.choice(('--cache=true', '--cache', '--cache=true --cache-ttl=24h'))
        words = [cache, f'--context {name}', f'--destination {self.prefix}/{name}:{self.tag}']
        return (' \\\n  ' if self.chance(0.15) else ' ').join(['/kaniko/executor', *words])


def generate(seed: int) -> Files:
    """The files of a random repository; a seed always gives the same."""
    return Generator(seed).repository()
