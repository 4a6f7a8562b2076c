"""Hypothesis profiles: ``ci`` by default, ``nightly`` for a long look.

Choose with the environment variable ``HYPOTHESIS_PROFILE``.  A test whose examples are
costly takes ``@settings.get_profile("costly")``: fewer of them in ``ci``, as many as
any other in ``nightly``.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    max_examples=70,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly",
    max_examples=1_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
settings.register_profile(
    "costly",
    settings(),
    max_examples=30
    if settings.get_current_profile_name() == "ci"
    else settings().max_examples,
)
