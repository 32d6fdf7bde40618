"""Hooks for pre-commit that keep a container from running several Kaniko builds."""
