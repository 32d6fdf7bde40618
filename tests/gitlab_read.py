"""Small repositories -> what their jobs run, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kaniko_hooks.ci.gitlab import Pipeline, read_pipeline

ROOT = '.gitlab-ci.yml'
Files = Mapping[str, str]


def written(folder: Path, files: Files | str) -> Path:
    """Writes files (a text alone is the root file) and gives the folder."""
    for name, text in ({ROOT: files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def read(folder: Path, files: Files | str) -> Pipeline:
    """The pipeline of a repository with these files."""
    return read_pipeline(written(folder, files))


def scripts(pipeline: Pipeline) -> dict[str, list[str]]:
    """The commands of each job: before_script, script and after_script in one list."""
    return {
        name: [
            command.text
            for part in (job.before_script, job.script, job.after_script)
            for command in part or ()
        ]
        for name, job in pipeline.jobs.items()
    }
