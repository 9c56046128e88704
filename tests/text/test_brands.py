"""Names are found where they mean the brand, and only there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from earshot.record import Feedback, Kind
from earshot.settings import Brand
from earshot.text.brands import Matcher, assigner

APPLE = Brand(
    key="apple",
    name="Apple",
    aliases=("Apple Watch", "iPhone", "アップル"),
    handles=("@AppleSupport", "u/apple"),
    negative_keywords=("pie", "pies", "cider", "juice", "tree", "trees", "orchard", "cinnamon",
                       "eat", "eating", "crumble", "sauce", "pear", "banana", "vinegar", "bobbing"),
)  # fmt: skip
GAP = Brand(key="gap", name="GAP", aliases=("Gap Inc",), handles=("@Gap",))
HM = Brand(key="hm", name="H&M", role="competitor")
O2 = Brand(key="o2", name="O2", negative_keywords=("oxygen", "sensor", "saturation"))
NORTHWIND = Brand(key="northwind", name="Northwind Home", aliases=("Northwind",))
TARGET = Brand(
    key="target",
    name="Target",
    role="competitor",
    negative_keywords=("date", "audience", "audiences", "practice", "hit", "price", "heart", "goal",
                       "market", "my", "the", "a", "on", "your", "our"),
)  # fmt: skip
BRANDS = (APPLE, GAP, HM, O2, NORTHWIND, TARGET)

CASES = (
    ("My Apple laptop died after a week", {"apple"}),
    ("apple refused the refund", {"apple"}),
    ("APPLE PLEASE HELP", {"apple"}),
    ("Apple's support is useless", {"apple"}),
    ("Apple’s new update broke everything", {"apple"}),
    ("grandma's apple pie is the best", set()),
    ("apple-pie order", set()),
    ("pie made with apple and cinnamon", set()),
    ("hot apple cider at the market", set()),
    ("an apple tree in the garden", set()),
    ("I eat an apple every day", set()),
    ("pineapple juice", set()),
    ("apples are healthy", set()),
    ("applesauce", set()),
    ("I was eating an apple pie when my Apple Watch fell off", {"apple"}),
    ("Apple pie for lunch. My Apple charger melted.", {"apple"}),
    ("bought at apple.com last week", {"apple"}),
    ("contact joe@apple.com please", set()),
    ("@AppleSupport still no answer", {"apple"}),
    ("asked u/apple about it", {"apple"}),
    ("@AppleSupporters is a fan club", set()),
    ("#apple fail", {"apple"}),
    ("#AppleFail again", {"apple"}),
    ("#pineapple pizza", set()),
    ("my iPhone explodes", {"apple"}),
    ("my iphone explodes", {"apple"}),
    ("アップルの新製品", {"apple"}),
    ("a snapple bottle", set()),
    ("Apple and Target both failed", {"apple", "target"}),
    ("GAP jeans tear at once", {"gap"}),
    ("mind the gap between train and platform", set()),
    ("a gap in the seam", set()),
    ("Gap Inc raised prices", {"gap"}),
    ("@gap where is my order", {"gap"}),
    ("#GAP sale", {"gap"}),
    ("H&M lost my parcel", {"hm"}),
    ("H & M lost my parcel", {"hm"}),
    ("h&m is not how we write it", set()),
    ("the M&H store", set()),
    ("OH&MY", set()),
    ("O2 has no signal again", {"o2"}),
    ("the O2 sensor of my car", set()),
    ("oxygen or O2 saturation", set()),
    ("CO2 levels", set()),
    ("H2O2 is peroxide", set()),
    ("Northwind Home sent the wrong lamp", {"northwind"}),
    ("northwind home sent the wrong lamp", {"northwind"}),
    ("Northwind-Home never again", {"northwind"}),
    ("#NorthwindHome never again", {"northwind"}),
    ("#northwindhome never again", {"northwind"}),
    ("Northwind answered within an hour", {"northwind"}),
    ("northwinds blow over the coast", set()),
    ("Target delivered two days late", {"target"}),
    ("we missed the target again", set()),
    ("our target audience", set()),
    ("a moving target", set()),
    ("target price of 40", set()),
    ("Customer service at Target refused it", {"target"}),
    ("targeted ads everywhere", set()),
    ("nothing of the kind", set()),
    ("", set()),
    ("Ａｐｐｌｅ support hung up", {"apple"}),
)


@pytest.mark.parametrize(("text", "brands"), CASES)
def test_a_tricky_case(text: str, brands: set[str]) -> None:
    found = Matcher(BRANDS).named(text)

    assert {key for key, stands in found.items() if stands} == brands


def mention(text: str, **fields: object) -> Feedback:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    common = {"source": "s", "platform": "p", "external_id": "1", "brand": ("apple",)}
    return Feedback(**{**common, "kind": Kind.MENTION, "body": text, "published_at": at, **fields})


def test_the_sources_brand_stays_unless_negative_keywords_take_it_away() -> None:
    assign = assigner(BRANDS)

    kept = [assign(mention(text)) for text in ("my new laptop", "apple pie", "Apple and GAP")]

    assert [item.brand if item else None for item in kept] == [("apple",), None, ("apple", "gap")]


def test_with_only_named_a_mention_without_a_name_is_left_out() -> None:
    assign = assigner(BRANDS, only_named=True)

    assert assign(mention("my new laptop")) is None
    assert assign(mention("GAP jeans")).brand == ("gap",)


def test_reviews_and_tickets_keep_the_brand_of_their_page() -> None:
    review = mention("apple pie", kind=Kind.REVIEW)

    assert assigner(BRANDS)(review) is review
