#!/bin/sh
set -e
/kaniko/executor --cache=true --context "$CI_PROJECT_DIR/$1" --destination "$CI_REGISTRY_IMAGE/$1:$CI_COMMIT_SHA"
