"""Made-up facts of brands in the shared data, for benchmarks: no policy here is theirs.

A policy governs the kinds of problem that its remedy helps, not whole themes: what to do about a
parcel that is still missing says nothing to somebody whose gift came after the birthday.
"""

from __future__ import annotations

from typing import Any

from alerts.replies import Facts, facts_from


def _policy(number: str, title: str, governs: list[str], *remedy: str) -> dict[str, Any]:
    return {"id": number, "title": title, "governs": governs, "remedy": {"en": list(remedy)}}


SHOP = [
    _policy(
        "1",
        "Parcels",
        [
            "late_delivery",
            "date_pushed_back",
            "not_shipped",
            "split_shipment",
            "never_arrived",
            "lost_in_transit",
            "marked_delivered",
            "wrong_address",
        ],
        "If it is not with you ten days after dispatch, we send it again or refund it, as "
        "you choose.",
    ),
    _policy(
        "2",
        "Wrong or broken",
        [
            "damaged_in_transit",
            "not_as_described",
            "wrong_item",
            "wrong_size_sent",
            "missing_item",
            "misspelled_custom",
        ],
        "We replace it or refund it in full, whichever you prefer.",
    ),
    _policy(
        "3",
        "Quality and fit",
        ["product_quality", "sizing_fit"],
        "Within 90 days we exchange it or give you store credit.",
    ),
    _policy(
        "4",
        "Returns",
        ["return_difficult", "return_refused", "label_problem", "refund_missing"],
        "Returns are open for 90 days, and refunds go out within 7 working days of arrival.",
    ),
]
APP = [
    _policy(
        "1",
        "Charges",
        [
            "charged_twice",
            "charged_after_cancel",
            "keeps_charging",
            "unauthorised_charge",
            "charged_more",
        ],
        "We check every booking and pay back what was taken in error.",
    ),
    _policy(
        "2",
        "Accounts",
        ["account_locked", "verification_stuck", "cannot_close_account"],
        "A specialist checks every such account by hand.",
    ),
    _policy(
        "3",
        "Payouts",
        ["cannot_withdraw", "deposit_missing"],
        "Payouts on hold are checked by a person within 3 working days.",
    ),
]
INSURER = [
    _policy("1", "Appeals", ["claim_denied", "claim_preexisting", "claim_underpaid"],
            "You can appeal any decision within 180 days, and a second examiner then reads the "
        "whole file."),
    _policy("2", "Claims", ["claim_slow", "claim_documents"],
            "Every open claim has a named examiner who can tell you what is missing."),
]  # fmt: skip
BRANDS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "fanatics": ("Fanatics", "trustpilot", SHOP),
    "kraken": ("Kraken", "googleplay", APP),
    "acorns": ("Acorns", "googleplay", APP),
    "fetch": ("Fetch", "trustpilot", INSURER),
    "aspca": ("ASPCA Insurance", "trustpilot", INSURER),
    "figo": ("Figo", "trustpilot", INSURER),
}


def facts_of(brand: str) -> Facts:
    """The made-up facts of one brand."""
    name, _, policies = BRANDS[brand]
    return facts_from(
        {
            "brand": name,
            "languages": ["en"],
            "sign_offs": {"en": [f"Alex, {name} customer care"]},
            "contact": {"email": f"care@{brand}.example"},
            "policy": policies,
        },
        name=brand,
    )
