curl -d start https://h
