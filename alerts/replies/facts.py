"""The brand's facts file: all that a reply may promise, say of the brand, or sign with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from earshot.errors import FixSettings

Action = Literal[
    "refund", "replace", "repair", "credit", "discount", "collect", "waive", "cancel", "escalate"
]
SUPPORTED_LANGUAGES = ("en", "de", "fr", "es", "nl", "it", "pt")
_ACTION_WORDS: dict[Action, str] = {
    "refund": r"refund|money back|reimburs|erstatt|geld zurück|rembours|reembols|terugbeta"
    r"|geld terug|rimbors|devol(?:ve|uci|uç)",
    "replace": r"replac|new one|another one|exchang|resend|send it again|ersatz|ersetz|tausch"
    r"|remplac|échang|reempla|cambi|vervang|omruil|sostitu|substitu|troc",
    "repair": r"repair|\bfix\b|repar|répar|riparaz|reparatie|mend\b",
    "credit": r"store credit|credit note|account credit|gutschrift|\bavoir\b|tegoed|buono credito",
    "discount": r"discount|voucher|coupon|% off|gutschein|rabatt|remise|descuento|korting|sconto"
    r"|desconto|bon d'achat",
    "collect": r"collect|pick (?:it|them) up|courier to you|abhol|enlèvement|recog|ophal|ritir"
    r"|recolh",
    "waive": r"free of charge|at no cost|no charge|we pay|we cover|waive|prepaid|without charge"
    r"|kostenlos|kostenfrei|gratuit|gratis|sin coste|sem custo|à nos frais",
    "cancel": r"\bcancel|close the account|stornier|kündig|annul|resili|cancel|opzegg|chiud",
    "escalate": r"review (?:it|the|your|every)|look(?:s|ed)? (?:at|into)|second look|prüf|check"
    r"|réexamin|revis|onderzoek|esamin|anali[sz]",
}


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _one_line(sentence: str) -> str:
    if not sentence.strip():
        raise ValueError("is empty; write a sentence or leave the key out")
    if re.search(r"[\x00-\x1f\x7f]", sentence):
        raise ValueError("holds a line break or control character; write it on one line")
    return sentence.strip()


Sentence = Annotated[str, AfterValidator(_one_line)]
Sentences = Annotated[tuple[Sentence, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
ByLanguage = dict[str, Sentences]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(_Table):
    """A private way to reach the brand; at least one of the addresses."""

    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    phone: str | None = Field(default=None, min_length=5)
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    hours: dict[str, Sentence] = Field(default_factory=dict)
    """When somebody answers, by language: `en = "Monday to Friday, 9 to 17"`."""

    @model_validator(mode="after")
    def _reachable(self) -> Contact:
        if not (self.email or self.phone or self.url):
            raise ValueError("names no way to reach you; give email, phone or url")
        return self

    @property
    def ways(self) -> tuple[str, ...]:
        """Every address as a customer would use it."""
        return tuple(way for way in (self.email, self.phone, self.url) if way)


class Policy(_Table):
    """What the brand does about some kinds of problem; the only source of promises."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    governs: tuple[str, ...] = Field(min_length=1)
    """Issue keys of the lexicon (`arrived_broken`) or theme keys (`damaged_in_transit`)."""
    remedy: ByLanguage
    """Brand-approved sentences by language, each one complete; the first that fits is used."""
    amounts: tuple[str, ...] = ()
    """Amounts, shares and periods that a reply may name besides those in the remedy."""
    conditions: dict[str, Sentence] = Field(default_factory=dict)
    """A sentence by language that must stand beside the remedy."""
    actions: tuple[Action, ...] = ()
    """What a person's edit may promise; read from the remedy where left out."""

    @property
    def allowed_actions(self) -> frozenset[str]:
        """Promises that this policy covers."""
        if self.actions:
            return frozenset(self.actions)
        text = self.wording.lower()
        return frozenset(a for a, words in _ACTION_WORDS.items() if re.search(words, text))

    @property
    def wording(self) -> str:
        """Everything that the policy says, in all languages."""
        remedies = [sentence for group in self.remedy.values() for sentence in group]
        return " ".join([*remedies, *self.conditions.values(), *self.amounts])


