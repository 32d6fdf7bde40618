"""What a shell script can run: syntax tree, values of variables, runs."""
