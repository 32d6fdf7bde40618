"""CircleCI: jobs, reusable commands and what their parameters stand for."""
