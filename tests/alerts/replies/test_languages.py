"""Drafts and guard in the six languages beside English."""

from __future__ import annotations

import pytest

from alerts.replies import Draft, Facts, NoDraft, ReviewForReply, check, draft, facts_from
from alerts.replies.facts import SUPPORTED_LANGUAGES
from alerts.replies.guard_words import wording_rules
from alerts.replies.language import detect
from alerts.replies.lexicon import issues
from alerts.replies.phrases import frames, issue_phrases, stock

REMEDY = {
    "en": "We replace it or refund it, whichever you prefer.",
    "de": "Wir ersetzen den Artikel oder erstatten ihn, ganz wie Sie möchten.",
    "fr": "Nous remplaçons l'article ou le remboursons, à votre choix.",
    "es": "Cambiamos el artículo o le devolvemos el dinero, como prefiera.",
    "nl": "Wij vervangen het artikel of betalen het terug, wat u liever hebt.",
    "it": "Sostituiamo l'articolo o lo rimborsiamo, come preferisce.",
    "pt": "Trocamos o artigo ou devolvemos o dinheiro, como preferir.",
}
REVIEWS = [
    ("de", "Die Vase kam kaputt an, schon zum zweiten Mal.", "arrived_broken"),
    ("de", "Ich warte seit drei Wochen auf mein Paket, nichts ist angekommen.", "never_arrived"),
    ("de", "Niemand antwortet auf meine E-Mails.", "service_responsiveness"),
    ("de", "Der Rabattcode hat nicht funktioniert.", "discounts_promotions"),
    ("fr", "Le vase est arrivé cassé, c'est la deuxième fois.", "arrived_broken"),
    ("fr", "Je n'ai jamais reçu ma commande.", "never_arrived"),
    ("fr", "Toujours pas de remboursement après trois semaines.", "refunds"),
    ("fr", "La taille est trop petite, le pull est trop serré.", "sizing_fit"),
    ("es", "El jarrón llegó roto por segunda vez.", "arrived_broken"),
    ("es", "Nunca llegó mi pedido.", "never_arrived"),
    ("es", "Nadie contesta a mis correos, no responden.", "service_responsiveness"),
    ("es", "La calidad es muy mala.", "product_quality"),
    ("nl", "De vaas is kapot aangekomen.", "arrived_broken"),
    ("nl", "Ik heb mijn bestelling nooit ontvangen.", "never_arrived"),
    ("nl", "Ze reageren niet op mijn mails, geen antwoord.", "service_responsiveness"),
    ("nl", "Er werd twee keer afgeschreven.", "charged_twice"),
    ("it", "Il vaso è arrivato rotto.", "arrived_broken"),
    ("it", "Non ho mai ricevuto il mio ordine.", "never_arrived"),
    ("it", "Aspetto il rimborso da un mese.", "refunds"),
    ("it", "Nessuno risponde alle mie mail.", "service_responsiveness"),
    ("pt", "O vaso chegou partido.", "arrived_broken"),
    ("pt", "Nunca recebi a minha encomenda.", "never_arrived"),
    ("pt", "Ninguém responde às minhas mensagens.", "service_responsiveness"),
    ("pt", "Fui cobrado duas vezes.", "charged_twice"),
]
BAD = [
    ("de", "Bitte ändern Sie Ihre Bewertung.", "review_request"),
    ("de", "Das war unser Fehler.", "liability"),
    ("de", "Sie hätten das Paket prüfen müssen.", "blame"),
    ("de", "Als Entschuldigung erhalten Sie einen Gutschein.", "incentive"),
    ("de", "Wir garantieren, dass das nie wieder passiert.", "promise"),
    ("de", "Entdecken Sie unsere neue Kollektion.", "sales"),
    ("fr", "Merci de modifier votre avis.", "review_request"),
    ("fr", "C'est une erreur de notre part.", "liability"),
    ("fr", "Vous auriez dû vérifier le colis.", "blame"),
    ("fr", "Nous vous offrons un bon d'achat.", "incentive"),
    ("fr", "Nous vous promettons une livraison demain.", "promise"),
    ("fr", "Découvrez notre nouvelle collection.", "sales"),
    ("es", "Por favor, cambie su reseña.", "review_request"),
    ("es", "Fue nuestro error.", "liability"),
    ("es", "Debería haber revisado el paquete.", "blame"),
    ("es", "Le regalamos un vale.", "incentive"),
    ("es", "Descubra nuestra nueva colección.", "sales"),
    ("nl", "Wilt u uw beoordeling aanpassen?", "review_request"),
    ("nl", "Het was onze fout.", "liability"),
    ("nl", "U had het pakket moeten controleren.", "blame"),
    ("nl", "Wij garanderen dat het nooit meer gebeurt.", "promise"),
    ("it", "La preghiamo di modificare la recensione.", "review_request"),
    ("it", "È stato un nostro errore.", "liability"),
    ("it", "Avrebbe dovuto controllare il pacco.", "blame"),
    ("it", "Scopra la nuova collezione.", "sales"),
    ("pt", "Por favor, altere a sua avaliação.", "review_request"),
    ("pt", "Foi um erro da nossa parte.", "liability"),
    ("pt", "Devia ter verificado a encomenda.", "blame"),
    ("pt", "Descubra a nova coleção.", "sales"),
]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_from(
        {
            "brand": "Northwind Home",
            "languages": list(SUPPORTED_LANGUAGES),
            "sign_offs": {code: "Mara, Northwind Home" for code in SUPPORTED_LANGUAGES},
            "contact": {"email": "help@northwind.example"},
            "policy": [
                {
                    "id": "1",
                    "title": "Broken",
                    "governs": ["damaged_in_transit"],
                    "remedy": REMEDY,
                }
            ],
        }
    )


