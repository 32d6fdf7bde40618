"""Writing is all or nothing, whatever goes wrong and whenever it ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kaniko_hooks.fix import write
from kaniko_hooks.fix.write import NotWritten
from kaniko_hooks.repository import Repository

OLD, NEW = 'a: 1\n', 'a: 2\n'


def file(root: Path, name: str, text: str = OLD) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def write_all(root: str, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    write.write_all(Repository(root, old), new)


def left_over(root: Path) -> list[str]:
    return [path.name for path in root.rglob('*') if path.name.endswith('.tmp')]


def refused(root: Path, *names: str) -> str:
    with pytest.raises(NotWritten) as error:
        write_all(str(root), dict.fromkeys(names, NEW), dict.fromkeys(names, OLD))
    assert left_over(root) == []
    return str(error.value)


def test_nothing_to_write(tmp_path: Path) -> None:
    write_all(str(tmp_path), {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_has_changed_is_left(tmp_path: Path) -> None:
    path = file(tmp_path, 'a.yml', 'a: 3\n')
    assert refused(tmp_path, 'a.yml') == 'a.yml: has changed while it was read'
    assert path.read_text() == 'a: 3\n'


def test_a_file_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    assert refused(tmp_path, 'a.yml') == 'a.yml: has changed while it was read'
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_text_any_more_is_left(tmp_path: Path) -> None:
    (tmp_path / 'a.yml').write_bytes(b'\xff')
    assert refused(tmp_path, 'a.yml') == 'a.yml: has changed while it was read'


def test_a_file_that_is_none_any_more_is_left(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'a.yml')
    assert refused(tmp_path, 'a.yml') == 'a.yml: is not a regular file'


def test_through_a_link_out_of_the_repository_nothing_is_written(tmp_path: Path) -> None:
    outside = file(tmp_path, 'outside.yml')
    root = tmp_path / 'repository'
    root.mkdir()
    (root / 'a.yml').symlink_to(outside)
    assert refused(root, 'a.yml') == 'a.yml: is outside the repository'
    assert refused(root, '../outside.yml') == '../outside.yml: is outside the repository'
    assert outside.read_text() == OLD


def test_a_read_only_file_is_left(tmp_path: Path) -> None:
    path = file(tmp_path, 'a.yml')
    path.chmod(0o444)
    assert refused(tmp_path, 'a.yml') == 'a.yml: is read-only'
    assert path.read_text() == OLD


def test_one_of_two_names_of_a_file_is_enough(tmp_path: Path) -> None:
    file(tmp_path, 'a.yml')
    (tmp_path / 'b.yml').symlink_to('a.yml')
    with pytest.raises(NotWritten, match='b.yml: is another name of a.yml'):
        write_all(str(tmp_path), {'a.yml': NEW, 'b.yml': 'b'}, {'a.yml': OLD, 'b.yml': OLD})
    assert (tmp_path / 'a.yml').read_text() == OLD


@pytest.mark.parametrize('call', ('fsync', 'replace'))
def test_a_failing_call_leaves_all_files(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = file(tmp_path, 'a.yml'), file(tmp_path, 'b.yml')
    real: Callable[..., object] = getattr(os, call)
    calls: list[object] = []

    def failing(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, 'No space left on device')
        return real(*args)

    monkeypatch.setattr(os, call, failing)
    assert refused(tmp_path, 'a.yml', 'b.yml') == 'b.yml: no space left on device'
    assert (first.read_text(), second.read_text()) == (OLD, OLD)


def test_an_interrupt_leaves_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = file(tmp_path, 'a.yml'), file(tmp_path, 'b.yml')
    real = os.replace
    seen: list[str] = []

    def interrupted(old: str, new: str) -> None:
        seen.append(new)
        if len(seen) == 2:
            raise KeyboardInterrupt
        real(old, new)

    monkeypatch.setattr(os, 'replace', interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all(str(tmp_path), {'a.yml': NEW, 'b.yml': NEW}, {'a.yml': OLD, 'b.yml': OLD})
    assert (first.read_text(), second.read_text()) == (OLD, OLD)
    assert left_over(tmp_path) == []


def test_an_error_in_the_middle_of_a_file_leaves_no_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(tmp_path, 'a.yml')
    gone: list[str] = []

    def vanishing(path: str, mode: int) -> None:
        os.unlink(path)
        gone.append(path)
        raise OSError(5, '')

    monkeypatch.setattr(os, 'chmod', vanishing)
    assert refused(tmp_path, 'a.yml').startswith('a.yml: ')
    assert len(gone) == 1


def test_files_are_replaced(tmp_path: Path) -> None:
    first, second = file(tmp_path, 'a.yml'), file(tmp_path, 'ci/größe.yml')
    first.chmod(0o640)
    second.chmod(0o755)
    write_all(
        str(tmp_path),
        {'a.yml': NEW, 'ci/größe.yml': 'b: ü\r\n'},
        {'a.yml': OLD, 'ci/größe.yml': OLD},
    )
    assert (first.read_bytes(), second.read_bytes()) == (b'a: 2\n', 'b: ü\r\n'.encode())
    assert [stat.S_IMODE(path.stat().st_mode) for path in (first, second)] == [0o640, 0o755]
    assert left_over(tmp_path) == []


@pytest.mark.parametrize('allowed', (True, False))
def test_owner_stays_where_that_is_allowed(
    allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, 'a.yml')
    real = os.stat
    asked: list[tuple[int, int]] = []

    def foreign(name: str) -> os.stat_result:
        fields = list(real(name))
        if not str(name).endswith('.tmp'):
            fields[4:6] = 4321, 1234
        return os.stat_result(fields)

    def chown(name: str, user: int, group: int) -> None:
        asked.append((user, group))
        if not allowed:
            raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr('kaniko_hooks.fix.write.os.stat', foreign)
    monkeypatch.setattr('kaniko_hooks.fix.write.os.chown', chown)
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert path.read_text() == NEW
    assert asked == [(4321, 1234)]


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    path = file(tmp_path, 'a.yml', '\ufeff' + OLD)
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert path.read_bytes() == b'\xef\xbb\xbfa: 2\n'


def test_a_link_within_the_repository_stays_one(tmp_path: Path) -> None:
    target = file(tmp_path, 'ci/real.yml')
    (tmp_path / 'a.yml').symlink_to('ci/real.yml')
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert (tmp_path / 'a.yml').is_symlink() and target.read_text() == NEW


def test_another_hard_link_keeps_the_old_text(tmp_path: Path) -> None:
    path = file(tmp_path, 'a.yml')
    os.link(path, tmp_path / 'b.yml')
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert (path.read_text(), (tmp_path / 'b.yml').read_text()) == (NEW, OLD)


_WRITER = """
import sys
from kaniko_hooks.fix.write import NotWritten, write_all
from kaniko_hooks.repository import Repository
root, old, new = sys.argv[1], 'x' * 400_000, 'y' * 500_000
print(flush=True)
while True:
    try:
        write_all(Repository(root, {'a.yml': old}), {'a.yml': new})
    except NotWritten:
        pass
    old, new = new, old
