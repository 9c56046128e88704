"""The catalogue of the sample shop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Product:
    """An article of the shop; `noun` is what customers call it."""

    sku: str
    name: str
    noun: str
    category: str
    pounds: int
    popularity: float = 1.0

    @property
    def slug(self) -> str:
        """Its part of the address."""
        return self.name.lower().replace(" ", "-")


def _product(number: int, row: tuple[str, str, str, int, float]) -> Product:
    name, noun, category, pounds, popularity = row
    return Product(
        sku=f"NH-{1000 + 7 * number}",
        name=name,
        noun=noun,
        category=category,
        pounds=pounds,
        popularity=popularity,
    )


_ROWS = [
    ("Alder Bookcase", "bookcase", "Storage", 149, 1.6),
    ("Birch Side Table", "side table", "Tables", 59, 1.5),
    ("Cove Floor Lamp", "lamp", "Lighting", 85, 1.3),
    ("Dune Wool Rug", "rug", "Textiles", 219, 1.4),
    ("Ember Candle Set", "candle set", "Decoration", 24, 0.8),
    ("Fjord Linen Duvet Cover", "duvet cover", "Textiles", 110, 1.5),
    ("Gable Coat Rack", "coat rack", "Storage", 72, 0.9),
    ("Harbour Desk", "desk", "Tables", 219, 1.4),
    ("Inlet Bath Mat", "bath mat", "Bathroom", 24, 0.7),
    ("Juniper Wall Clock", "clock", "Decoration", 39, 0.8),
    ("Kelp Storage Basket", "basket", "Storage", 32, 1.0),
    ("Lantern Table Lamp", "lamp", "Lighting", 45, 1.2),
    ("Meadow Curtain Pair", "curtains", "Textiles", 65, 0.9),
    ("Nook Reading Chair", "chair", "Seating", 289, 1.3),
    ("Orchard Dining Table", "table", "Tables", 449, 1.1),
    ("Pebble Mug Set", "mug set", "Kitchen", 28, 0.9),
    ("Quay Shoe Bench", "bench", "Seating", 95, 0.8),
    ("Ridge Picture Shelf", "shelf", "Storage", 35, 1.0),
    ("Sedge Throw", "throw", "Textiles", 49, 1.1),
    ("Tarn Mirror", "mirror", "Decoration", 119, 0.9),
    ("Umber Plant Pot", "plant pot", "Decoration", 22, 0.7),
    ("Vale Bar Stool", "stool", "Seating", 89, 0.9),
    ("Willow Laundry Hamper", "hamper", "Bathroom", 55, 0.8),
    ("Yarrow Bed Frame", "bed frame", "Bedroom", 399, 1.2),
]

PRODUCTS = tuple(_product(number, row) for number, row in enumerate(_ROWS, start=1))
