"""Comments that silence findings: what they say, what they are about, what they do."""
