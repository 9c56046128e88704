"""Seeing inside: metrics for Prometheus, and the health endpoint."""
