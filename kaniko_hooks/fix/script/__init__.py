"""A job's script taken apart: pieces, steps, and what a job for each build needs of them."""
