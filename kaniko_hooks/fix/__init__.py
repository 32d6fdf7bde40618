"""Rewrite GitLab jobs that run several builds: plan, edits, proof, write."""
