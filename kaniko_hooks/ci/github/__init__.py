"""GitHub, Forgejo and Gitea Actions: workflows, and the actions of the repository."""
