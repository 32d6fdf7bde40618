#!/bin/sh
/kaniko/executor --cache=true --context $1 --destination $CI_REGISTRY_IMAGE/$2:1
