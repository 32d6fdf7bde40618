"""The generic reader: every CI system whose steps name an image and commands."""
