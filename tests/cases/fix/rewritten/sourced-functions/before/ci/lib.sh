#!/bin/sh
set -eu
# what all use
REGISTRY="$CI_REGISTRY_IMAGE"
export REGISTRY
log() { echo "$(date) $1"; }
build_image() {
  log "building $1"
  /kaniko/executor --cache=true --context "$1" --destination "$REGISTRY/$1"
}
