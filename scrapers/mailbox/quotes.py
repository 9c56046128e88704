"""What its writer wrote in a mail: without the mail it answers, and without the signature.

Line by line and therefore in linear time, whatever somebody sends. The raw mail is never stored.
"""

from __future__ import annotations

import re

from lxml import html as lxml_html
from lxml.etree import ParserError

from earshot.platforms.text import from_html

LONGEST_TEXT = 200_000
"""Characters that are looked at."""

_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|scrisse|schreef|escreveu|skrev"
    r"|napisał(?:\(a\))?|geschreven)\b[^:]{0,120}:?\s*$",
    re.I,
)
_DATED = re.compile(r"\d|@")
_ATTRIBUTION = re.compile(r"^\s*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu|Von)\b", re.I)
_DIVIDER = re.compile(
    r"^\s*[-_*]{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete"
    r" Nachricht|Message d'origine|Message transféré|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Mensagem original|Reply above this line)\b.{0,40}$|^\s*_{10,}\s*$",
    re.I,
)
_FROM = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Från)\s?:\*?\s+\S.{0,200}$", re.I)
_HEADER = re.compile(
    r"^\s*\*?(?:Sent|Gesendet|Date|Datum|Envoyé|Enviado|Inviato|Data|Verzonden|To|An|À|Para|A|Aan"
    r"|Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto)\s?:",
    re.I,
)
_SENT_FROM = re.compile(
    r"^\s*(?:Sent from|Get Outlook for|Von meinem .{1,30} gesendet|Gesendet mit|Gesendet von"
    r"|Envoyé de|Enviado desde|Inviato da|Verzonden vanaf|Enviado do)\b.{0,80}$",
    re.I,
)
_QUOTED = (
    "//blockquote[@type='cite']|//*[contains(concat(' ',@class,' '),' gmail_quote ')]"
    "|//*[contains(concat(' ',@class,' '),' yahoo_quoted ')]|//*[@id='appendonsend']"
    "|//*[@id='divRplyFwdMsg']|//*[contains(@class,'moz-cite-prefix')]"
    "|//*[contains(concat(' ',@class,' '),' gmail_signature ')]|//head|//style|//script"
)


def own_words(text: str) -> str:
    """The text down to the mail that it answers; answers between quoted lines stay."""
    lines = text[:LONGEST_TEXT].replace("\r\n", "\n").split("\n")
    kept = []
    for number, line in enumerate(lines):
        if _begins_quote(lines, number) or line.rstrip("\r") in ("-- ", "--"):
            break
        if not line.lstrip().startswith(">") and not _SENT_FROM.match(line):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _begins_quote(lines: list[str], number: int) -> bool:
    """Whether the mail that is answered begins here, by any sign that mail programs write."""
    line, following = lines[number], lines[number + 1 : number + 4]
    if _DIVIDER.match(line):
        return True
    if _FROM.match(line):
        return any(_HEADER.match(each) for each in following)
    if not _ATTRIBUTION.match(line) or len(line) > 400:
        return False
    # Long attributions are broken into two or three lines.
    candidates = (" ".join([line, *following[:more]]) for more in (0, 1, 2))
    return any(
        each.rstrip().endswith(":") and _DATED.search(each) and _WROTE.search(each[-200:])
        for each in candidates
    )


def html_words(source: str) -> str:
    """The text of an HTML mail without what it quotes."""
    try:
        tree = lxml_html.document_fromstring(source[: 4 * LONGEST_TEXT])
    except (ParserError, ValueError):
        return own_words(from_html(source))
    for quoted in tree.xpath(_QUOTED):
        if quoted.getparent() is not None:
            quoted.drop_tree()
    return own_words(from_html(lxml_html.tostring(tree, encoding="unicode")))
