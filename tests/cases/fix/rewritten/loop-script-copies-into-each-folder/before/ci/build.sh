#!/bin/sh
set -eu
svc=$1
echo "$CI_COMMIT_SHA" > "$svc/REVISION"
cp VERSION "$svc/VERSION"
/kaniko/executor --cache=true --context "$svc" --destination "$CI_REGISTRY_IMAGE/$svc:$(cat VERSION)"
