"""A mailbox as a source: read over IMAP, never changed."""
