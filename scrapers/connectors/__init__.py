"""One file per connector, found by being here; the file's name is the `kind` of its sources.

A file names a `CONNECTOR`. Platforms of `earshot.platforms` need no file here: their module is
their connector.
"""
