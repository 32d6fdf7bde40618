TAG=$(date +%s)
