"""Which trade a kind of problem belongs to, and which trades a brand's facts file speaks of.

An insurer loses no parcels and a shop denies no claims: where the policies show the trade, words
that would mean another trade's problem are taken for something else.
"""

from __future__ import annotations

from alerts.replies.facts import Facts

_COVER = frozenset(
    {"premium_increase", "coverage_misleading", "policy_cancel", "policy_documents"}
    | {"policy_lapsed", "cover_small"}
)
_MONEY = frozenset(
    {"coin_not_listed", "trade_failed", "money_lost", "cannot_withdraw", "deposit_missing"}
    | {"bank_link", "verification_stuck", "fees_high", "listing_promised"}
)
_GOODS = frozenset(
    {"delivery_delay", "lost_or_wrong_parcel", "damaged_in_transit", "product_quality"}
    | {"sizing_fit", "returns_exchanges", "stock_availability", "not_as_described"}
    | {"shipping_cost", "free_shipping_trick", "fake_product", "cannot_cancel_order"}
    | {"tracking_useless"}
)


def trade_of(key: str, theme: str = "") -> str | None:
    """`goods`, `money` or `cover`; None for what happens in every trade."""
    if key in _COVER or key.startswith("claim_"):
        return "cover"
    if key in _MONEY:
        return "money"
    return "goods" if key in _GOODS or theme in _GOODS else None


def trades_of(facts: Facts) -> frozenset[str]:
    """Trades whose problems the policies govern; empty where they tell nothing."""
    found = {trade_of(key) for policy in facts.policy for key in policy.governs}
    return frozenset(trade for trade in found if trade)


def is_in_trade(trade: str | None, trades: frozenset[str]) -> bool:
    """Whether a brand of these trades can be meant; a brand of unknown trade always can."""
    return trade is None or not trades or trade in trades
