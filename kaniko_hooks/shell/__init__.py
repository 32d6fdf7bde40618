"""Runs of shell scripts, by abstract interpretation of their syntax trees."""
