"""The inbound webhook: signed deliveries of feedback, served by `earshot listen`."""
