"""Random bytes through both hooks: python -m tests.fuzz --seconds 600."""
