"""Masks what identifies a person before a text is stored; prices, versions and dates survive.

Found are e-mail addresses, phone numbers (phonenumbers' rules), card numbers (Luhn, ISO 7812),
IBANs (ISO 13616) and numbers of orders and the like. Each check runs only on candidates that a
cheap pattern has found, and most texts hold none.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SUSPECT = re.compile(
    r"@|\d(?:[ \u00a0().\-/]{0,3}\d){3}|\b(?:dot|punkt|point)\s+[a-z]{2,3}\b|[\[(]at[\])]", re.I
)

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[^\W\d_]{2,24}(?![\w@])"
)
_PROVIDER = r"(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|aol|proton(?:mail)?|gmx|web|live)"
_SPOKEN_EMAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{2,64}}\s{{0,2}}[\[(]?\s?(?:@|\bat\b)\s?[\])]?\s{{0,2}}{_PROVIDER}"
    r"\s{0,2}[\[(]?\s?(?:\.|\bdot\b)\s?[\])]?\s{0,2}[a-z]{2,3}\b",
    re.I,
)

_IBAN = re.compile(
    r"(?<![\w])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)", re.I
)
_CARD = re.compile(r"(?<![\w/=.,+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w/])")

_UNIT = (
    r"(?!\s?(?:[$€£¥%]|[A-Z]{3,5}\b|(?i:shib|doge|btc|eth|coins?|tokens?|points?|miles|steps|"
    r"dollars?|euros?|pounds?|bucks|usd|eur|gbp|people|users?|customers?|times|views|km|hours?|"
    r"days?|years?|percent|units?|pieces|stars?|characters?|rupees?|won|yen)\b))"
)
_CODE = r"(?=[A-Z0-9/_-]*\d{3})[A-Z0-9](?:[A-Z0-9_/-]{2,30}[A-Z0-9])"
_THING = (
    r"(?:order|purchase|po|booking|reservation|confirmation|invoice|receipt|tracking|shipment|"
    r"parcel|ticket|case|claim|account|acct|customer|member(?:ship)?|reference|ref|transaction|"
    r"serial|policy|contract|bestell|auftrags?|kunden|rechnungs?|vorgangs?|sendungs?|commande|"
    r"pedido|ordine|bestelling|factuur|rma|imei)"
)
_MARK = r"(?:numbers?|nummer|num|numéro|número|numero|no|nr|id|code|ref(?:erence)?|n°|nº|№)"
_LABELLED = re.compile(
    rf"\b(?:{_THING}[\s-]{{0,2}}(?:(?:{_MARK})\b\.?|#)"
    rf"(?:\s{{0,2}}(?:is|was|ist|war|:|=|#|-))?|{_THING}\s{{0,2}}[:#]"
    rf"|{_THING}{_MARK}\s{{0,2}}[:#=]?)\s{{0,2}}#?\s?({_CODE})(?![\w])",
    re.I,
)
_BARE_ORDER = re.compile(
    r"\b(?:order|booking|ticket|invoice|bestellung|commande|pedido|ordine)\s(?:is\s)?"
    r"(\d{6,20})(?![\w.,:/-]*\d)" + _UNIT
)
_HASH = re.compile(r"(?<![\w&/])#\s?(\d{5,20})(?!\w)")
_AMAZON = re.compile(r"(?<![\w-])\d{3}-\d{7}-\d{7}(?![\w-])")
_UPS = re.compile(r"(?<!\w)1Z[A-Z0-9]{16}(?!\w)")

_PHONE = re.compile(
    r"(?<![\w$€£¥#/=.,:+-])(?:\+|00)?[(]?\d(?:[ \u00a0().\-/]{0,3}\d){6,16}(?![\w/%$€£¥])"
)
_PHONE_CUE = re.compile(
    r"(?<![\w\[])(?:phone|tel|telephone|telefon|mobile|mobil|cell|call|text|whats ?app|sms|fax|"
    r"handy|reach|contact|rufen|number is|my number)[^\w\n\[\]]{0,3}"
    r"(?:[^\W\d]+[^\w\n.!?\[\]]{1,3}){0,4}$",
    re.I,
)
_NO_PHONE = re.compile(
    r"""(?:\d{4}([-/. ])\d{1,2}\1\d{1,2}            # 2024-03-14
    |\d{1,2}([-/. ])\d{1,2}\2\d{2,4}                # 14.03.2024
    |(?:\d{1,2}[-/.]){2}\d{4}\s\d{1,4}              # 14.03.2024 1830
    |\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s\d{1,4}
    |\d{1,4}(?:\.\d{1,4}){3,}                       # 4.15.2.1034, 192.168.0.11
    |\d{1,3}(?:\.\d{3})+                            # 5.123.000
    |\d{1,3}(?:[ \u00a0]\d{3})*[ \u00a0]000         # 5 123 000
    |(?:19|20)\d{2}\s?[-/]\s?(?:19|20)\d{2}         # 2023-2024
    |(?:\d+\s*[-/]\s*)?(?:\d+0{4,})                 # 5000000, 500000 - 5000000
    |\d{1,4}(?:\s\d{1,2}){5,}                       # a row of small numbers
    |(?:\d\W{0,3}){7,8})$""",
    re.X,
)
_AFTER = re.compile(r"\s?" + _UNIT)

_REGIONS = {
    "en": ("US", "GB"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE"), "es": ("ES", "MX"),
    "it": ("IT",), "nl": ("NL",), "pt": ("BR", "PT"), "pl": ("PL",), "hi": ("IN",), "sv": ("SE",),
    "da": ("DK",), "tr": ("TR",), "ja": ("JP",),
}  # fmt: skip


def mask(text: str, *, language: str | None = None) -> str:
    """The text with personal data replaced by `[email]`, `[iban]`, `[card]`, `[order]`, `[phone]`.

    Args:
        text: what a person wrote.
        language: BCP 47 tag; its countries' rules tell which digits are a phone number.
    """
    if not text or _SUSPECT.search(text) is None:
        return text
    regions = _regions(language)
    for _ in range(_MOST_PASSES):
        masked = _masked(text, regions)
        if masked == text:
            break
        text = masked
    return text


_MOST_PASSES = 4
"""What is masked may uncover its neighbour: two numbers in a row look like one."""


def _masked(text: str, regions: tuple[str, ...]) -> str:
    if "@" in text or _SPOKEN_EMAIL.search(text) is not None:
        text = _EMAIL.sub("[email]", text)
        text = _SPOKEN_EMAIL.sub("[email]", text)
    text = _IBAN.sub(_iban, text)
    text = _CARD.sub(_card, text)
    for pattern in (_LABELLED, _BARE_ORDER, _HASH):
        text = pattern.sub(_keep_label, text)
    text = _UPS.sub("[order]", _AMAZON.sub("[order]", text))
    return _PHONE.sub(lambda match: _phone(match, regions), text)


def mask_email(text: str) -> str:
    """Only e-mail addresses masked: for addresses of pages, whose digits are no phone numbers."""
    return _EMAIL.sub("[email]", text) if "@" in text else text


def mask_bytes(payload: bytes) -> bytes:
    """Raw bytes of any encoding, masked; bytes that are no UTF-8 stay as they are."""
    text = payload.decode("utf-8", "surrogateescape")
    return mask(text).encode("utf-8", "surrogateescape")


def _keep_label(match: re.Match[str]) -> str:
    begin = match.start(1) - match.start()
    return match.group()[:begin] + "[order]"


def _iban(match: re.Match[str]) -> str:
    from stdnum import iban

    written = match.group()
    if iban.is_valid(written, check_country=False):
        return "[iban]"
    head, _, tail = written.rpartition(" ")
    if head and iban.is_valid(head, check_country=False):
        return f"[iban] {tail}"
    return written


def _card(match: re.Match[str]) -> str:
    """The longest card number that the digits begin with; other numbers may follow it."""
    from stdnum import luhn

    head, rest = match.group(), ""
    while len(digits := re.sub(r"\D", "", head)) >= 13:
        if len(digits) <= 19 and len(set(digits)) > 1 and luhn.is_valid(digits):
            return "[card]" + rest
        cut = max(head.rfind(" "), head.rfind("-"))
        if cut < 0:
            break
        head, rest = head[:cut], head[cut:] + rest
    return match.group()


def _phone(match: re.Match[str], regions: tuple[str, ...]) -> str:
    written = match.group()
    text = match.string
    has_cue = _PHONE_CUE.search(text, max(0, match.start() - 48), match.start()) is not None
    plus = written.startswith(("+", "00"))
    if not plus and ((_NO_PHONE.match(written) and not has_cue) or _is_quantity(match)):
        return written
    if has_cue and not plus and _DATE_OR_VERSION.match(written):
        return written
    if has_cue and 7 <= sum(map(str.isdigit, written)) <= 15 and not _is_round(written):
        return "[phone]"
    return "[phone]" if _is_valid(written.strip(), regions) else written


def _is_quantity(match: re.Match[str]) -> bool:
    """A number in front of a unit or currency, however long, is an amount."""
    return _AFTER.match(match.string, match.end()) is None


def _is_round(written: str) -> bool:
    return re.sub(r"\D", "", written).endswith("0000") and " " not in written


_DATE_OR_VERSION = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?!\d)"
    r"|\d{1,4}(?:\.\d{1,4}){3,}$"
)


def _is_valid(written: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers

    if written.startswith("00"):
        written = "+" + written[2:]
    for region in (None,) if written.startswith("+") else regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (
            region is None and phonenumbers.is_possible_number(number)
        ):
            return True
    return False


@lru_cache(maxsize=256)
def _regions(language: str | None) -> tuple[str, ...]:
    """Countries whose numbers to expect, the likeliest first, English ones always."""
    tag, _, country = (language or "en").partition("-")
    own = (country.upper(),) if len(country) == 2 else ()
    return tuple(dict.fromkeys((*own, *_REGIONS.get(tag.lower(), ()), "US", "GB")))
