build() {
  sed -i "s/@NAME@/$1/" Dockerfile
  /kaniko/executor --cache=true --destination "$CI_REGISTRY_IMAGE/$1"
}
