"""Airflow DAGs: what runs, in what order, when; every task calls one function of a room."""
