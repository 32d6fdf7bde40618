"""Simple commands: what runs by its words, by other commands and in nested scripts."""
