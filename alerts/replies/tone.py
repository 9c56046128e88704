"""How a sentence is meant: in earnest, as praise, with a turn in it, or as a thing supposed."""

from __future__ import annotations

import re

CONTRAST = re.compile(
    r"\b(?:but|however|though|although|except|only (?:complaint|issue|problem|thing|downside)"
    r"|unfortunately|wish|sadly|aber|leider|jedoch|mais|malheureusement|pero|lamentablemente|maar"
    r"|helaas|però|purtroppo|ma|mas|infelizmente|yet|apart from|shame|pity|would be (?:nice|better)"
    r"|could be better|needs?)\b"
)
IRONY = re.compile(
    r"\b(?:great job|good job|nice job|well done|bravo|congrat\w*|thanks (?:a lot )?for nothing"
    r"|slow clap|what a (?:joy|treat|surprise|delight)|how (?:nice|lovely|wonderful|thoughtful)"
    r"|kudos|impressive|brilliant(?:ly)?|genius|just what i (?:needed|wanted)|love how|love that"
    r"|love waiting|love (?:it )?when|so glad|lucky me|thrilled|a masterclass|masterpiece|fantastic"
    r"|amazing|wonderful|truly|perfect(?:ly)?|excellent|award|five stars for|10/10 for|gold medal"
    r"|toll gemacht|super gemacht|danke für nichts|glückwunsch|merci pour rien|gracias por nada"
    r"|bedankt voor niets|grazie di niente|obrigad[oa] por nada)\b|🙄|👏"
    r"|\bgreat\b[^.]{0,25}\bif you"
)
GOOD = re.compile(
    r"\b(?:love|like|enjoy|glad|happy|pleased|great|good|nice|excellent|perfect|beautiful"
    r"|recommend|best|thank|amazing|fantastic|awesome|easy|smooth|quick|helpful|satisfied|"
    r"toll|super"
    r"|gut|zufrieden|bien|parfait|excelente|bueno|goed|mooi|ottimo|bello|bom|ótimo|muito bom)\b"
)
NEGATED = re.compile(
    r"\b(?:no|not|n't|never|any|without) (?:\w+ )?(?:issue|problem|complaint|delay|bug|trouble"
    r"|hassle|hidden|crash|error)s?\b|\b(?:wasn't|isn't|not) (?:late|broken|damaged|rude|"
    r"expensive)\b"
)
_SORE = re.compile(
    r"n't\b|\b(?:not|never|no|nothing|nobody|without|too|but|until|still|only|worst|bad|terrible"
    r"|horrible|awful|poor|wait\w*|late|slow|wrong|den(?:y|ied)|refus\w*|broken?|charg\w*|problem"
    r"|issue|error|fail\w*|hard|difficult|unable|cannot|however|unfortunately|increas\w*)\b"
)
_SUPPOSED = re.compile(
    r"\b(?:if (?:you|they|it|some\w+|any\w+|the)|would(?:n't| not)? have|i(?:'m| am) sure"
    r"|if this|you(?:'ll| will) (?:\w+ )?loo?se|might|imagine|i hope|hopefully|so-called"
    r"|other (?:people|reviews|reviewers|customers)"
    r"|everyone else|these reviews|read(?:ing)? (?:the |all |other )?(?:\w+ )?reviews"
    r"|(?:another|other|different|new) (?:insur\w*|compan\w*|provider|carrier)s?)\b"
)
_BESIDES = re.compile(
    r"^(?:(?:and|but) )?(?:the kicker|on top of|to top|also\b|in addition|additionally|plus\b"
    r"|furthermore|moreover|besides|oh,? and|secondly|another (?:thing|issue|problem))"
)
_SETTLED = re.compile(
    r"(?:finally|eventually|since then|in the end|update\b|edit\b|now)[^.!?]{0,60}"
    r"\b(?:resolved|sorted|fixed|refunded|(?:got|received|have) (?:my|a|the) (?:full )?"
    r"(?:refund|money|order|parcel|package|jersey|shirt))\b(?! out)"
    r"|\b(?:issue|problem|it|this|everything|matter)\b[^.!?]{0,15}\b(?:was|is|has been|got|been)"
    r" (?:now |finally |since |all |quickly )*(?:resolved|sorted|fixed|rectified)\b"
    r"|\b(?:happy|pleased|satisfied) with (?:the|their) (?:response|outcome|resolution)\b"
    r"|\bthey (?:finally |have )?(?:replaced|refunded) (?:my|me)\b"
)
_UNSETTLED = re.compile(
    r"n't\b|\b(?:not|never|no|unless|until|if|when|once|to be|still|get this|hope\w*|want"
    r"|need|before|would|could|please|yet|un\w+ed|vets?|symptoms?|conditions?|treat\w*)\b"
)


_PLEASED = re.compile(
    r"\b(?:loved?|enjoy\w*|happy|pleased|satisfied|great|good|excellent|perfect|beautiful|amazing"
    r"|fantastic|awesome|wonderful|easy|smooth|quick|helpful|friendly|terrific)\b"
)


_UNDECIDED = re.compile(
    r"\bno opinion\b|\btoo (?:early|soon) to (?:say|tell|rate)\b|\bcan't (?:really )?say yet\b"
    r"|\bwrong button\b|\bhaven't (?:really )?used (?:it|them|you|your \w+) yet\b"
)


def is_praise(sentence: str) -> bool:
    """Whether a normalised sentence praises and complains of nothing."""
    return bool(_PLEASED.search(sentence)) and not _SORE.search(sentence)


def is_pleased(sentences: list[str]) -> bool:
    """Whether normalised sentences praise or reserve judgement and none of them complains."""
    if any(map(_UNDECIDED.search, sentences)):
        return True
    pleased = (is_praise(said) or NEGATED.search(said) for said in sentences)
    return any(pleased) and not any(map(_SORE.search, sentences))


def is_supposed(sentence: str) -> bool:
    """Whether a normalised sentence tells of what might be, or of others."""
    return bool(_SUPPOSED.search(sentence))


def is_aside(sentence: str) -> bool:
    """Whether a normalised sentence says of itself that it adds something."""
    return bool(_BESIDES.search(sentence))


def is_settled(sentences: list[str]) -> bool:
    """Whether the customer says that the matter has been put right since."""
    return any(
        _SETTLED.search(said) and not _UNSETTLED.search(said)
        for said in (sentence.lower() for sentence in sentences)
    )
