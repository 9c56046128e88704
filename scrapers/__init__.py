"""Sources: one connector a file, one way into Postgres for all."""