"""


def test_whoever_is_killed_or_races_leaves_one_whole_text(tmp_path: Path) -> None:
    path = file(tmp_path, 'a.yml', 'x' * 400_000)
    whole = {'x' * 400_000, 'y' * 500_000}
    for times in (10, 20, 40, 80):
        writers = [
            subprocess.Popen((sys.executable, '-c', _WRITER, str(tmp_path)), stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.read(1)  # it has begun
        for _ in range(times):
            assert path.read_text() in whole
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        assert path.read_text() in whole


@pytest.mark.parametrize('call', ('fsync', 'replace'))
def test_ctrl_c_waits_until_all_is_written(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = file(tmp_path, 'a.yml'), file(tmp_path, 'b.yml')
    real: Callable[..., object] = getattr(os, call)

    def interrupted(*args: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return real(*args)

    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all(str(tmp_path), {'a.yml': NEW, 'b.yml': NEW}, {'a.yml': OLD, 'b.yml': OLD})
    assert (first.read_text(), second.read_text(), left_over(tmp_path)) == (NEW, NEW, [])


def test_signals_cannot_be_held_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, 'a.yml')
    monkeypatch.delattr(signal, 'pthread_sigmask')
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert path.read_text() == NEW


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    path, other = file(tmp_path, 'a.yml'), file(tmp_path, 'other', 'x')
    (tmp_path / '.a.yml.kaniko-hooks.tmp').symlink_to('other')
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert (path.read_text(), other.read_text(), left_over(tmp_path)) == (NEW, 'x', [])
    assert not path.is_symlink()


def test_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, 'a.yml')
    monkeypatch.setitem(sys.modules, 'fcntl', None)
    write_all(str(tmp_path), {'a.yml': NEW}, {'a.yml': OLD})
    assert path.read_text() == NEW
