"""The live page: what supervisors watch, served by `run` and `demo`."""
