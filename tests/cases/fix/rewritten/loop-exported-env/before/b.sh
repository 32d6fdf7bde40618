#!/bin/sh
/kaniko/executor --cache -c $TARGET -d $CI_REGISTRY_IMAGE/$TARGET:1
