import csv
from pathlib import Path

import pytest

from earshot.text.cleaning import clean
from earshot.text.language import SUPPORTED, UNDETERMINED, language_of

SAME_COMPLAINT = {
    "en": "The parcel came two weeks late and nobody answers my mails",
    "de": "Das Paket kam zwei Wochen zu spät und niemand antwortet",
    "fr": "Le colis est arrivé deux semaines trop tard et personne ne répond",
    "es": "El paquete llegó dos semanas tarde y nadie contesta",
    "it": "Il pacco è arrivato con due settimane di ritardo e nessuno risponde",
    "pt": "O pacote chegou duas semanas atrasado e ninguém responde",
    "nl": "Het pakket kwam twee weken te laat en niemand antwoordt",
    "hi": "पार्सल दो हफ्ते देर से आया और कोई जवाब नहीं देता",
    "ar": "وصل الطرد متأخرا أسبوعين ولا أحد يرد",
}
OTHER_LANGUAGES = {
    "pl": "Paczka przyszła dwa tygodnie po terminie i nikt nie odpowiada na maile",
    "sv": "Paketet kom två veckor för sent och ingen svarar på mina mejl",
    "tr": "Paket iki hafta geç geldi ve kimse e-postalarıma cevap vermiyor",
    "fi": "Paketti tuli kaksi viikkoa myöhässä eikä kukaan vastaa",
    "ru": "Посылка пришла на две недели позже",
    "zh": "包裹晚了两周",
    "ja": "荷物が二週間遅れました",
    "ko": "택배가 두 주 늦게 왔어요",
    "th": "พัสดุมาช้าสองสัปดาห์",
    "fa": "بسته دو هفته دیر رسید و هیچ کس به ایمیل های من پاسخ نمی دهد",
}


@pytest.mark.parametrize(("code", "text"), SAME_COMPLAINT.items())
def test_every_supported_language_is_recognised(code: str, text: str) -> None:
    assert code in SUPPORTED
    verdict = language_of(text)
    assert (verdict.code, verdict.is_supported) == (code, True)


@pytest.mark.parametrize(("code", "text"), OTHER_LANGUAGES.items())
def test_other_languages_are_refused_on_positive_evidence(code: str, text: str) -> None:
    verdict = language_of(text, hint="en")
    assert (verdict.code, verdict.is_supported) == (code, False)


@pytest.mark.parametrize("text", ["Good", "ok", "Nice app", "lol", "👍👍", "", "10/10", "Supr"])
def test_short_text_takes_the_locale_and_is_never_refused(text: str) -> None:
    assert language_of(text, hint="de-AT").code == "de"
    assert language_of(text).code == UNDETERMINED
    assert language_of(text, hint="pl").is_supported


def test_names_tags_and_addresses_are_no_evidence() -> None:
    text = "#hodl #wenlambo @satoshi https://kurssit.example/hyvää-päivää ok thanks"
    assert language_of(text, hint="en").code == "en"


@pytest.mark.parametrize("app", ["kraken", "acorns", "robinhood"])
def test_english_store_streams_lose_at_most_one_percent(app: str, shared: Path) -> None:
    with (shared / "data" / "feedback" / f"play_{app}.csv").open(encoding="utf-8") as file:
        texts = [clean(row["content"]) for row in csv.DictReader(file)]
    refused = sum(not language_of(text, hint="en").is_supported for text in texts)
    assert refused <= 0.01 * len(texts)
