"""Every example of the documents is run, and every link leads somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kaniko_hooks import about, check_kaniko_builds, fix_kaniko_builds
from kaniko_hooks.ci.gitlab import read_pipeline
from kaniko_hooks.ci_paths import SYSTEMS
from kaniko_hooks.options import CHECK, FIX, FORMATS, RULES, parse
from tests.conftest import Write
from tests.documents import DOCUMENTS, ROOT, Block, blocks, labelled
from tests.fix_gitlab_ci_local_test import oracle, preview

__all__ = ['oracle']  # a fixture

BLOCKS = blocks()
CI = '.gitlab-ci.yml'
CONFIG = '.pre-commit-config.yaml'
WORKFLOW = '.github/workflows/kaniko-builds.yml'
TEMPLATE = 'templates/check-kaniko-builds.yml'
_FILES = (CI, CONFIG, WORKFLOW, 'lefthook.yml')
# Beside the interpreter are the hooks and the other commands of an installation.
_PATH = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'


def of_kind(kind: str, label: str | None = None) -> pytest.MarkDecorator:
    """A parameter `block`: the blocks of a kind, one of its labels only if there is one."""
    chosen = [b for b in BLOCKS if b.kind == kind and (label is None or b.label == label)]
    assert chosen
    return pytest.mark.parametrize('block', chosen, ids=lambda block: block.id)


def test_every_block_is_of_a_kind_that_is_run() -> None:
    labels: dict[str, tuple[str, ...]] = {'console': ('',), 'sh': ('',), 'text': ('',)}
    labels['yaml'] = ('bad', 'good', 'before', 'after', *_FILES)
    assert [b.id for b in BLOCKS if b.label not in labels.get(b.kind, ())] == []


@of_kind('console')
def test_session(block: Block, tmp_path: Path) -> None:
    above = BLOCKS[BLOCKS.index(block) - 1]
    if above.document == block.document and above.end + 1 == block.line:
        (tmp_path / above.label).write_text(above.text)
        docker_files(tmp_path)
    else:
        shutil.copytree(ROOT / 'examples', tmp_path / 'examples')
    subprocess.run(('git', 'init', '-q'), cwd=tmp_path, check=True)
    subprocess.run(('git', 'add', '-A'), cwd=tmp_path, check=True)
    assert played(block.text, tmp_path) == block.text


def played(session: str, folder: Path) -> str:
    """The session again, with the present output of its commands."""
    commands = [line[2:] for line in session.splitlines() if line.startswith('$ ')]
    script = 'status=0\n' + ''.join(
        f'echo {shlex.quote("$ " + command)}\n(exit $status); {command}\nstatus=$?\n'
        for command in commands
    )
    return subprocess.run(
        ('bash', '-c', script),
        cwd=folder,
        env={**os.environ, 'PATH': _PATH, 'PRE_COMMIT': ''},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ).stdout


def docker_files(folder: Path) -> None:
    """Dockerfiles for the contexts of the examples."""
    for name in ('api', 'worker'):
        (folder / name).mkdir()
        (folder / name / 'Dockerfile').write_text('FROM busybox\n')


@of_kind('yaml', 'bad')
def test_bad_pipeline_is_reported(
    block: Block, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({CI: block.text})
    assert check_kaniko_builds.main([CI]) == 1
    assert 'cached-builds-share-container' in capsys.readouterr().out


@of_kind('yaml', 'good')
def test_good_pipeline_passes(block: Block, write: Write) -> None:
    write({CI: block.text})
    assert check_kaniko_builds.main([CI]) == 0


@of_kind('yaml', 'before')
def test_rewrite(block: Block, write: Write) -> None:
    after = BLOCKS[BLOCKS.index(block) + 1]
    assert (after.document, after.label) == (block.document, 'after')
    root = write({CI: block.text})
    docker_files(root)
    assert fix_kaniko_builds.main([CI]) == 1
    assert (root / CI).read_text() == after.text


@of_kind('yaml', CONFIG)
def test_pre_commit_configuration(block: Block) -> None:
    manifest = yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text())
    (repo,) = yaml.safe_load(block.text)['repos']
    for hook in repo['hooks']:
        assert hook['id'] in [row['id'] for row in manifest]
        parse(hook['id'], hook.get('args', []))


@pytest.mark.slow
@of_kind('yaml', CONFIG)
def test_pre_commit_reads_its_configuration(block: Block, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(block.text)
    command = (sys.executable, '-m', 'pre_commit', 'validate-config', CONFIG)
    subprocess.run(command, cwd=tmp_path, check=True)


@of_kind('yaml', CI)
def test_gitlab_configuration_is_read(block: Block, write: Write) -> None:
    root = write({CI: block.text})
    assert read_pipeline(root).files == (CI,)


def test_component(write: Write) -> None:
    """As documents include it, but from a file."""
    (block,) = (b for b in labelled(CI) if 'inputs:' in b.text)
    (include,) = yaml.safe_load(block.text)['include']
    assert include.pop('remote').endswith(f'/{TEMPLATE}')
    root = write({TEMPLATE: (ROOT / TEMPLATE).read_text()})
    write({CI: yaml.safe_dump({'include': [{'local': TEMPLATE, **include}]})})
    (job,) = read_pipeline(root).jobs.values()
    assert job.name == 'check-kaniko-builds'
    assert job.script is not None
    install, check = (command.text for command in job.script)
    assert install == f'pip install --quiet git+{about.ADDRESS}@v{about.VERSION}'
    hook, *arguments = shlex.split(check)
    assert hook == CHECK
    options = parse(hook, arguments)
    assert options.strict and options.format == 'gitlab'
    spec = yaml.safe_load((ROOT / TEMPLATE).read_text().partition('---\n')[2])
    (artifacts,) = (job['artifacts'] for job in spec.values())
    assert artifacts['reports'] == {'codequality': options.output_file}


@pytest.mark.slow
def test_component_as_gitlab_ci_local_reads_it(oracle: Path, tmp_path: Path) -> None:
    case = tmp_path / 'case'
    (case / 'templates').mkdir(parents=True)
    shutil.copy(ROOT / TEMPLATE, case / TEMPLATE)
    inputs = {'arguments': '--strict', 'stage': 'build'}
    (case / CI).write_text(
        yaml.safe_dump({'include': [{'local': TEMPLATE, 'inputs': inputs}], 'stages': ['build']})
    )
    job = preview(oracle, case, tmp_path / 'copy')['check-kaniko-builds']
    assert isinstance(job, dict)
    assert job['stage'] == 'build' and job['image']['name'] == 'python:3.13'
    assert job['script'][1].startswith('check-kaniko-builds --strict --format gitlab ')
    assert job['artifacts']['reports'] == {'codequality': 'gl-code-quality-report.json'}


def test_inputs_of_the_component_are_documented() -> None:
    header = yaml.safe_load((ROOT / TEMPLATE).read_text().partition('---\n')[0])
    table = (ROOT / 'docs/reports.md').read_text()
    rows = re.findall(r'^\| `(\w+)` \| (?:`(.*?)`)? *\|', table, re.MULTILINE)
    assert dict(rows) == {
        name: value['default'] for name, value in header['spec']['inputs'].items()
    }


@of_kind('yaml', WORKFLOW)
def test_workflow_calls_the_check_as_it_is(block: Block) -> None:
    (job,) = yaml.safe_load(block.text)['jobs'].values()
    (command,) = (shlex.split(step['run']) for step in job['steps'] if 'run' in step)
    hook = command.index(CHECK)
    options = parse(CHECK, command[hook + 1 :])
    (upload,) = (step['with'] for step in job['steps'] if 'upload-sarif' in step.get('uses', ''))
    assert (options.format, options.output_file) == ('sarif', upload['sarif_file'])


@pytest.mark.slow
@of_kind('yaml', WORKFLOW)
def test_workflow_passes_zizmor(block: Block, tmp_path: Path) -> None:
    (tmp_path / WORKFLOW).parent.mkdir(parents=True)
    (tmp_path / WORKFLOW).write_text(block.text)
    command = ('zizmor', '--offline', str(tmp_path))
    environ = {**os.environ, 'PATH': _PATH}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize('document', sorted({b.document for b in BLOCKS if b.kind == 'sh'}))
def test_commands_in_an_empty_clone(document: str, tmp_path: Path) -> None:
    """All but the tests themselves; the example of the README has a finding."""
    clone, own = tmp_path / 'clone', tmp_path / 'own'
    subprocess.run(('git', 'init', '-q', str(own)), check=True)
    subprocess.run(('git', 'clone', '-q', str(ROOT), str(clone)), check=True)
    subprocess.run(('git', 'tag', f'v{about.VERSION}'), cwd=clone, check=True)
    lines = [line for b in BLOCKS if b.document == document for line in commands(b)]
    for line in lines:
        if shutil.which(line.split()[0], path=_PATH) or line.startswith('.venv/'):
            command = line.replace(about.ADDRESS, clone.as_uri())
            environ = {**os.environ, 'PATH': _PATH, 'PRE_COMMIT': ''}
            folder = own if line.startswith(('uvx', 'pipx')) else clone
            done = subprocess.run(command, shell=True, cwd=folder, env=environ)
            assert done.returncode == ('examples/bad' in line), line


def commands(block: Block) -> list[str]:
    return [line for line in block.text.splitlines() if block.kind == 'sh' and 'pytest' not in line]


# Links and addresses

_LINK = re.compile(r'\]\(([^()\s]+)\)')
PAGES = (*DOCUMENTS, *(f'kaniko_hooks/rules/{rule}.md' for rule in RULES))


def headings(page: Path) -> Iterator[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r'^```.*?^```$', '', page.read_text(encoding='utf-8'), flags=re.M | re.S)
    for heading in re.findall(r'^#+ (.+)$', text, re.MULTILINE):
        yield re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')


@pytest.mark.parametrize('name', PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for link in _LINK.findall(page.read_text(encoding='utf-8')):
        if not link.startswith('https://'):
            path, _, anchor = link.partition('#')
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in headings(target), link


def test_every_document_is_linked_from_the_readme() -> None:
    links = {link.partition('#')[0] for link in _LINK.findall((ROOT / 'README.md').read_text())}
    assert {name for name in DOCUMENTS if name != 'README.md'} <= links


@pytest.mark.parametrize('rule', RULES)
def test_the_page_of_a_rule_is_there_and_linked(rule: str) -> None:
    path = about.page(rule).partition(f'/blob/v{about.VERSION}/')[2]
    assert (ROOT / path).is_file()
    assert f'../{path})' in (ROOT / 'docs/rules.md').read_text()


@pytest.mark.parametrize('name', (*PAGES, TEMPLATE))
def test_address_and_version_are_those_of_the_package(name: str) -> None:
    text = (ROOT / name).read_text(encoding='utf-8')
    owner = about.ADDRESS.removeprefix('https://github.com/')
    addresses = re.findall(
        r'https://(?:raw\.githubusercontent|github)\.com/(\S+?/kaniko-hooks)\b', text
    )
    assert set(addresses) <= {owner}
    assert set(re.findall(r'kaniko-hooks[@/]v?(\d[\w.]*\w)', text)) <= {about.VERSION}
    assert set(re.findall(r'rev: v(\S+)', text)) <= {about.VERSION}


def test_changelog_has_the_version_and_its_date() -> None:
    releases = re.findall(r'^## (\d\S*) - (\S+)$', (ROOT / 'CHANGELOG.md').read_text(), re.M)
    assert releases[0][0] == about.VERSION
    assert all(re.fullmatch(r'\d{4}-\d\d-\d\d', date) for _, date in releases)


# What is listed is complete


def test_readme_is_short() -> None:
    assert (ROOT / 'README.md').read_text().count('\n') <= 200


def test_every_hook_has_a_section() -> None:
    for hook in yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text()):
        assert f'\n### `{hook["id"]}`\n' in (ROOT / 'README.md').read_text()


def test_ci_runs_the_test_command() -> None:
    (command,) = (
        b.text.strip()
        for b in BLOCKS
        if b.document == 'README.md' and b.kind == 'sh' and '.[test]' in b.text
    )
    assert command in (ROOT / '.ci/run').read_text().splitlines()


def test_systems_are_documented() -> None:
    table = (ROOT / 'docs/ci-systems.md').read_text()
    assert [system.name for system in SYSTEMS if f'(`{system.name}`)' not in table] == []


def test_formats_are_documented() -> None:
    text = (ROOT / 'docs/reports.md').read_text()
    assert [name for name in FORMATS if name != 'text' and f'--format {name}`' not in text] == []


@pytest.mark.parametrize('hook', (CHECK, FIX))
def test_options_are_documented(hook: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(hook, ['--help'])
    options = set(re.findall(r'^  (?:-h, )?(--[a-z-]+)', capsys.readouterr().out, re.MULTILINE))
    section = (ROOT / 'README.md').read_text().partition(f'### `{hook}`')[2].partition('\n### ')[0]
    assert {option for option in options if f'`{option}' not in section} == {'--help'}


def test_structure_names_every_module() -> None:
    (drawing,) = (
        b.text for b in BLOCKS if b.document == 'docs/structure.md' and 'kaniko_hooks/' in b.text
    )
    drawn = []
    folder = ''
    for line in drawing.splitlines():
        names = re.split(r'  +', line.strip())[0].split()
        if line.startswith('kaniko_hooks/'):
            (folder,) = names
        else:
            drawn += [f'{folder}{name}.py' for name in names]
    package = ROOT / 'kaniko_hooks'
    modules = [path.relative_to(ROOT).as_posix() for path in package.rglob('*.py')]
    assert sorted(drawn) == sorted(m for m in modules if not m.endswith('__init__.py'))


def test_source_distribution_has_every_file() -> None:
    """By pip's and setuptools' own rules, or by a line of MANIFEST.in."""
    own = {'README.md', 'LICENSE', 'MANIFEST.in', 'pyproject.toml', 'setup.cfg', 'kaniko_hooks'}
    named = set((ROOT / 'MANIFEST.in').read_text().split())
    done = subprocess.run(('git', 'ls-files'), cwd=ROOT, capture_output=True, text=True)
    tops = {path.split('/')[0] for path in done.stdout.splitlines()}
    assert {top for top in tops if not top.startswith('.')} <= own | named
