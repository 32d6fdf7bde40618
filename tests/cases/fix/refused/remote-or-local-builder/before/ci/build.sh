LIST="${LIST:-changed.txt}"
TABLE="${TABLE:-ci/table.yaml}"
NUMBER="${NUMBER:-0}"
REVISION="${REVISION:-$(git rev-parse HEAD)}"
TAG="${TAG:-$REVISION}"
REGISTRY="${REGISTRY:-$(cat "$TABLE")}"
CONTAINER="${CONTAINER:-kaniko}"
if [ ! -f "$LIST" ]; then
  exit 0
fi
mapfile -t NAMES < <(awk 'NF' "$LIST" || true)
POD="${POD:-$(hostname)}"
if [ -f remote ] && kubectl get pod "$POD"; then
  BUILD=(kubectl exec "$POD" -c "$CONTAINER" -- sh -c)
else
  BUILD=(/kaniko/executor)
fi
for NAME in "${NAMES[@]}"; do
  ARGS=(--cache=true --context="$NAME" --destination="$REGISTRY/$NAME:$TAG-$NUMBER")
  "${BUILD[@]}" "/kaniko/executor ${ARGS[*]}"
done
