echo "$CI_JOB_NAME"
/kaniko/executor --cache --context "$1" --destination "$CI_REGISTRY_IMAGE/$1"
