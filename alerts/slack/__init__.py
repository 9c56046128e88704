"""Slack: messages, their delivery exactly once, and what people click."""
