"""YAML text with spans: nodes, merge keys, and where each value stands in the file."""
