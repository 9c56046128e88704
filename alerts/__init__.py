"""Detection, incidents, Slack, replies: everything that speaks to people."""
