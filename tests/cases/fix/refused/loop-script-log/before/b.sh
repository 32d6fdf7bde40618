#!/bin/sh
echo $1 >> log
/kaniko/executor --cache -c . -f $1/Dockerfile -d $CI_REGISTRY_IMAGE/$1:1
