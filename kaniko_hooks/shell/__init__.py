"""Runs of shell scripts, by abstract interpretation of their syntax trees."""


class TooMuch(Exception):
    """There is more to evaluate than can be."""
