"""The table of programs: what each does, as far as the hooks need to know.

One closed table. A program that is not in it may do anything but set a variable
of the shell; if the executor, a shell or a script of the repository is among its
words, it runs that (conservative where it is rare).
"""

from __future__ import annotations

from kaniko_hooks.model import Field
from kaniko_hooks.named_tuple import NamedTuple

# Kinds of programs.
PURE = 'pure'  # changes nothing
LOCAL = 'local'  # changes files of the container only; may be repeated
ELSEWHERE = 'elsewhere'  # runs its words in another container or on another host
REPEATS = 'repeats'  # runs its words any number of times
OTHER = 'other'  # anything else
BUILTIN = 'builtin'  # of the shell; what it changes is in the environment


class Program(NamedTuple):
    kind: str
    succeeds: bool = False  # fails only where the script is wrong
    varies: bool = False  # prints another text each time
    runs_words: bool = True  # may run a program that its words name
    reads: bool = True  # may print what it reads
    writes: slice = slice(1, None)  # its words that may name files which it changes
    copies: bool = False  # its last operand has the text of the others


_UNLISTED = Program(OTHER)

_ROWS = (
    (Program(PURE, succeeds=True), 'basename clear dirname echo printf pwd realpath sleep'),
    (
        Program(PURE),
        """awk base64 cat cmp column comm cut diff egrep expr fgrep fold grep hadolint head hexdump
        jq less more nl od paste rev shellcheck shfmt sort strings tac tail tr uniq yq""",
    ),
    (
        Program(PURE, reads=False),
        """cksum du file getent getopt groups id jobs ldd locale ls lsb_release md5sum nproc pgrep
        printenv readlink seq sha1sum sha256sum sha512sum stat sum tput tree tty uname wc
        whereis which whoami""",
    ),
    (
        Program(PURE, varies=True),
        """date df dig free host hostname lscpu mktemp netstat nslookup ping ps shuf top uptime
        uuidgen who""",
    ),
    (Program(LOCAL, succeeds=True), 'mkdir rm rmdir ulimit umask'),
    (Program(LOCAL, succeeds=True, writes=slice(0)), 'chmod chown touch'),
    (Program(LOCAL, succeeds=True, copies=True, writes=slice(-1, None)), 'cp install ln'),
    (Program(LOCAL, succeeds=True, copies=True), 'mv'),
    (
        Program(LOCAL),
        """bunzip2 bzip2 cpio dd dos2unix envsubst gunzip gzip iconv patch sed split sponge tar tee
        truncate unix2dos unzip update-ca-certificates xz zcat zip zstd""",
    ),
    (
        Program(ELSEWHERE),
        """act buildah buildctl crictl ctr docker docker-compose earthly fly flyctl gitlab-runner
        helm img incus k3s kubectl limactl lxc lxc-attach machinectl microk8s minikube multipass
        nerdctl nomad nsenter oc okteto podman podman-compose rsh ssh systemd-nspawn telepresence
        tsh vagrant warmer""",
    ),
    (
        Program(OTHER, runs_words=False),
        """aws az bandit bashate checkbashisms cosign crane curl eslint gcloud gh git gitleaks glab
        grype gsutil killall kubeval mc oras pkill pre-commit prek prettier regctl release-cli rsync
        scp semgrep setcap setfacl sftp skopeo syft trivy wget yamllint""",
    ),
    (Program(REPEATS), 'find parallel retry run-parts watch xargs'),
)

_TABLE = {name: program for program, names in _ROWS for name in names.split()}

SEARCHING = frozenset(('grep', 'egrep', 'fgrep'))
SHELLS = frozenset(('sh', 'bash', 'ash', 'dash', 'ksh', 'mksh', 'zsh'))


def program(name: str) -> Program:
    """The row of a program by its base name."""
    return _TABLE.get(name, _UNLISTED)


def base_name(field: Field) -> str:
    """The name of a program without its folder; '' if it is not known."""
    return (field.text.known or '').rpartition('/')[2]
