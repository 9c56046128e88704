"""Earshot listens to what customers say about a brand and acts on it."""

__version__ = "0.1.0"
