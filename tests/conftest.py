"""Settings for hypothesis: the same examples on every run and every machine, and no stop-watch."""

from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("course")
