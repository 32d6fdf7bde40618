build_image() {
  NAME=$1
  /kaniko/executor --cache=true --context "$NAME" --destination "$CI_REGISTRY_IMAGE/$NAME"
  LAST=$1
}
