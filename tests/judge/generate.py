"""Random repositories with a GitLab job that runs several Kaniko builds.

About half of the jobs are what people write every day. The others have a feature or two that
make a split hard: outputs that travel, values that differ, side effects, gates.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from tests.judge import pieces

Files = dict[str, str]


class Generator:
    """A repository in the making."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.wild = self.chance(0.5)
        self.images = self.random.sample(pieces.IMAGES, self.random.randint(2, 4))
        self.prefix = self.random.choice(pieces.PREFIXES)
        self.tag = self.random.choice(('$CI_COMMIT_SHA', 'latest', '1', '$TAG'))
        self.job = self.random.choice(pieces.JOBS)
        self.files: Files = {
            'VERSION': '1.4.2\n',
            'versions.env': 'TAG=2\nOTHER=3\n',
            'ci/tag.env': 'TAG="$(date +%s)"\n',
            'ci/build.sh': '#!/bin/sh\nset -e\n' + self.build('"$1"') + '\n',
            'ci/build-env.sh': '#!/bin/sh\n' + self.build('"$NAME"') + '\n',
            'ci/lib.sh': 'kbuild() {\n  ' + self.build('"$1"') + '\n}\n',
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
            '.rules:\n  rules:\n    - if: $CI_COMMIT_BRANCH\n    - if: $CI_COMMIT_TAG',
            '.setup:\n  before_script:\n    - mkdir -p out',
            '.auth:\n  script:\n    - mkdir -p /kaniko/.docker\n'
            '    - echo "{}" > /kaniko/.docker/config.json',
            'compile:\n  stage: prepare\n  script:\n    - mkdir -p api/target out\n'
            '    - echo jar > api/target/a.jar\n  artifacts: {paths: [api/target]}',
            *([default] if self.risk(0.1) else []),
            *self.placed(self.kaniko_job()),
            f'last:\n  stage: deploy\n  {self.random.choice(pieces.NEEDS).format(job=self.job)}\n'
            f'  script:\n    - {self.random.choice(pieces.FOLLOWERS)}',
        ]
        if '$IMAGES_TO_BUILD' in ''.join(blocks):
            blocks[0] += f'\n  IMAGES_TO_BUILD: {" ".join(self.images)}'
        text = self.random.choice(('\n\n', '\n')).join(blocks) + '\n'
        self.files['.gitlab-ci.yml'] = text.replace('\n', '\r\n') if self.chance(0.04) else text
        return self.files

    def placed(self, job: str) -> list[str]:
        """The job; at times in a file of its own."""
        if not self.chance(0.08):
            return [job]
        self.files['ci/images.yml'] = f'# Images of all services\n{job}\n'
        return ['include:\n  - local: ci/images.yml']

    def kaniko_job(self) -> str:
        keys = self.some(pieces.KEYWORDS, 3) + (
            self.some(pieces.RISKY_KEYWORDS, 1) if self.risk(0.4) else []
        )
        lines = ['stage: build', 'image: gcr.io/kaniko-project/executor:debug']
        for key in keys:
            if not any(line.startswith(key.partition(':')[0]) for line in lines):
                lines.append(key)
        script = self.script()
        setup = self.helpers('\n'.join(script))
        if self.chance(0.3):
            before = [*setup, *self.setup(2)]
            auth = ['    - !reference [.auth, script]'] if self.chance(0.3) else []
            text = '\n'.join([*auth, *([self.items(before)] if before else [])])
            lines += [f'before_script:\n{text}'] if text else []
        else:
            script = setup + script
        if self.chance(0.15):
            after = self.random.choice(pieces.AFTER if self.risk(0.6) else pieces.AFTER[:-1])
            lines.append('after_script:\n' + self.items([after]))
        place = len(lines) if lines[-1].startswith('#') else self.random.randint(2, len(lines))
        lines.insert(place, 'script:\n' + self.items(script))
        return f'{self.job}:\n' + '\n'.join(f'  {line}' for line in lines)

    def helpers(self, script: str) -> list[str]:
        """The functions and variables that a script needs."""
        return [
            self.filled(text, '"$1"', '')
            for needle, text in pieces.HELPERS
            if re.search(rf'(^|\s|=){re.escape(needle.lstrip())}', script)
        ]

    def items(self, commands: Sequence[str]) -> str:
        """A YAML list; at times all commands in a literal block."""
        if len(commands) > 1 and self.chance(0.15):
            return self.item('\n'.join(commands))
        return '\n'.join(self.item(command) for command in commands)

    def item(self, text: str) -> str:
        if text[0] == '#' and '\n' not in text:
            return f'    {text}'
        comment = '    # about the next\n' if self.chance(0.08) else ''
        words = text.split()
        if words[0] == '/kaniko/executor' and not {*'"\\'} & {*text} and self.chance(0.1):
            lines = '\n'.join(f'      {word}' for word in ' '.join(words).split(' --'))
            return f'{comment}    - >-\n' + lines.replace('\n      ', '\n      --')
        if '\n' in text:
            return f'{comment}    - |\n' + '\n'.join(f'      {line}' for line in text.split('\n'))
        if re.search(r'^[\[{"\'!&*%@`|>-]|: | #|:$', text):
            quoted = text.replace("'", "''")
            return f"{comment}    - '{quoted}'"
        return f'{comment}    - {text}'

    def setup(self, most: int) -> list[str]:
        lines = self.some(pieces.SETUP, most)
        if self.risk(0.2):
            lines.insert(self.random.randint(0, len(lines)), self.random.choice(pieces.RISKY_SETUP))
        return lines

    def script(self) -> list[str]:
        lines = self.setup(3)
        if self.tag == '$TAG':
            lines.append(self.random.choice(pieces.DRAWN_TAGS if self.risk(0.4) else pieces.TAGS))
        if self.chance(0.2):
            lines += self.unit('base', 'alpine') if self.chance(0.2) else []
            lines.append(self.loop())
        else:
            for old, name in zip(['base', *self.images], self.images):
                lines += self.unit(name, old)
        return lines + (self.some(pieces.LAST if self.risk(0.4) else pieces.LAST[:3], 1))

    def unit(self, name: str, old: str) -> list[str]:
        unit = self.random.choice(pieces.RISKY_UNITS if self.risk(0.4) else pieces.UNITS)
        self.folder(name, unit.dockerfile.replace('{old}', old).replace('{name}', name))
        if unit.template:
            self.files[f'{name}/Dockerfile.tmpl'] = unit.template
        if unit.ignored:
            self.files[f'{name}/.dockerignore'] = unit.ignored.replace('{old}', old)
        return [self.filled(line, name, old) for line in unit.lines]

    def loop(self) -> str:
        for name in self.images:
            self.folder(name, pieces.DOCKERFILE)
        body = self.random.choice(pieces.RISKY_LOOPS if self.risk(0.5) else pieces.LOOPS)
        head = self.random.choice(pieces.HEADS)
        head = head.replace('{words}', ' '.join(self.images))
        head = head.replace('{specs}', ' '.join(f'{name}:./{name}' for name in self.images))
        return f'{head}\n  {self.filled(body, "$x", "base")}\ndone'

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
            '{call}': self.build(name),
            '{tag}': self.tag,
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
