mode=$MODE port=$PORT
