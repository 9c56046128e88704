"""The local stack: an embedded Postgres and a local Airflow, started and stopped by us."""
