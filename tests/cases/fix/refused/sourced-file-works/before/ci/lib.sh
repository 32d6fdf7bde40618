apk add curl
