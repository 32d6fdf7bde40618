"""Comments that silence findings: reading them and applying them."""
