"""Random scripts: the evaluator against bash, dash and busybox."""
