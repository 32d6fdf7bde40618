"""The images that commands name, and the units that make them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kaniko_hooks.fix.commands import Build, Program
from kaniko_hooks.fix.safety import outward
from kaniko_hooks.fix.steps import Step, words_of
from kaniko_hooks.text import Text

# Programs that act on one image, and those that may name it without its registry.
_IMAGE_TOOLS = frozenset(
    """
    aws az cosign crane dockle docker gcloud gcrane grype img notation oras podman regctl skopeo
    snyk syft trivy buildah nerdctl
    """.split()
)
_WITHOUT_REGISTRY = frozenset(('aws', 'az', 'gcloud'))


def spelled(text: Text) -> str:
    """An image's name for comparisons: the names of holes between NULs."""
    key = text.key()
    return '\0'.join(
        re.sub('[/:@]', '_', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def names_unit(step: Step, images: Sequence[frozenset[str]]) -> set[int]:
    """The units whose images a step names; `images` are the spelled names of each unit's.

    A whole name with its tag counts before one without, that before the last word of one.
    """
    texts = [spelled(text) for text in words_of(step)]
    for shorten in (lambda name: name, repository_of, last_word):
        hits = {
            number
            for number, names in enumerate(images)
            for name in names
            if shorten(name) and any(_contains(text, shorten(name)) for text in texts)
        }
        if hits:
            return hits
    return set()


def is_about(uses: Sequence[Program], images: Iterable[str]) -> bool:
    """Programs act on one of the images: they name it with its registry, or as tools for images."""
    for use in uses:
        texts = [*map(spelled, use.arguments)]
        names = [*map(repository_of, images)]
        if use.name in _WITHOUT_REGISTRY:
            names += filter(None, map(last_word, images))
        if not any(_contains(text, name) for text in texts for name in names):
            return False
    return True


def images_of(builds: Iterable[Build]) -> frozenset[str]:
    """The spelled destinations of builds."""
    return frozenset(spelled(name) for build in builds for name in build.values('destination'))


def _contains(text: str, name: str) -> bool:
    if name not in text:
        return False
    return re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)', text) is not None


def repository_of(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition('@')[0]
    head, colon, tag = name.rpartition(':')
    return head if colon and '/' not in tag else name


def last_word(image: str) -> str:
    """The last path segment of an image's name, '' if nothing of it is known."""
    segment = repository_of(image).rpartition('/')[2]
    return '' if '\0' in segment else segment


def is_image_tool(step: Step) -> bool:
    """The programs of a step do nothing but to act on the image that they name."""
    return all(use.name in _IMAGE_TOOLS for use in outward(step))
