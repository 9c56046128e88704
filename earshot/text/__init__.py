"""Helpers on text that every room may use: masking, copies, language, sentences."""
