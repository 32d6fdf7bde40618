/kaniko/executor --cache=true --destination "$CI_REGISTRY_IMAGE/$name"
