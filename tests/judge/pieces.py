"""The pieces of generated pipelines: set-up, builds, loops, keywords, as people write them."""

from __future__ import annotations

from typing import NamedTuple

IMAGES = ('api', 'web', 'worker', 'db-init', 'my_app', 'proxy', 'admin')
JOBS = ('build-images', 'docker', 'Build Images', 'build:images', 'publish', 'build_services')
PREFIXES = (
    '$CI_REGISTRY_IMAGE',
    '$CI_REGISTRY_IMAGE',
    'registry.example.com/group/project',
    '$REPO',
)
DOCKERFILE = 'FROM alpine:3.20\nLABEL name={name}\nCOPY . /app\n'
NOTIFY = 'curl -s -X POST -d "text=images" $SLACK_WEBHOOK'

# Commands that stand before the first build.
SETUP = (
    'mkdir -p /kaniko/.docker',
    'echo "{\\"auths\\":{\\"$CI_REGISTRY\\":{}}}" > /kaniko/.docker/config.json',
    'echo "Building $CI_COMMIT_SHA"',
    'set -x',
    'test -n "$CI_REGISTRY_IMAGE" || exit 1',
    '[ -z "$CI_REGISTRY" ] && { echo missing; exit 1; }',
    'if [ "$SKIP_IMAGES" = 1 ]; then exit 0; fi',
    '/kaniko/executor login $CI_REGISTRY -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD',
    'export DOCKER_CONFIG=$(mktemp -d)\necho "{}" > $DOCKER_CONFIG/config.json',
    'umask 022',
    'find . -name Dockerfile',
    'mkdir -p out',
    'cat > build.args <<EOF\ncommit=$CI_COMMIT_SHA\nEOF',
    "trap 'rm -f /kaniko/.docker/config.json' EXIT",
    'wget -q https://pki.example.com/ca.pem -O /kaniko/ssl/certs/ca.pem',
    'set -ex',
    'cat > /kaniko/.docker/config.json <<EOF\n{"auths": {"$CI_REGISTRY": {"auth": "$AUTH"}}}\nEOF',
    'AUTH=$(printf "%s:%s" "$CI_REGISTRY_USER" "$CI_REGISTRY_PASSWORD" | base64 | tr -d "\\n")',
    'cp "$DOCKER_AUTH" /kaniko/.docker/config.json || true',
    'export GOOGLE_APPLICATION_CREDENTIALS=/kaniko/key.json\n'
    'echo "$GCP_KEY" | base64 -d > $GOOGLE_APPLICATION_CREDENTIALS || true',
    'if [ -n "$HTTPS_PROXY" ]; then export https_proxy=$HTTPS_PROXY; fi',
    'for file in shared/*; do\n  echo "$file"\ndone',
    'find . -name "*.sh" -exec chmod +x {} \\;',
    'cp -r shared base && rm -rf base',
    'while read -r line; do\n  echo "version $line"\ndone < VERSION',
    'echo -e "\\e[0Ksection_start:`date +%s`:setup\\r\\e[0KSet-up"',
    'sed -i "s/1.4/1.5/" VERSION',
    'unset DOCKER_HOST',
    'command -v crane > /dev/null || echo "no crane"',
)
RISKY_SETUP = (
    'apk add --no-cache jq',
    'set +e',
    NOTIFY,
    'npm ci && npm run build',
    'git tag build-$CI_PIPELINE_ID && git push origin build-$CI_PIPELINE_ID',
    'curl -fsSL https://example.com/tool -o tool && chmod +x tool',
    'aws ecr create-repository --repository-name images || true',
    'sh ci/prepare.sh',
    'make prepare',
)
TAGS = (
    'TAG=v1',
    'export TAG=$CI_COMMIT_SHORT_SHA',
    'TAG=$(cat VERSION)',
    '. ./versions.env',
    'TAG=${CI_COMMIT_TAG:-latest}',
    'if [ -n "$CI_COMMIT_TAG" ]; then TAG=$CI_COMMIT_TAG; else TAG=latest; fi',
    'TAG=$(git describe --tags --always)',
    'TAG=$(git rev-parse --short HEAD)',
    'TAG=$(grep TAG versions.env | cut -d= -f2)',
    'case "$CI_COMMIT_BRANCH" in\n  main) TAG=latest ;;\n  *) TAG=$CI_COMMIT_REF_SLUG ;;\nesac',
    'TAG="$(cat VERSION)-$CI_COMMIT_SHORT_SHA"',
    'if [ -n "$CI_COMMIT_TAG" ]; then\n  TAG="${CI_COMMIT_TAG#v}"\nelse\n'
    '  TAG="$CI_COMMIT_REF_SLUG-$CI_PIPELINE_ID"\nfi',
    'TAG=$(jq -r .version package.json)',
    'TAG=latest\n[ -z "$CI_COMMIT_TAG" ] || TAG=$CI_COMMIT_TAG',
)
DRAWN_TAGS = (
    'TAG=$(date +%Y%m%d)',
    'export TAG=`date +%s`',
    'TAG=$CI_JOB_ID',
    '. ci/tag.env',
    'TAG=$(uuidgen | cut -c1-6)',
    'now() { date +%s; }\nTAG=$(now)',
    'TAG="$(cat VERSION)-$(date +%H%M)"',
    'echo "TAG=$(date +%s)" > tag.env\n. ./tag.env',
    'VERSION=$(date -u +%Y%m%d)\nTAG="nightly-$VERSION"',
)
LAST = ('echo done', 'ls -la', 'set +x', NOTIFY, 'cat out/* > all.txt || true')
AFTER = (
    'if [ "$CI_JOB_STATUS" = failed ]; then\n  echo "see the log"\nfi',
    'cat out/* || true',
    'rm -f /kaniko/.docker/config.json',
    'echo "$CI_JOB_STATUS"',
    'ls -la',
    NOTIFY,
)
KEYWORDS = (
    'tags: [k8s]',
    'interruptible: true',
    'id_tokens:\n    SIGSTORE_ID_TOKEN:\n      aud: sigstore',
    'variables:\n    GIT_DEPTH: "1"\n    TEAM: core  # who owns the images',
    'rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n      changes:\n        - api/**/*',
    'needs:\n    - job: compile\n      artifacts: true',
    'extends: [.kaniko, .rules]',
    'inherit: {default: false}',
    'extends: .setup',
    'variables: {TAG: stable}',
    'environment: {name: registry, action: access}',
    'retry: 2',
    'timeout: 1h',
    'resource_group: registry',
    'variables:\n    DOCKER_BUILDKIT: "1"',
    'rules:\n    - if: $CI_COMMIT_BRANCH == "main"\n    - if: $CI_COMMIT_TAG',
    'rules:\n    - changes: [api/**/*]',
    '# a comment about the next key',
    'extends: .kaniko',
    'extends:\n    - .kaniko',
    'needs: []',
    'needs: [compile]',
    'dependencies: [compile]',
)
RISKY_KEYWORDS = (
    'allow_failure: true',
    'when: manual',
    'when: always',
    'when: on_failure',
    'environment: production',
    'coverage: /TOTAL/',
    'services: [{name: "registry:2", alias: local}]',
    'artifacts: {paths: [out/]}',
    'artifacts:\n    paths: ["*.tar", out]\n    when: always',
    'artifacts: {reports: {dotenv: out/build.env}}',
    'cache: {key: images, paths: [out/]}',
    'cache: {key: jars, paths: [api/target], policy: pull}',
    'artifacts: {paths: [out/*, build.env], expire_in: 1 day}',
    'artifacts: {reports: {dotenv: build.env}}',
    'parallel: {matrix: [{ARCH: [amd64, arm64]}]}',
)
NEEDS = (
    'needs: [{job}]',
    'needs:\n    - compile\n    - job: {job}\n      artifacts: false',
    'needs: [compile, {{job: {job}, optional: true}}]',
    'dependencies: [{job}]',
    'when: on_failure',
    '# no needs',
    'needs:\n    - job: {job}\n      artifacts: true',
    'extends: .rules',
    'needs: []',
)
FOLLOWERS = (
    'helm upgrade shop chart',
    'ls out',
    'curl -d deployed $HOOK',
    'cosign sign $(cat out/*)',
    'kubectl set image deployment/api api=$CI_REGISTRY_IMAGE/api@$(cat out/api)',
    'echo "$api_digest $IMAGES"',
)


