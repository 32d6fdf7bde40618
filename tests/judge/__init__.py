"""A judge of rewrites: runs whole GitLab pipelines in real shells and compares what they do.

The rule it applies: by default the new pipeline does what the old one did, in every run,
apart from the sharing. It reads pipelines with `read_pipeline`, and knows nothing of the
package's shell reader or of its fix.

- `pipeline`: a repository -> the instances of its jobs, with variables, rules and needs;
- `conditions`: `rules: if`;
- `simulation`: the order of jobs, artifacts, what a failure stops;
- `sandbox`: one job in one shell, with stub programs on PATH;
- `programs`: what the stubs do, a model of the registry among it;
- `image`: the content of an image, from its Dockerfile, its context and its base;
- `trace`: what a pipeline did, as data;
- `compare`: two traces -> the differences that matter;
- `scenarios`: a pipeline before and after -> differences under several surroundings;
- `generate`: random repositories for `python -m tests.judge`.

Not modelled: `retry:`, `only/except`, `changes` and `exists` (always true),
`resource_group`, `hooks`, `run:`, delays, and what Kaniko does to the file system of its
container, since that is the sharing itself.
"""
