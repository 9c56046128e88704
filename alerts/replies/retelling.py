"""A customer's own short clause, turned to the second person, where no kind of problem fits.

"I can't trust them with my money" becomes "you cannot trust us with your money": plainer than a
quotation and truer than a kind of problem that is only near. What cannot be turned safely (another
"they" than us, a "you", an insult, a clause without subject) is not told.
"""

from __future__ import annotations

import re

from alerts.replies.lexicon import word_set
from alerts.replies.quoting import regrets, staff_is_named
from alerts.replies.sanitise import detail

_SENTENCES = 5
_FEWEST, _MOST = 5, 100
"""Words that a clause has at least, characters that it has at most."""
_ENDS = re.compile(
    r"[,!:]\s|\.{2,}|\s-\s|\s(?=(?:and|but|because|so|which|even though|although|then)\s)"
)
_LEADS = re.compile(
    r"^(?:(?:and|but|so|also|well|first|plus|now|then|unfortunately|sadly),? )+", re.I
)
_NO_SUBJECT = (
    (re.compile(r"^(?:still )?waiting\b", re.I), "you are "),
    (re.compile(r"^(?:unable|not able)\b", re.I), "you are "),
    (re.compile(r"^been\b", re.I), "you have "),
    (
        re.compile(
            r"^(?:(?:have|had) (?:been|to)|never (?:received|got|had|heard)|can(?:'t|not)"
            r"|could(?:n't| not)|tried|ordered|bought|paid|purchased|signed up|waited|opened"
            r"|received|lost)\b",
            re.I,
        ),
        "you ",
    ),
)
_SUBJECT = re.compile(
    r"^(?:(?:i|we|they)(?:'m|'ve|'re)?\s(?!and\b)"
    r"|(?:my|our|their|the|this) (?!is |was |has )(?:\S+ ){1,5}?"
    r"(?:is|are|was|were|has|have|had|does|do|did|will|would|can|could|keeps?|takes?|took|never"
    r"|\w+n't|cannot)\b)",
    re.I,
)
_UNSAFE = re.compile(
    r"\b(?:you|your|yours|u|ur|yourself|he|she|him|her|his|hers|i'd|they'd|we'd|themselves|these|those"
    r"|if|would|should|hope|wish|think|thought|guess|feel like|wonder|recom\w*|rate|stars?"
    r"|review\w*|thanks?|hate|(?:i|we) (?:really )?(?:like|love)|app store|someone|anyone|everyone"
    r"|who|whoever|what|why|how)\b"
    r"|[?\"\[\]{}<>@#]|\d{5,}",
    re.I,
)
_OTHER_THEY = re.compile(
    r"\b(?:vets?|doctors?|people|dogs|cats|pets|puppies|carriers?|couriers?|usps|ups|fedex|dhl|stores"
    r"|banks?|friends|others|other|companies|fans|kids|apps|hackers|prices|shirts|jerseys|reviews)\b",
    re.I,
)
_THEY = re.compile(r"\b(?:they|them|their|they've|they're)\b", re.I)
_COMPLAINT = re.compile(
    r"n't\b|\b(?:cannot|not|never|no|nothing|nobody|without|only|still|unable|wait\w*|late|slow|wrong"
    r"|broke\w*|lost|missing|denied|refus\w*|reject\w*|declin\w*|charg\w*|fees?|fail\w*|errors?"
    r"|problems?|issues?|trouble|poor|bad|terrible|horrible|awful|worse|cheap|expensive|difficult"
    r"|hard|impossible|useless|ruin\w*|cancel\w*|locked|stuck)\b",
    re.I,
)
_UNDONE = re.compile(r"n't\b|\b(?:not|never|no)\b", re.I)
"""What "they" did is an accusation that we do not repeat; what they left undone may be said."""
_TURNED = {
    "i am": "you are", "i was": "you were", "i'm": "you are", "i've": "you have", "i": "you",
    "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you",
    "our": "your", "ours": "yours", "we're": "you are", "we've": "you have", "they": "we",
    "them": "us", "their": "our", "they're": "we are", "they've": "we have", "this app": "our app",
    "this site": "our site", "this website": "our website", "this company": "our company",
    "this platform": "our platform", "this shop": "our shop", "this store": "our store",
}  # fmt: skip
_TURN = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, _TURNED), key=len, reverse=True)) + r")(?![\w'])",
    re.I,
)
_LOUD = re.compile(r"\b(?:STILL|NOT|NEVER|ALL|ONLY|ALWAYS|NO|NOTHING|AND|EVERY|ANY)\b")
_SHORT_NOT = ((r"\bcan't\b", "cannot"), (r"\bwon't\b", "will not"), (r"\b(\w+)n't\b", r"\1 not"))


def retold(parts: list[str], language: str) -> str | None:
    """The most telling clause of the first sentences, as what may follow "that"; English only."""
    if language != "en":
        return None
    told = (_retold(part) for part in parts[:_SENTENCES] if regrets(part, language))
    return max((clause for clause in told if clause), key=len, default=None)


def _retold(sentence: str) -> str | None:
    """The longest beginning of a sentence, whole clauses of it, that can be turned safely."""
    said = _LEADS.sub("", sentence.rstrip(".!… )").replace("’", "'").strip())
    if sentence.rstrip().endswith("?") or staff_is_named(sentence):
        return None
    ends = [len(said), *(match.start() for match in reversed(list(_ENDS.finditer(said))))]
    return next((turned for end in ends if (turned := _turned(said[:end].strip(" ,-")))), None)


def _turned(clause: str) -> str | None:
    if len(clause) > _MOST or len(clause.split()) < _FEWEST or not _COMPLAINT.search(clause):
        return None
    if clause.lower().startswith("they") and not _UNDONE.search(clause):
        return None
    if _UNSAFE.search(clause) or (_THEY.search(clause) and _OTHER_THEY.search(clause)):
        return None
    if {word.strip("'.,").lower() for word in clause.split()} & word_set("en", "never"):
        return None
    lead = next((lead for pattern, lead in _NO_SUBJECT if pattern.search(clause)), "")
    if not lead and not _SUBJECT.search(clause):
        return None
    if sum(c.isupper() for c in clause) > len(clause) * 0.3:
        clause = clause.lower()
    cleaned = detail(clause[:1].lower() + clause[1:], most=_MOST)
    return lead + _in_second_person(cleaned) if cleaned else None


def _in_second_person(clause: str) -> str:
    turned = _TURN.sub(lambda match: _TURNED[match.group().lower()], clause)
    turned = _LOUD.sub(lambda match: match.group().lower(), turned)
    for pattern, whole in _SHORT_NOT:
        turned = re.sub(pattern, whole, turned, flags=re.I)
    return turned