# Set-up that a script needs which contains a text.
HELPERS = (
    ('build ', 'build() {\n  {call}\n}'),
    (
        'build_image ',
        'build_image() {\n  local svc="$1" dir="$2"\n  shift 2\n  echo "Building $svc from $dir"\n'
        '  /kaniko/executor --cache=true --context "$CI_PROJECT_DIR/$dir" \\\n'
        '    --destination "{prefix}/$svc:{tag}" "$@"\n}',
    ),
    (
        'kaniko_build ',
        'kaniko_build() {\n  case "$1" in\n    web) TARGET="--target web" ;;\n    *) TARGET="" ;;\n'
        '  esac\n  /kaniko/executor --cache=true -c "$1" $TARGET -d {prefix}/$1:{tag}\n}',
    ),
    (
        'publish ',
        'publish() {\n  /kaniko/executor --cache=true -c "$1" -d {prefix}/$1:{tag} '
        '--digest-file "out/$1"\n  echo "$1_digest=$(cat "out/$1")" >> build.env\n}\nmkdir -p out',
    ),
    (
        'build_service',
        'build_service() {\n  echo "Building $SERVICE"\n'
        '  /kaniko/executor --cache=true -c $SERVICE -d {prefix}/$SERVICE:{tag} $1\n}',
    ),
    (
        'build_in ',
        'build_in() {\n  cd "$1" || return 1\n'
        '  /kaniko/executor --cache=true -c . -d {prefix}/$1:{tag}\n  cd ..\n}',
    ),
    ('kbuild ', '. ci/lib.sh'),
    (
        '$NO_PUSH',
        'if [ "$CI_COMMIT_BRANCH" = main ]; then NO_PUSH=""; else NO_PUSH="--no-push"; fi',
    ),
    ('$COMMON', 'COMMON="--cache=true --cache-ttl=24h --skip-unused-stages"'),
    ('$PUSH', 'PUSH=""\nif [ -z "$CI_COMMIT_BRANCH" ]; then PUSH="--no-push-cache"; fi'),
    ('$SHA', 'SHA=$(git rev-parse HEAD)'),
    ('$CREATED', 'CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)'),
    (' out/', 'mkdir -p out'),
)


