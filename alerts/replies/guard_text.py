"""Rules of the guard on the text as a whole: length, characters, addresses, language, likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from alerts.replies.facts import Facts
from alerts.replies.guard_case import Case
from alerts.replies.language import detect
from alerts.replies.records import Finding, ReviewForReply
from alerts.replies.sanitise import visible

SIMILAR = 0.5
"""Share of common three-word sequences from which a reply counts as a repeat."""

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0000fe0f]"
    "|[:;]-?[)(DP](?!\\w)"
)
_HTML = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<!--|&(?:[a-z]{2,8}|#\d{2,6});")
_MRKDWN = re.compile(
    r"<(?:https?:|mailto:|[@#!])[^<>]{0,300}>|\[[^\]\n]{1,80}\]\([^)\n]{1,300}\)|```|`[^`\n]+`"
    r"|\*\*[^*\n]+\*\*|(?<!\w)\*[^*\s][^*\n]*\*(?!\w)|(?<!\w)__?[^_\s][^_\n]*__?(?!\w)|~~[^~\n]+~~"
    r"|^\s*(?:#{1,6}\s|>\s|[-*]\s)|\|[^|\n]+\|[^|\n]+\|",
    re.M,
)
_MENTION = re.compile(r"(?<![\w.+-])@\w[\w.-]*|(?<!\w)#[A-Za-z]\w+|@(?:channel|here|everyone)\b")
_LINK = re.compile(
    r"(?i)\b(?:https?://|ftp://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|"
    r"info|biz|io|co"
    r"|uk|de|fr|es|nl|it|pt|eu|ru|cn|xyz|top|shop|app|dev|link|site|online|ly|me|tk|zip|example)"
    r"(?:/\S*)?(?![\w@])"
)
_EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.I)
_PHONE = re.compile(r"(?<![\w.,])(?:\+|00)?\(?\d[\d\s()./-]{6,18}\d(?![\w])")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?")
_LONG_ID = re.compile(r"\b(?=[A-Z0-9-]*\d)[A-Z]{0,4}-?\d[\dA-Z-]{4,}\b|#\d{3,}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}\b")
_STREET = re.compile(
    r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|"
    r"Boulevard|Blvd"
    r"|Way|Court|Close|Square)\b|\b[A-ZÄÖÜ][a-zäöüß]+(?:straße|strasse|weg|platz|allee) \d+"
)
_RECORDS = re.compile(
    r"(?i)\b(?:(?:we|i|our records|our system|the system)(?: can)? (?:see|show|shows|found|"
    r"have|note|"
    r"noticed|looked up)[^.!?]{0,40}\byour (?:order|account|address|purchase|e-?mail|phone|card|"
    r"profile|medical|claim|payment|balance|policy|subscription)\b|according to (?:our|"
    r"your) (?:records|account|file)"
    r"|(?:your|the) (?:home |delivery |billing |e-?mail )?(?:address|date of birth|birthday|"
    r"account number|card number"
    r"|phone number|password|balance|diagnosis|salary|age|surname|last name) (?:is|was|"
    r"on file|ends|ending|we have)"
    r"|card ending (?:in|with)|you live (?:in|at)|born (?:on|in) \d|your (?:husband|wife|"
    r"son|daughter|neighbou?r|"
    r"doctor|employer)'?s? (?:name|account|phone|e-?mail|told|confirmed|signed|called))"
)
_PLACEHOLDER = re.compile(
    r"\{\{?\s*\w*\s*\}?\}|\[(?:[A-Za-z' _/-]{2,40})\]|<(?:name|customer|order|product|"
    r"brand|your|insert)"
    r"[^<>]{0,30}>|\bX{3,}\b|\b(?:TODO|TBD|FIXME|lorem ipsum|insert (?:name|order|link|details?)"
    r"(?: here)?|your name here|first ?name|customer ?name)\b|_{3,}|%[sd]\b|\$\{?[a-z_]+\}?|\bN/A\b"
    r"|\.{4,}",
    re.I,
)


def length(case: Case) -> Iterator[Finding]:
    """Too long in the platform's own unit, or empty."""
    used, most = case.limit.length(case.text), case.limit.limit
    if used > most:
        yield Finding(
            rule="length",
            span=case.text[-40:].strip(),
            reason=f"is at {used} of the {most} {case.limit.unit} that {case.limit.name} allows",
        )
    if not any(letter.isalnum() for letter in case.text):
        yield Finding(rule="length", span=case.text[:20], reason="says nothing")
    if not case.limit.allows_emoji and (found := _EMOJI.search(case.text)):
        yield Finding(
            rule="emoji", span=found.group(), reason=f"is an emoji, which {case.limit.name} refuses"
        )


