"""The only room that speaks SQL: migrations, roles, named queries, connections."""