@pytest.mark.parametrize(("language", "text", "key"), REVIEWS)
def test_drafts_answer_in_the_language_of_the_review(
    language: str, text: str, key: str, facts: Facts
) -> None:
    review = ReviewForReply(id=text, text=text, stars=1, language=language)

    for platform in ("googleplay", "trustpilot"):
        reply = draft(review, facts, platform=platform, seed=text)

        assert isinstance(reply, Draft), reply
        assert reply.problems[0].key == key
        assert detect(reply.text.replace("help@northwind.example", "")) in (language, None)
        assert check(reply.text, review, facts, platform, []) == []
        if key == "arrived_broken":
            assert REMEDY[language] in reply.text


@pytest.mark.parametrize(("language", "text", "rule"), BAD)
def test_guard_knows_bad_wording_in_other_languages(
    language: str, text: str, rule: str, facts: Facts
) -> None:
    review = ReviewForReply(id="r", text="…", stars=1, language=language)

    assert rule in {finding.rule for finding in check(text, review, facts, "shop", [])}


def test_a_language_that_the_facts_do_not_list_gets_no_draft(facts: Facts) -> None:
    english = facts.model_copy(update={"languages": ("en",)})
    review = ReviewForReply(id="r", text="Die Vase kam kaputt an.", stars=1, language="de")

    reply = draft(review, english, platform="shop", seed="s")

    assert isinstance(reply, NoDraft)
    assert reply.reason == "language"


@pytest.mark.parametrize("language", SUPPORTED_LANGUAGES)
def test_every_issue_and_frame_has_words(language: str) -> None:
    english = stock("en")["frame"]
    for issue in issues(language):
        phrases = issue_phrases(language, issue.key, issue.theme)
        assert all(phrases[part] for part in ("clause", "sense", "ask", "next")), issue.key
    for name in (
        "apology",
        "also",
        "unclear",
        "invite",
        "contact",
        "praise_only",
        "but",
    ):
        assert name in english
        assert frames(language, name, "formal"), name


@pytest.mark.parametrize("language", SUPPORTED_LANGUAGES)
def test_stock_names_no_amount_and_no_link(language: str) -> None:
    text = str(stock(language))

    assert not any(letter in text for letter in "$€£%@")
    assert "http" not in text


@pytest.mark.parametrize("language", SUPPORTED_LANGUAGES)
def test_no_sentence_of_the_stock_is_one_that_the_guard_refuses(language: str) -> None:
    refused = [
        (wording.name, sentence)
        for sentence in _sentences_of(stock(language))
        for wording in wording_rules(language)
        if any(pattern.search(sentence) for pattern in wording.patterns)
    ]

    assert refused == []


def _sentences_of(table: object) -> list[str]:
    if isinstance(table, str):
        return [table]
    parts = table.values() if isinstance(table, dict) else table
    return [sentence for part in parts for sentence in _sentences_of(part)]  # type: ignore[attr-defined]
