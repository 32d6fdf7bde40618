mkdir -p /kaniko/.docker
echo "{}" > /kaniko/.docker/config.json
