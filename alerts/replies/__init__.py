"""Reply drafts and their guard: a pure engine, no database, no network.

`draft(review, facts, platform=…, recent_replies=…, seed=…, wish=None) -> Draft | NoDraft`
`check(text, review, facts, platform, recent_replies) -> list[Finding]`
`prioritise(review, now=…, targets=…) -> Priority`
`load_facts(path) -> Facts`
"""
