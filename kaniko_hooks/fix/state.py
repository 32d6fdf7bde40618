"""A repository with the texts that fixes so far have left, and its pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

from kaniko_hooks.analysis import Evaluations
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline, effective
from kaniko_hooks.ci.gitlab.pipelines import read_pipelines
from kaniko_hooks.document.nodes import MappingNode, ScalarNode
from kaniko_hooks.options import Options


class State:
    """The pipelines as they are with edited texts; what many jobs need is found once.

    The named files are those of GitLab CI.
    """

    def __init__(
        self,
        files: Files,
        named: Sequence[str],
        options: Options,
        evaluations: Evaluations,
        edited: Mapping[str, str],
    ) -> None:
        self.files = files
        self.named = named
        self.options = options
        self.evaluations = evaluations
        self.edited = edited
        self.repository = files.repository
        self.pipelines = read_pipelines(files, named, options.gitlab_configs).pipelines
        self.is_exact = cache(self.repository.is_exact)
        self._sources: dict[int, list[Job]] = {}
        self._keys: dict[str, Counter[str]] = {}

    def with_texts(self, texts: Mapping[str, str]) -> State:
        """The state after more edits."""
        repository = self.repository.edited(texts)
        files = self.files.edited(repository, texts.keys())
        edited = {**self.edited, **texts}
        return State(files, self.named, self.options, Evaluations(repository), edited)

    def sources(self, pipeline: Pipeline) -> list[Job]:
        """The jobs of a pipeline that have artifacts."""
        if id(pipeline) not in self._sources:
            self._sources[id(pipeline)] = [
                job for job in pipeline.jobs.values() if effective(job, 'artifacts') is not None
            ]
        return self._sources[id(pipeline)]

    def occurrences(self, file: str, name: str) -> int:
        """The number of times that a file has a top-level key."""
        if file not in self._keys:
            roots = self.files.document(file).nodes
            keys = [key for root in roots if isinstance(root, MappingNode) for key, _ in root.pairs]
            self._keys[file] = Counter(key.value for key in keys if isinstance(key, ScalarNode))
        return self._keys[file][name]
