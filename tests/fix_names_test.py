from __future__ import annotations

import pytest

from kaniko_hooks.fix.labels import labels
from kaniko_hooks.fix.names import part_names, separator, stem, template_name
from kaniko_hooks.model import Fragment, Word


@pytest.mark.parametrize(
    ('job', 'expected'),
    (
        ('docker', 'docker'),
        ('build-glass', 'build-glass'),
        ('images-build', 'images-build'),
        ('buildimages', 'buildimages'),
        ('build-images-', 'build-images-'),
        ('build-images', 'build-image'),
        ('build_containers', 'build_container'),
        ('apps', 'app'),
        ('push:services', 'push:service'),
        ('make packages', 'make package'),
        ('ui.components', 'ui.component'),
        ('all/builds', 'all/build'),
        ('Build Images', 'Build Image'),
        ('', ''),
    ),
)
def test_stem(job: str, expected: str) -> None:
    assert stem(job) == expected


@pytest.mark.parametrize(
    ('job', 'expected'),
    (
        ('docker', '-'),
        ('build_images', '_'),
        ('build:images', ':'),
        ('build images', ' '),
        ('a:b-c', '-'),
        ('a-b: c', ': '),
        ('.hidden', '-'),
    ),
)
def test_separator(job: str, expected: str) -> None:
    assert separator(job) == expected


@pytest.mark.parametrize(
    ('job', 'labels', 'taken', 'expected'),
    (
        ('build-images', ['image-a', 'image-b'], [], ['build-image-a', 'build-image-b']),
        ('docker', ['web', 'api'], [], ['docker-web', 'docker-api']),
        ('docker', [None, None], [], ['docker-1', 'docker-2']),
        ('docker', ['web', None], [], ['docker-web', 'docker-2']),
        ('build_images', ['image-a', 'my-app'], [], ['build_image_a', 'build_image_my_app']),
        ('build images', ['image-a', 'web'], [], ['build image a', 'build image web']),
        ('build:apps', ['app-x', 'y'], [], ['build:app:x', 'build:app:y']),
        ('build:images', ['my-app', 'my_db'], [], ['build:image:my-app', 'build:image:my_db']),
        (
            'build images',
            ['my-app', 'image-my-db'],
            [],
            ['build image my-app', 'build image my-db'],
        ),
        ('build-images', ['my_app', '3.11'], [], ['build-image-my-app', 'build-image-3.11']),
        ('build-web', ['web', 'api'], ['deploy'], ['build-web', 'build-web-api']),
        ('build-web-images', ['web-image', 'x'], [], ['build-web-image', 'build-web-image-x']),
        ('a-b', ['a', 'b'], [], ['a-b-a', 'a-b']),
        ('docker', ['web', 'web', 'web'], [], ['docker-web', 'docker-web-2', 'docker-web-3']),
        ('docker', ['web', 'web'], ['docker-web-2'], ['docker-web', 'docker-web-3']),
        ('docker', ['web'], ['docker-web'], ['docker-web-2']),
        ('images', ['image', 'image-x'], [], ['image-2', 'image-x']),
    ),
)
def test_part_names(
    job: str, labels: list[str | None], taken: list[str], expected: list[str]
) -> None:
    assert part_names(job, labels, taken) == expected


def test_template_name() -> None:
    assert template_name('build-images', []) == '.build-image'
    assert template_name('docker', ['.docker']) == '.docker-2'


def words(*texts: str) -> list[Word]:
    """Words in which what stands between ‹ and › is not known."""
    found = []
    for text in texts:
        fragments = [
            Fragment(piece.strip('›'), not piece.endswith('›'))
            for part in text.split('‹')
            for piece in part.replace('›', '›‹').split('‹')
            if piece
        ]
        found.append(Word(tuple(fragments)))
    return found


@pytest.mark.parametrize(
    ('argv', 'expected'),
    (
        (['executor'], None),
        (['executor', '--destination', '‹$R›'], None),
        (['executor', '--destination', '‹$R›:tag'], 'tag'),
        (['executor', '--destination', 'r/a-‹$X›'], 'a'),
        (['executor', '--destination', '‹$R›/image-a:‹$SHA›'], 'image-a'),
        (['executor', '--destination=r:5000/g/web'], 'web'),
        (['executor', '-d', 'web@sha256:1'], 'web'),
        (['executor', '-dweb:1'], 'web'),
        (['executor', '-d=web:1'], 'web'),
        (['executor', '--destination', '‹$R›', '--destination', 'r/api'], 'api'),
        (['executor', '--destination'], None),
        (['executor', '--destination', 'r/--'], None),
        (['executor', '--dockerfile', 'services/web/Dockerfile'], 'web'),
        (['executor', '-f', '‹$CI_PROJECT_DIR›/api/Dockerfile'], 'api'),
        (['executor', '-f', '‹$CI_PROJECT_DIR›/Dockerfile'], None),
        (['executor', '-f', '‹$X›/Dockerfile', '-c', 'web'], None),
        (['executor', '-f', 'Dockerfile', '-c', './web/'], 'web'),
        (['executor', '-c', '‹$CI_PROJECT_DIR›/web'], 'web'),
        (['executor', '-c', '.'], None),
        (['executor', '-c', 'git://x'], 'x'),
        (['executor', '-c', 's3://'], None),
        (['executor', '-c', '..'], None),
        (['executor', '-c', '‹$CI_PROJECT_DIR›'], None),
        (['executor', '-c', 'dir://web'], 'web'),
    ),
)
def test_label(argv: list[str], expected: str | None) -> None:
    assert labels([words(*argv)]) == [expected]


@pytest.mark.parametrize(
    ('builds', 'expected'),
    (
        (['-d ‹$R›', '-d ‹$R›'], [None, None]),
        (['-d ‹$R›:latest -c .', '-d ‹$R›:latest -c .'], [None, None]),
        (['-d ‹$R›', '-c a -d ‹$R›'], [None, 'a']),
        (['-d ‹$R› -f d/Dockerfile', '-d ‹$R› -f d/Dockerfile'], ['d', 'd']),
        (['-d ‹$R›/web', '-d ‹$R› -c ‹$X›'], ['web', None]),
        (['-d ‹$R›/web:a', '-d ‹$R›/web:b'], ['web', 'web']),
        (['-d ‹$R›/web -f b/Dockerfile', '-d ‹$R› -f a/Dockerfile'], ['web', 'a']),
        (['-d ‹$R›/a-‹$X›', '-d ‹$R›/‹$X›-b'], ['a', 'b']),
        (['-d ‹$R›/a-‹$X›-b', '-d ‹$R›/a-‹$X›-c'], [None, None]),
        (['-f d/Dockerfile.api', '-f d/web.Dockerfile'], ['api', 'web']),
        (['-f Dockerfile', '-f Dockerfile-web'], [None, None]),
        (['-f Containerfile-a', '-f Dockerfile_b'], ['a', 'b']),
        (['-f d/build', '-f d/other'], ['d', 'd']),
        (['-d ‹$R›:x-‹$S› --target a', '-d ‹$R›:y-‹$S› --target=b'], ['a', 'b']),
        (['-d ‹$R›:x-‹$S› --target a', '-d ‹$R›:y-‹$S› --target a'], ['x', 'y']),
        (['-d ‹$R›:3.11', '-d ‹$R›:3.12'], ['3.11', '3.12']),
        (['--no-push', '--no-push'], [None, None]),
    ),
)
def test_labels(builds: list[str], expected: list[str | None]) -> None:
    assert labels([words(*build.split()) for build in builds]) == expected
