"""Findings in the formats that people and machines read, a module for each."""

from __future__ import annotations

from kaniko_hooks.lines import TextOf
from kaniko_hooks.model import Result
from kaniko_hooks.options import Options
from kaniko_hooks.terminal import columns, use_color

# The format's name on the command line -> the module with its `render`.
_MODULES = {'text': 'text', 'json': 'json_report', 'gitlab': 'code_quality', 'sarif': 'sarif'}


def render(name: str, result: Result, text_of: TextOf, **looks: object) -> str:
    """The report of a format, JSON in ASCII or text, with a newline at its end if not empty.

    `text_of` gives a file's text without byte order mark, '' if it has none
    that can be read. `looks` are the colour and width of text, and for commands in it
    the options to repeat and the root of the files. Modules are imported late: most
    runs have nothing to report.
    """
    # `importlib` takes longer to import than the module.
    module = __import__(f'kaniko_hooks.report.{_MODULES[name]}', fromlist=['render'])
    report: object = module.render(_sorted(result), text_of, **looks)
    if isinstance(report, str):
        return report
    import json

    return json.dumps(report, indent=2) + '\n'


def _sorted(result: Result) -> Result:
    """Containers and findings by place; each note once."""
    return result._replace(
        containers=tuple(sorted(result.containers, key=lambda pair: (pair[0].place, pair[0].name))),
        findings=tuple(
            sorted(
                result.findings, key=lambda finding: (finding.place, finding.rule, finding.message)
            )
        ),
        notes=tuple(sorted(set(result.notes))),
    )


def deliver(result: Result, text_of: TextOf, options: Options, root: str = '') -> None:
    """Write the report to the file of the options, and show it or, beside a file, text.

    Raises OSError: it cannot be written.
    """
    shown = 'text' if options.output_file else options.format
    looks: dict[str, object] = {}
    if shown == 'text':
        color = use_color(options.color)
        looks = {'color': color, 'width': columns(), 'options': options, 'root': root}
    print(render(shown, result, text_of, **looks), end='', flush=True)
    if options.output_file:
        with open(options.output_file, 'w', encoding='utf-8', newline='') as file:
            file.write(render(options.format, result, text_of))