class Facts(_Table):
    """One brand's facts, read from a TOML file by `load_facts`."""

    brand: str = Field(min_length=1)
    brand_key: str | None = None
    legal_names: tuple[str, ...] = ()
    """Other names a reply may call the brand by."""
    speaks_as: Literal["we", "I"] = "we"
    voice: Literal["plain", "warm", "formal"] = "plain"
    languages: tuple[str, ...] = ("en",)
    sign_offs: ByLanguage
    """Named sign-offs: `en = ["Mara, Northwind Home customer care"]`."""
    contact: Contact
    products: tuple[str, ...] = ()
    """Names of products, so that a reply about the wrong one is noticed."""
    approved: ByLanguage = Field(default_factory=dict)
    """Further sentences that the brand allows word for word, such as a holding statement."""
    when_uncovered: Literal["contact", "no_draft"] = "contact"
    """What to do with a problem that no policy governs: invite to a private talk, or no draft."""
    policy: tuple[Policy, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Facts:
        self._check_languages()
        ids = [policy.id for policy in self.policy]
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"policy id {sorted(twice)[0]!r} is used twice; give each its own")
        governed: dict[str, str] = {}
        for policy in self.policy:
            for key in policy.governs:
                if key in governed:
                    raise ValueError(
                        f"{key!r} is governed by policies {governed[key]!r} and {policy.id!r}; "
                        "let one of them govern it"
                    )
                governed[key] = policy.id
        return self

    def _check_languages(self) -> None:
        for language in self.languages:
            if language not in SUPPORTED_LANGUAGES:
                raise ValueError(
                    f"languages names {language!r}; the built-in engine writes "
                    + ", ".join(SUPPORTED_LANGUAGES)
                )
            if language not in self.sign_offs:
                raise ValueError(f"sign_offs lacks {language!r}; add one or drop the language")
            for policy in self.policy:
                if language not in policy.remedy:
                    raise ValueError(
                        f"policy {policy.id!r} has no remedy in {language!r}; add "
                        f"remedy.{language} or drop the language"
                    )

    def policy_for(self, key: str, theme: str) -> Policy | None:
        """The policy that governs an issue; one naming the issue wins over one for its theme."""
        for wanted in (key, theme):
            for policy in self.policy:
                if wanted in policy.governs:
                    return policy
        return None

    @property
    def wording(self) -> str:
        """Every sentence and address that the brand approved, for the guard."""
        groups = [*self.sign_offs.values(), *self.approved.values()]
        sentences = [sentence for group in groups for sentence in group]
        names = [self.brand, *self.legal_names, *self.products]
        hours = list(self.contact.hours.values())
        policies = [policy.wording for policy in self.policy]
        return "\n".join([*sentences, *names, *hours, *self.contact.ways, *policies])


def load_facts(path: Path) -> Facts:
    """Read and validate a facts file.

    Raises:
        FixSettings: the file cannot be read, is no TOML, or a field is wrong; the message names
            file, field, what was found and the remedy.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FixSettings(f"{path}: no such facts file; write one or mend the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FixSettings(f"{path}: cannot be read ({error}); save it as UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise FixSettings(f"{path}: is not TOML: {error}; mend that line") from error
    return facts_from(content, name=str(path))


def facts_from(content: dict[str, Any], *, name: str = "facts") -> Facts:
    """Validate facts that are already parsed; `name` stands in error messages.

    Raises:
        FixSettings: a field is wrong.
    """
    try:
        return Facts.model_validate(content)
    except ValidationError as error:
        raise FixSettings(_first_error(error, name)) from error


def _first_error(error: ValidationError, name: str) -> str:
    first = error.errors()[0]
    field = ""
    for part in first["loc"]:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{name}: {field or 'the file'} is missing; add it (docs/REPLIES.md, facts file)"
    if first["type"] == "extra_forbidden":
        return f"{name}: {field} is not a key of a facts file; remove it or mend its spelling"
    if not field:
        return f"{name}: {message}"
    seen = first["input"]
    shown = f"{seen!r} " if isinstance(seen, str | int | float) else ""
    return f"{name}: {field}: {shown}{message}; see docs/REPLIES.md, facts file"