def formatting(case: Case) -> Iterator[Finding]:
    """Mark-up, mentions, hidden characters and unfilled places."""
    for letter in case.text:
        if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Cn"):
            if letter == "\u200d" and _EMOJI.search(case.text):
                continue
            yield Finding(
                rule="formatting",
                span=f"U+{ord(letter):04X}",
                reason="is a hidden character that can turn or break the text",
            )
            break
    approved = case.facts.wording
    for pattern, reason in (
        (_HTML, "is HTML"),
        (_MRKDWN, "is mark-up that platforms print as it stands"),
        (_MENTION, "mentions or tags somebody"),
    ):
        for found in pattern.finditer(case.text):
            if found.group().strip() not in approved:
                yield Finding(rule="formatting", span=found.group()[:60], reason=reason)
                break
    if blank := _PLACEHOLDER.search(case.text):
        yield Finding(rule="placeholder", span=blank.group()[:60], reason="was never filled in")


def addresses(case: Case) -> Iterator[Finding]:
    """Links and personal data that neither the facts nor the review contain."""
    approved = case.facts.wording.lower()
    review = f"{case.review.whole_text} {case.review.product or ''}".lower()
    text = visible(case.text)
    emails = list(_EMAIL.finditer(text))
    for found in emails:
        if found.group().lower().rstrip(".") not in approved:
            yield _private(found.group(), "is an e-mail address that the facts file does not name")
    for found in _LINK.finditer(text):
        address = found.group().rstrip(".,;:!?)").lower()
        in_email = any(mail.start() <= found.start() < mail.end() for mail in emails)
        if not in_email and address not in approved:
            yield Finding(
                rule="link",
                span=found.group(),
                reason="is a link that the facts file does not name",
            )
    yield from _numbers(_LINK.sub(" ", text), approved, review)
    for pattern, reason in (
        (_STREET, "reads like somebody's address"),
        (_RECORDS, "tells the public what only the customer's account knows"),
    ):
        told = pattern.search(case.own)
        if told and told.group().lower() not in review:
            yield _private(told.group(), reason)


def _numbers(text: str, approved: str, review: str) -> Iterator[Finding]:
    digits_approved = re.sub(r"\D", "", approved)
    for pattern, reason in (
        (_IBAN, "looks like a bank account"),
        (_PHONE, "is a telephone or card number that the facts file does not name"),
        (_LONG_ID, "is an order or case number that the review does not contain"),
    ):
        for found in pattern.finditer(text):
            span = found.group()
            digits = re.sub(r"\D", "", span)
            if span.lower() in approved or (len(digits) > 6 and digits in digits_approved):
                continue
            if pattern is _LONG_ID and span.lower() in review:
                continue
            if pattern is _PHONE and (len(digits) < 7 or _DATE.fullmatch(span.strip())):
                continue
            yield _private(span, reason)
            return


def _private(span: str, reason: str) -> Finding:
    return Finding(rule="personal_data", span=span[:60], reason=reason)


def review_language(review: ReviewForReply, facts: Facts) -> str:
    """The language that the reply must be in."""
    hint = review.language
    if hint and hint not in ("undetermined", "und"):
        return hint.split("-")[0].split("_")[0].lower()
    return detect(visible(review.whole_text)) or facts.languages[0]


def language(case: Case) -> Iterator[Finding]:
    """A reply in another language than the review's."""
    body = without_approved(visible(case.text), case.facts)
    seen = detect(re.sub(r'"[^"]*"', " ", _EMAIL.sub(" ", body))) or detect(
        _EMAIL.sub(" ", case.text)
    )
    letters = [letter for letter in case.text if letter.isalpha()]
    foreign = [letter for letter in letters if ord(letter) > 0x24F]
    if len(foreign) * 3 > len(letters) and case.language in (
        "en",
        "de",
        "fr",
        "es",
        "nl",
        "it",
        "pt",
    ):
        seen = "another script"
    if seen and seen != case.language:
        yield Finding(
            rule="language",
            span=case.text[:40],
            reason=f"is not in the language of the review ({seen} instead of {case.language})",
        )


def similarity(case: Case) -> Iterator[Finding]:
    """A reply that repeats one of the brand's recent ones."""
    mine = _shingles(_folded(case.own, case.facts))
    if not mine:
        return
    for recent in case.recent_replies:
        other = _shingles(_folded(without_approved(visible(recent), case.facts), case.facts))
        if other and len(mine & other) / len(mine | other) >= SIMILAR:
            yield Finding(
                rule="similarity",
                span=recent[:60],
                reason="was said in a recent reply, almost word for word",
            )
            return


def _folded(text: str, facts: Facts) -> str:
    for way in facts.contact.ways:
        text = text.replace(way, " ")
    return re.sub(r"[^\w\s]", " ", text.lower())


@lru_cache(maxsize=4096)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = text.split()
    size = min(3, len(words))
    return (
        frozenset(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
        if words
        else frozenset()
    )


def without_approved(text: str, facts: Facts) -> str:
    """The text without sentences, names and addresses that the facts file gives word for word."""
    groups = [*facts.sign_offs.values(), *facts.approved.values()]
    approved = [sentence for group in groups for sentence in group]
    for policy in facts.policy:
        approved += [sentence for group in policy.remedy.values() for sentence in group]
        approved += list(policy.conditions.values())
    approved += list(facts.contact.hours.values())
    for sentence in sorted(approved, key=len, reverse=True):
        text = re.sub(re.escape(visible(sentence)), " ", text, flags=re.I)
    return text