class Unit(NamedTuple):
    """Commands around a build, and the Dockerfile that they need.

    `{build}` is the whole command, `{bare}` lacks the destination; flags may follow both.
    `{image}` is the image, `{old}` the name and `{base}` the image of the build before.
    """

    lines: tuple[str, ...]
    dockerfile: str = DOCKERFILE
    template: str = ''  # the text of `Dockerfile.tmpl`
    ignored: str = ''  # the text of `.dockerignore`


UNITS = (
    *[Unit(('{build}',))] * 5,
    Unit(('echo "=== {name} ==="', '{build}')),
    Unit(('{build} --destination {prefix}/{name}:extra',)),
    Unit(('cd {name}', '/kaniko/executor --cache=true --context . -d {image}', 'cd ..')),
    Unit(('cd {name}', '/kaniko/executor --cache=true -c . -d {image}', 'cd "$CI_PROJECT_DIR"')),
    Unit(('(cd {name} && /kaniko/executor --cache=true -c . -d {image})',)),
    Unit(('build {name}',)),
    Unit(('sh ci/build.sh {name}',)),
    Unit(('{build} || exit 1',)),
    Unit(('if ! {build}; then echo "{name} failed"; exit 1; fi',)),
    Unit(('if [ -n "$CI_COMMIT_TAG" ]; then\n  {build}\nfi',)),
    Unit(('[ "$CI_COMMIT_BRANCH" = main ] && {build}',)),
    Unit(('echo "FROM alpine:3.20" > {name}/Dockerfile', '{build}')),
    Unit(('cp -r shared VERSION {name}/', '{build}')),
    Unit(('timeout 1800 {build}',)),
    Unit(('HTTP_PROXY=proxy {build}',)),
    Unit(('export IMAGE={name}', '/kaniko/executor --cache --context $IMAGE -d {prefix}/$IMAGE:1')),
    Unit(('{build} --build-arg BASE={base}',), 'ARG BASE\nFROM $BASE\nCOPY . /app\n'),
    Unit(('{build}',), 'FROM registry.example.com/group/project/{old}:1\nCOPY . /app\n'),
    Unit(
        ('{build}',), 'FROM alpine\nCOPY --from=registry.example.com/group/project/{old}:1 /app /\n'
    ),
    Unit(('build_image {name} {name}',)),
    Unit(('build_image {name} {name} --build-arg VERSION=$(cat VERSION)',)),
    Unit(('kaniko_build {name}',)),
    Unit(('/kaniko/executor $COMMON -c "$CI_PROJECT_DIR/{name}" -d {image} $PUSH',)),
    Unit(('/kaniko/executor $COMMON --context dir://$CI_PROJECT_DIR/{name} -d {image}',)),
    Unit(('{build} --build-arg GIT_SHA=$SHA',)),
    Unit(('{build} --build-arg COMMIT=$(git rev-parse HEAD)',)),
    Unit(('{build} && echo "{name} is pushed"',)),
    Unit(('if {build}; then\n  echo "{name} ok"\nelse\n  echo "{name} failed"\n  exit 1\nfi',)),
    Unit(
        (
            'if [ -n "$CI_COMMIT_TAG" ]; then\n  DEST="-d {prefix}/{name}:$CI_COMMIT_TAG"\nelse\n'
            '  DEST="-d {prefix}/{name}:edge"\nfi',
            '{bare} $DEST',
        )
    ),
    Unit(
        (
            'DEST="--destination {image}"',
            'if [ "$CI_COMMIT_BRANCH" = main ]; then DEST="$DEST -d {prefix}/{name}:main"; fi',
            '{bare} $DEST',
        )
    ),
    Unit(('sed -i "s/3.20/$(cat VERSION)/" {name}/Dockerfile', '{build}')),
    Unit(
        (
            'export BASE=alpine:3.20',
            'envsubst < {name}/Dockerfile.tmpl > {name}/Dockerfile',
            '{build}',
        ),
        template='FROM ${BASE}\nCOPY . /app\n',
    ),
    Unit(('cp -r shared {name}/', '{build}', 'rm -rf {name}/shared')),
    Unit(('test -f {name}/Dockerfile || exit 1', '{build}')),
    Unit(('# --- {name} ---', '{build}')),
    Unit(('# the image of {name}\n{build}\necho "{name} done"',)),
    Unit(
        ('RC=0', '{build} || RC=$?', 'if [ "$RC" -ne 0 ]; then echo "{name}: $RC"; exit "$RC"; fi')
    ),
    Unit(
        (
            'echo -e "\\e[0Ksection_start:`date +%s`:{name}\\r\\e[0K{name}"',
            '{build}',
            'echo -e "\\e[0Ksection_end:`date +%s`:{name}\\r\\e[0K"',
        )
    ),
    Unit(('{build} --digest-file={name}.digest', 'echo "{name} $(cat {name}.digest)"')),
    Unit(('{bare} --dockerfile {name}/Dockerfile --destination docker.io/team/{name}:{tag}',)),
    Unit(('{build}',), 'FROM docker.io/library/{old}:1\nCOPY . /app\n'),
    Unit(('VERSION=1.2.3', '{build} --build-arg VERSION=$VERSION --label version=$VERSION')),
    Unit(('SERVICE={name}', 'build_service')),
    Unit(('build_in {name}',)),
    Unit(('kbuild {name}',)),
    Unit(('NAME={name} sh ci/build-env.sh',)),
    Unit(('export NAME={name}', 'sh ./ci/build-env.sh')),
    Unit(('export AWS_PROFILE={name}', '{build}')),
    Unit(('{build} $NO_PUSH',)),
    Unit(('{build} --destination {prefix}/common:latest',)),
    Unit(
        ('cp {name}/.dockerignore .dockerignore', '{bare} -c . -f {name}/Dockerfile -d {image}'),
        ignored='{old}\n',
    ),
    Unit(
        ('{build} --build-arg REGISTRY={prefix}',),
        'ARG REGISTRY\nFROM $REGISTRY/{old}:latest\nCOPY . /app\n',
    ),
    Unit(('{build}',), 'ARG TAG=1\nFROM alpine AS a\nFROM registry.example.com/team/{old}:$TAG\n'),
    Unit(
        ('{build}',),
        'FROM alpine\nRUN --mount=type=bind,from=registry.example.com/team/{old} cp /x /\n',
    ),
    Unit(('cd "$CI_PROJECT_DIR/{name}"', '/kaniko/executor --cache=true -c . -d {image}')),
    Unit(
        (
            'if [ -n "$CI_COMMIT_TAG" ]; then\n  sed -i "s/alpine/debian/" {name}/Dockerfile\nfi',
            '{build}',
        )
    ),
    Unit(('cat > {name}/Dockerfile <<EOF\nFROM alpine:3.20\nCOPY app.txt /\nEOF', '{build}')),
)
RISKY_UNITS = (
    Unit(('{build} --tar-path {name}.tar', 'trivy image --input {name}.tar')),
    Unit(('{build}', 'crane tag {image} stable')),
    Unit(('{build} --digest-file out/{name}', 'cat out/{name}')),
    Unit(
        ('{build} --digest-file {name}/digest', 'cosign sign {prefix}/{name}@$(cat {name}/digest)')
    ),
    Unit(('{build} --digest-file digest --label "base=$(cat digest)"',)),
    Unit(('{bare} --no-push', '{build}')),
    Unit(('{build} || {build}',)),
    Unit(('{build} --tar-path {old}/base.tar',)),
    Unit(('cp {old}/digest {name}/', '{build} --digest-file {name}/digest')),
    Unit(('{build} --oci-layout-path={old}/oci',)),
    Unit(('aws ecr create-repository --repository-name {name} || true', '{build}')),
    Unit(('{build}', 'curl -d "{name} is pushed" $HOOK')),
    Unit(('{build} 2>&1 | tee -a build.log',)),
    Unit(('{build} || true',)),
    Unit(('{build} || FAILED=1',)),
    Unit(('{build} --label done=$DONE && DONE=yes',)),
    Unit(('{bare} -c . -f {name}/Dockerfile -d {image} --digest-file {name}.digest',)),
    Unit(('{bare} -c . -f {name}/Dockerfile -d {image}',)),
    Unit(('{build}', '{bare} --destination {prefix}/{name}:other')),
    Unit(('{build}', '{build}')),
    Unit(('sed -i "s|@BASE@|{base}|" {name}/Dockerfile', '{build}'), 'FROM @BASE@\nCOPY . /app\n'),
    Unit(('echo "FROM {base}" > {name}/Dockerfile', '{build}')),
    Unit(('BASE={base}', 'echo "FROM $BASE" > {name}/Dockerfile', '{build}')),
    Unit(('{bare} --destination localhost:5000/{name}:1',), 'FROM localhost:5000/{old}:1\n'),
    Unit(('{build}', 'rm -rf /kaniko/0 /kaniko/1')),
    Unit(
        ('{bare} --target test --destination {prefix}/{name}/test:1', '{build}'),
        'FROM alpine AS test\nRUN test\nFROM alpine\nCOPY . /\n',
    ),
    Unit(('echo "at $(date)"', '{build} --label "date=$(date +%s)"')),
    Unit(('publish {name}',)),
    Unit(('TAG="$TAG-{name}"', '{bare} -d {prefix}/{name}:$TAG')),
    Unit(('{build}', 'if [ -n "$ONLY_FIRST" ]; then exit 0; fi')),
    Unit(
        (
            'echo "{\\"auths\\":{\\"mirror\\":{}}}" > /kaniko/.docker/config.json',
            '{bare} -d mirror.example.com/{name}:{tag}',
        )
    ),
    Unit(('/kaniko/executor login mirror -u a -p b', '{bare} -d mirror.example.com/{name}:{tag}')),
    Unit(('sed -i "s/@NAME@/{old}/" {name}/Dockerfile', '{build}'), 'FROM example.com/@NAME@\n'),
    Unit(
        ('sed -i "s/@NAME@/{old}/" $(find . -name Dockerfile)', '{build}'),
        'FROM registry.example.com/team/@NAME@\nCOPY . /app\n',
    ),
    Unit(
        ('mv {name} current', '/kaniko/executor --cache -c current -d {image}', 'mv current {name}')
    ),
    Unit(
        ('rm -rf context && cp -r {name} context', '/kaniko/executor --cache -c context -d {image}')
    ),
    Unit(('ln -sf {name}/Dockerfile Dockerfile', '{bare} -c . -d {image}')),
    Unit(('{build}', 'git checkout -- .')),
    Unit(('echo {name} >> built.txt', '{build}')),
    Unit(('{build} --build-arg CREATED=$CREATED',)),
    Unit(('{build} --image-name-with-digest-file=out/images.txt',)),
    Unit(('{build} --digest-file digest', 'echo "{name}@$(cat digest)" >> out/images')),
    Unit(
        ('{build} --digest-file=out/{name}', 'echo "{name}_digest=$(cat out/{name})" >> build.env')
    ),
    Unit(('for i in 1 2 3; do\n  {build} && break\n  sleep 5\ndone',)),
    Unit(('{build} --digest-file d', 'cosign sign --key k {prefix}/{name}@$(cat d)', 'rm -f d')),
    Unit(
        ('{build} --digest-file d', 'export DIGEST=$(cat d)', 'crane tag {prefix}/{name}@$DIGEST x')
    ),
    Unit(('{build}', 'IMAGES="$IMAGES {image}"')),
    Unit(('{build}', 'echo "{image}" >> images.txt')),
    Unit(('{build}', 'for t in stable edge; do crane tag {image} $t; done')),
    Unit(('{build}', 'trivy image --exit-code 1 --severity CRITICAL {image}')),
    Unit(('{build}', 'trivy image {image} > out/{name}.txt || true')),
    Unit(('{build}', 'crane copy {image} mirror.example.com/{name}:{tag}')),
    Unit(('{build} --tar-path=out/{name}.tar --no-push', 'crane push out/{name}.tar {image}')),
    Unit(('START=$(date +%s)', '{build}', 'echo "took $(( $(date +%s) - START )) s"')),
    Unit(('set +e', '{build}', 'STATUS=$?', 'set -e', '[ $STATUS -eq 0 ] || exit $STATUS')),
    Unit(('if git diff --quiet HEAD~1 -- {name}; then\n  echo same\nelse\n  {build}\nfi',)),
    Unit(('if crane digest {image}; then echo there; else\n  {build}\nfi',)),
    Unit(('cp {old}/app.txt {name}/', '{build}')),
    Unit(('mkdir -p {name}/dist', 'cp api/target/* {name}/dist/', '{build}')),
    Unit(('cd {name}', '/kaniko/executor --cache=true -c . -d {image}')),
    Unit(('rm -rf /workspace/*', '{build}')),
    Unit(('mv {name}/app.txt app.txt', '{build}', 'mv app.txt {name}/app.txt')),
    Unit(('cp {name}/Dockerfile Dockerfile', '{bare} -c . -d {image}', 'rm Dockerfile')),
    Unit(('echo "$(cat VERSION)" > {name}/version', '{build}', 'sed -i "s/4/5/" VERSION')),
    Unit(('{build} --reproducible; crane digest {image} > {name}.txt',)),
    Unit(('{build} --build-arg BASE=$PREVIOUS', 'PREVIOUS={image}'), 'ARG BASE\nFROM $BASE\n'),
    Unit(('export BASE={base}', '{build} --build-arg BASE'), 'ARG BASE\nFROM $BASE\nCOPY . /\n'),
)
LOOPS = (
    *['{build}'] * 4,
    'echo "$x"\n  {build}',
    'cd $x\n  /kaniko/executor --cache=true -c . -d {image}\n  cd ..',
    '{build} || exit 1',
    'build_image "$x" "$x"',
    'sh ci/build.sh $x',
    'echo "== $x =="\n  IMAGE={prefix}/$x\n  {bare} -d $IMAGE:{tag} -d $IMAGE:latest',
    'case "$x" in\n    api) ARGS="--build-arg A=1" ;;\n    *) ARGS="" ;;\n  esac\n  {build} $ARGS',
    'if [ -f "$x/Dockerfile" ]; then\n    {build}\n  fi',
    'cp -r shared $x/\n  {build}',
    'sed -i "s/3.20/3.21/" $x/Dockerfile\n  {build}',
    '(cd $x && /kaniko/executor --cache=true -c . -d {image})',
    '# each image\n  {build}\n  echo "$x is pushed"',
    'if [ -n "$CI_COMMIT_TAG" ]; then D="-d {prefix}/$x:$CI_COMMIT_TAG"; else D="-d {image}"; fi\n'
    '  {bare} $D',
)
RISKY_LOOPS = (
    '{build} --digest-file out/$x',
    '{build} --tar-path api/$x.tar',
    '{build} || true',
    '{build} || FAILED=1',
    f'{{build}}\n  {NOTIFY}',
    '{build}\n  crane tag {image} stable',
    '{build} --label "date=$(date +%s)"',
    '[ -f $x/skip ] && continue\n  {build}',
    'n=$((n+1))\n  {build} --label n=$n',
    'publish $x',
    '{build} --digest-file d\n  echo "$x@$(cat d)" >> out/images',
    '{build}\n  IMAGES="$IMAGES {image}"',
    'if git diff --quiet HEAD~1 -- $x; then continue; fi\n  {build}',
    'cd $x\n  /kaniko/executor --cache=true -c . -d {image}\n  cd -',
    '{build}\n  trivy image --exit-code 1 {image}',
    '{build} --build-arg BASE=$LAST\n  LAST={image}',
    'cp $x/Dockerfile Dockerfile\n  {bare} -c . -d {image}',
    'for t in latest 1; do\n    {bare} -d {prefix}/$x:$t\n  done',
    '{build} &',
)
# Heads of loops; `{words}` are the images.
HEADS = (
    *['for x in {words}; do'] * 5,
    'for spec in {specs}; do\n  x=${spec%%:*}',
    'for x in $IMAGES_TO_BUILD; do',
    'for x in {words}\ndo',
)
