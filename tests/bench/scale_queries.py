"""What a dashboard asks of one brand, as the page asks it and as a BI tool would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sql.named import queries

SPANS = (90, 730)
OWN = {
    "theme_trend by week": """
        select theme, period_start, sum(items), sum(negative)
        from analytics.theme_trend
        where brand = %(brand)s and grain = 'week'
            and period_start >= %(since)s and period_start < %(until)s
        group by theme, period_start
    """,
    "themed_feedback of a theme, newest 100": """
        select feedback_id, product, sentiment, title, body
        from analytics.themed_feedback
        where brand = %(brand)s and theme = 't20' and sentiment = 'negative'
            and published_at >= %(since)s and published_at < %(until)s
        order by published_at desc
        limit 100
    """,
    "feedback_item, newest 100": """
        select feedback_id, product, sentiment, title, body
        from analytics.feedback_item
        where brand = %(brand)s and published_at >= %(since)s and published_at < %(until)s
        order by published_at desc
        limit 100
    """,
}
PAGE = {
    "page: overview, days": ("days", {"theme": "all", "source": ""}),
    "page: overview, themes": ("themes", {"source": ""}),
    "page: one theme, days": ("days", {"theme": "t5", "source": ""}),
    "page: reviews": (
        "reviews",
        {"theme": "all", "source": "", "sentiment": "", "product": "", "size": 50},
    ),
    "page: reviews of a theme": (
        "reviews",
        {"theme": "t20", "source": "", "sentiment": "", "product": "", "size": 50},
    ),
    "page: reviews, filtered": (
        "reviews",
        {
            "theme": "t20",
            "source": "s3",
            "sentiment": "negative",
            "product": "Product 7",
            "size": 50,
        },
    ),
}


def queries_over(now: datetime) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    """Name, days, statement and values of each query, for both spans."""
    for days in SPANS:
        span = timedelta(days=days)
        given = {"brand": "b2", "since": now - span, "until": now, "before": now - 2 * span}
        for name, (query, values) in PAGE.items():
            yield name, days, getattr(queries, f"web_{query}").sql, {**given, **values}
        for name, statement in OWN.items():
            yield name, days, statement, given
        if days == max(SPANS):
            for name in ("products", "brands", "sources", "source_health"):
                statement = getattr(queries, f"web_{name}").sql
                yield f"page: {name}, always", days, statement, given
