"""The demo: the sample shop's ninety days, lived through by the real DAGs in a few minutes."""
