"""The lines of a job's script: in the job, or in a template that nothing else uses."""

from __future__ import annotations

from kaniko_hooks.ci.gitlab.jobs import Pipeline
from kaniko_hooks.ci.gitlab.values import Entry, entry_of, node_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode
from kaniko_hooks.fix import Refusal, Shared
from kaniko_hooks.fix.layout import Layout, layout, surroundings
from kaniko_hooks.fix.references import line_of, mentions_of
from kaniko_hooks.fix.state import State
from kaniko_hooks.fix.target import Target, is_merged
from kaniko_hooks.named_tuple import NamedTuple


class ScriptLayout(NamedTuple):
    """The lines of a script, in the job or in the template of a name.

    - `place`: of what it stands in; `job`: of the job, as if it stood there.
    """

    place: Layout
    job: Layout
    template: str | None = None


def script_of(state: State, target: Target) -> ScriptLayout:
    """The place of a job's script. Raises Refusal."""
    entry = entry_of(target.job.table, 'script')
    template = _template_with(target.pipelines[0], entry.key) if entry else None
    if template is None:
        place = layout(target.text, target.key, target.body)
        return ScriptLayout(place, place)
    name, definition = template
    key, body = definition.key, node_of(definition.value)
    if key.file != target.file:
        raise Shared(f'its script is in {name} in {key.file}')
    assert isinstance(key, ScalarNode) and isinstance(body, MappingNode)
    place = layout(target.text, key, body)
    _check_template(state, target, name, body)
    if len(body.pairs) == 1:
        raise Refusal(f'{name}, which has its script, would have nothing else')
    start, end, indent = surroundings(target.text, target.key, target.body)
    if indent != place.indent:
        raise Refusal(f'its script is in {name}, which is indented differently')
    job = place._replace(key=target.key, body=target.body, start=start, end=end)
    return ScriptLayout(place, job, name)


def _template_with(pipeline: Pipeline, script: Node) -> tuple[str, Entry] | None:
    """The hidden job that has a `script:` key, and its definition; None if none has."""
    for name, job in pipeline.hidden.items():
        for definition in job.definitions:
            body = node_of(definition.value)
            if body.file == script.file and body.start <= script.start < body.end:
                return name, definition
    return None


def _check_template(state: State, target: Target, name: str, body: MappingNode) -> None:
    """Raises Shared if others use the template."""
    own = range(target.body.start, target.body.end)
    for path, some in mentions_of(state, [name])[name].items():
        for mention in some:
            if path != target.file or mention.scalar.start not in own:
                line = line_of(state, path, mention)
                raise Shared(f'its script is in {name}, which {path}:{line} uses, too')
    if is_merged(state.files.document(target.file).nodes, body):
        raise Shared(f'its script is in {name}, which is merged as *{body.anchor}')
