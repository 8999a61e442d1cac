"""Judges one cell of a file or one piece of pasted text: it is a customer id, or has a problem."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from html import unescape
from typing import Final

from bot.domain.customers.columns import IDS, STRONG, WEAK
from bot.domain.customers.parsing import MAX_LENGTH, RESERVED, bare, legible
from bot.domain.customers.tables import MISFIT
from bot.domain.customers.uploads import RowProblem
from bot.domain.ids import CustomerId

LONGEST_WORD: Final = 35
"""Characters of the longest word, date or shortened number that is made of an id's characters alone."""
PLAIN: Final = re.compile(
    rf"(?!0+\Z|(?:19|20)[0-9]{{6}}T)(?=[A-Za-z_]*[0-9])[A-Za-z0-9][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}"
    rf"|[A-Za-z0-9][A-Za-z0-9_-]{{{LONGEST_WORD},{MAX_LENGTH - 1}}}"
    r"|(?!(?i:jan|feb|mar|apr|ma[yij]|jun|jul|aug|sep|o[ck]t|nov|de[cs]))(?=[A-Za-z_-]*[0-9])"
    rf"[A-Za-z][A-Za-z0-9_-]{{1,{MAX_LENGTH - 1}}}"
).fullmatch
"""Matches a value that is an id as it is, with nothing to strip or check: most are."""
PLAIN_CONTACT: Final = re.compile(
    rf"(?=.{{6,{MAX_LENGTH}}}\Z)(?![Ww]{{3}}\.)[A-Za-z0-9][A-Za-z0-9._+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,24}}"
    r"|\+[0-9]{7,15}"
).fullmatch
"""Matches an e-mail address or a telephone number that is an id as it is: long lists have many."""
REPEATED: Final = frozenset(
    letter * times for letter in "abcdefghijklmnopqrstuvwxyzåäæöø" for times in range(2, LONGEST_WORD + 1)
)
"""Letters that fill a cell, such as xxx."""
TIMESTAMP: Final = re.compile("[0-9]{8}T")
"""How a moment without signs begins."""
NOTHING: Final = REPEATED.union(
    (  # noqa: SIM905 - a list would take a line a word
        "null nil none nan nat na nd nv inf infinity undefined notavailable notapplicable notset void empty"
        " blank missing unknown noid nocustomer tbd tba todo true false yes no"
        " anonymous anonym anonymt guest gjest deleted slettet error loading laster"
        " tomt ukjent mangler ingen inget intet ikkeoppgitt ikkeregistrert uregistrert sann usann sant"
        " usant falskt falsk ja nei nej ukendt okänd saknas tuntematon puuttuu tyhjä ei eitiedossa tosi"
        " epätosi kyllä keine leer unbekannt wahr falsch"
    ).split()
)
"""Words for no value, for yes and for no: letters alone, in lower case."""
NOT: Final = NOTHING | {"ikke", "inte", "not", "uten", "utan", "without", "kein", "keine", "ohne"}
"""The first of several words that say that there is no id."""
NAMES: Final = STRONG | WEAK
OTHER_NAMES: Final = frozenset(
    (  # noqa: SIM905
        "name navn namn nimi fornavn etternavn förnamn efternamn firstname lastname fullname email"
        " epost mail epostadresse sähköposti phone telefon telefonnr tlf mobil mobile puhelin address"
        " adresse adress osoite sted poststed postnr postnummer zip zipcode postcode date dato datum"
        " amount beløp belopp comment kommentar merknad nr nummer number"
    ).split()
)
"""Names of other columns, which are no ids either."""
TOTALS: Final = frozenset(
    (  # noqa: SIM905
        "total totals totalt totalsum grandtotal subtotal sum summa summe antall antal count ialt yhteensä"
        " gesamt gesamtsumme gesamtergebnis insgesamt totalgeneral"
        " average avg mean median gjennomsnitt snitt medel medelvärde gennemsnit keskiarvo"
    ).split()
)
WORDS: Final = NOTHING | NAMES | OTHER_NAMES | TOTALS

SEVERAL: Final = re.compile("[,;|^~¦\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]")
"""What separates values in one cell."""
BETWEEN: Final = re.compile(
    r"\s(?:[^\w\s]+|and|or|to|og|och|eller|til|till|ja|und|et|y)\s|\S\s{2,}\S|\.\.+", re.IGNORECASE
)
"""What people write between two ids, or the two ends of a range, and space as between columns."""
PARTS: Final = re.compile(r"[/+&]+")
JOINED: Final = re.compile(r"[/+&#:!]+")
"""Signs that join a number and a word, as carelessly written columns."""
NUMBER_PART: Final = re.compile(r"[^\W\d_]{0,3}[-_.]?\d+").fullmatch
WORD_PART: Final = re.compile(r"(?=.{2})[^\W\d_]+(?:[-.@'’\s]+[^\W\d_]+)*").fullmatch
PREFIX: Final = re.compile("[A-ZÆØÅÄÖ]{2,3}").fullmatch
"""A country or a shop before an id, as in NO/1001."""
OTHER_SIGNS: Final = frozenset({"Po", "Pd", "Sm"})
"""Categories of signs beyond ASCII that no id has: dashes, dots, wide separators, arrows."""
SIGNS: Final = re.compile(r"[\W_]+")
LABEL_END: Final = re.compile(r"([\s:#])")
"""What parts a label from the id behind it."""
LETTER: Final = re.compile(r"[^\W\d_]")
SHORT: Final = re.compile(r"[\W_]*[^\W_]?[\W_]*")
"""A word of one letter, as in K 1001."""
DIGITS: Final = re.compile(r"\d+")

SHORT_NUMBER: Final = re.compile(r"(?<![^,])[-+]?\d{1,3}(?![^,])")
"""A number between commas that may be a part of one, as in 1,234,567 and 4001,0."""

SHORTENED: Final = re.compile(
    r"[+-]?\d{1,20}(?:[.,]\d+)?E[+-]\d{1,4}|[+-]?\d{1,20}[.,]\d+E\d{1,4}", re.IGNORECASE
)
"""A number that a spreadsheet or a program shortened, such as 1.23457E+11."""
ERROR: Final = re.compile(r"#+|#[^\W\d_]*(?:/[^\W_]*)?[!?]?", re.IGNORECASE)
"""An error of a spreadsheet in any language, or a number for which its column was too narrow."""
CURRENCY: Final = r"(?:kr\.?|nok|sek|dkk|isk|eur|usd|gbp|[$€£%])"
NUMBER: Final = re.compile(
    rf"(?![a-z]+\d+\Z){CURRENCY}\s*[-+]?[\d\s.,]+(?:,-)?|(?!\d+[a-z]+\Z)[-+]?[\d\s.,]+(?:,-)?\s*{CURRENCY}"
    r"|[-+−]?\s*\d*(?:[\s.,'’′·٫٬]+\d+)+[-+−]?|\d+(?:[.,]+-*)|[-+−]\s+\d+|[-−]\d{1,20}|\d{1,20}[-−]",  # noqa: RUF001
    re.IGNORECASE,
)
"""A number with a unit, with anything between its digits, or with decimals."""
YEAR: Final = r"(?:\d{4}|\d{2})"
MONTH: Final = r"(?:0?[1-9]|1[0-2])"
DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
MONTH_NAME: Final = (
    r"(?:jan(?:uar[yi]?)?|feb(?:ruar[yi]?)?|mar(?:ch|s)?|apr(?:il)?|ma[yij]|jun[ei]?|jul[yi]?|aug(?:usti?)?"
    r"|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cs](?:ember)?)\.?"
)
CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\s?[ap]m)?"
DATE_OR_TIME: Final = re.compile(
    rf"(?:(?:\d{{4}}([-/.]){MONTH}\1{DAY}|{DAY}([-/.]){MONTH}\2{YEAR}|{MONTH}([-/.]){DAY}\3{YEAR})"
    rf"(?:(?:T|\s+){CLOCK}(?:Z|[-+]\d{{2}}:?\d{{2}})?)?|{CLOCK}"
    rf"|(?:19|20)\d\d{MONTH}{DAY}T\d{{4}}(?:\d\d)?(?:Z|[-+]\d{{4}})?"
    rf"|(?:19|20)\d\d-(?:{MONTH}|W\d\d(?:-\d)?)|{MONTH}-(?:19|20)\d\d"
    rf"|{DAY}[-./\s]+{MONTH_NAME}(?:[-./\s]+{YEAR})?|{MONTH_NAME}[-./\s]+(?:\d{{1,2}}|(?:19|20)\d{{2}}))",
    re.IGNORECASE,
)
UNIT: Final = r"(?:rows?|rader?|rækker|riviä|records?|poster?|entries|customers?|kunder)"
REST: Final = r"[\s\d.,:=()*]{0,12}"
ANY_TOTAL: Final = rf"(?:{'|'.join(sorted(TOTALS))}|grand total|i alt)"
TOTAL: Final = re.compile(
    rf"\W{{0,3}}{ANY_TOTAL}\b(?:{REST}|\s.*)|.*\s{ANY_TOTAL}\W{{0,3}}"
    rf"|\W{{0,3}}[\d\s.,]{{1,12}}\s{UNIT}\b.*|(?:page|side|sida|sivu|seite)\s\d+.*",
    re.IGNORECASE,
)
"""A total or a count, such as "(2 rows affected)"."""
LINK: Final = re.compile(r"<?[a-z][a-z\d+.]*://|<?www\.|<?mailto:.*@|tel:[+\d]{1,20}\Z", re.IGNORECASE)
"""The start of a link, as people paste it and as Slack writes it."""
CODE: Final = re.compile(
    r"[<>{}\[\]()\\*%]|[-=~]{4}|[.!:]\Z"
    r"|(?<=.)=(?!=?\Z)|\A=\s*[-+]?\s*(?:\$?[A-Z]+\$?\d|[A-ZÆØÅÄÖ.]+\()|\w\"?:\s|\s="
    r"|\A(?:--|//|/\*|#!)|\A(?:[^\w\s]+|\d{1,6}[.):])\s|\s[^\w\s]+\Z"
    r"|\A(?:insert|select|update|delete|create|values|from|where)\s|\A(?:begin|end):v|\A(_+).+\1\Z",
    re.IGNORECASE,
)
"""Brackets, wildcards, a formula, a key before its value, a comment, a bullet, a stop, SQL, emphasis."""
QUOTE: Final = re.compile(r"[\"“”„‟«»`]|['‘’‚]\Z")  # noqa: RUF001
MOJIBAKE: Final = re.compile(
    "[Â-ß][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[à-ô][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}"  # noqa: RUF001
)
"""UTF-8 that was read as Windows-1252: two to four letters in place of one."""
LOST: Final = re.compile(
    "[\ufffd?\ud800-\udfff†‡ˆ‰‹›™˜¡¢£¤¥¦§¨©¬®¯°±´¶¸¼½¾¿×÷]|(?<=\\w)[‘‚„…](?=\\w)|(?<=[a-z])[ŒŠŽ]"  # noqa: RUF001
)
"""Signs in place of a letter: lost, bytes that are no letters, or those of a DOS or Mac text."""
UTF_7: Final = re.compile(r"\+A[K-P][\w+/]+-")
"""Nordic letters as UTF-7 writes them."""


def judge(value: str) -> CustomerId | RowProblem:
    """Find the customer id in a cell or a pasted piece, or why there is none; a doubt is a problem.

    >>> judge(' "c-1" '), judge("'00123"), judge("1 234 567")
    ('c-1', '00123', <RowProblem.FORMATTED: 'formatted'>)
    """
    return judge_bare(bare(value))


def judge_bare(text: str) -> CustomerId | RowProblem:
    """Judge a text that `bare` returned."""
    if PLAIN(text) or PLAIN_CONTACT(text):
        return CustomerId(text)
    return next((why for why, applies in CHECKS if applies(text)), CustomerId(text))


def problem_in(value: str) -> RowProblem | None:
    """Return why a value is no id, if it is none."""
    judged = judge(value)
    return judged if isinstance(judged, RowProblem) else None


def is_one_number(text: str) -> bool:
    """Tell whether the commas in a text may belong to a single number.

    >>> is_one_number("1,234,567"), is_one_number("4001,0"), is_one_number("1001,1002")
    (True, True, False)
    """
    is_number = problem_in(text) in {RowProblem.FORMATTED, RowProblem.SHORTENED}
    return is_number and bool(SHORT_NUMBER.search(text))


def _has_lost_letters(text: str) -> bool:
    if text.isascii():
        return "?" in text or ("+" in text and bool(UTF_7.search(text)))
    return bool(LOST.search(text) or MOJIBAKE.search(text))


def _is_nothing(text: str) -> bool:
    letters, words = letters_of(text), text.split()
    if len(words) > 1 and not DIGITS.search(text):
        names = map(letters_of, words)
        return next(names) in NOT or letters in NOTHING or any(name in STRONG for name in names)
    return letters in NOTHING or not letters.strip("0") or text.casefold() == r"\n"


def _is_header(text: str) -> bool:
    """Tell whether it is the name of an id column, or begins with it as in "Kundenr 1001" or "id:1001"."""
    name, sign, *_ = *LABEL_END.split(text, maxsplit=1), ""
    labels = STRONG | IDS if sign == ":" else NAMES
    return letters_of(text) in NAMES | OTHER_NAMES or bool(sign and letters_of(name) in labels)


def _is_formatted(text: str) -> bool:
    foreign = not text.isascii() and any(letter.isnumeric() and letter > "9" for letter in text)
    return foreign or bool(NUMBER.fullmatch(text) or DATE_OR_TIME.fullmatch(text))


def has_entity(text: str) -> bool:
    """Tell whether it has a character as HTML writes it; its last semicolon may have been split off.

    >>> has_entity("k-1&nbsp"), has_entity("k&1")
    (True, False)
    """
    return "&" in text and unescape(f"{text};") != f"{text};"


def _is_several(text: str) -> bool:
    """Tell whether it holds several ids: separated, or alike in their letters and digits."""
    if SEVERAL.search(text) or BETWEEN.search(text) or _has_several_words(text.split()):
        return True
    if not text.isascii() and any(sign > "~" and unicodedata.category(sign) in OTHER_SIGNS for sign in text):
        return True
    parts = PARTS.split(text)
    return (len(parts) > 1 and _are_alike(parts)) or _has_word_beside_number(text)


def _has_word_beside_number(text: str) -> bool:
    """Tell whether a sign joins a number and a word, as in 1001/Ann; customer:1001 and NO/1001 are ids."""
    parts = JOINED.split(text)
    numbers = [at for at, part in enumerate(parts) if NUMBER_PART(part)]
    words = [at for at, part in enumerate(parts) if WORD_PART(part)]
    if not (numbers and words):
        return False
    is_prefix = ":" in text or all(PREFIX(parts[at]) for at in words)
    return not is_prefix or max(words) > min(numbers)


def _has_several_words(words: Sequence[str]) -> bool:
    """Tell whether words are more than one id: a number beside a word, two numbers, two addresses."""
    with_digits = sum(1 for word in words if DIGITS.search(word))
    has_word = any(not DIGITS.search(word) and not SHORT.fullmatch(word) for word in words)
    addresses = sum(1 for word in words if "@" in word)
    return with_digits > 1 or bool(with_digits and has_word) or addresses > 1


def _are_alike(parts: Sequence[str]) -> bool:
    return all(map(DIGITS.search, parts)) and len(set(map(_shape, parts))) == 1


def _shape(part: str) -> str:
    return DIGITS.sub("0", LETTER.sub("a", part))


def letters_of(text: str) -> str:
    """Reduce a text to its lower-case letters and digits, but a long one only if it has none."""
    letters = SIGNS.sub("", text.casefold())
    return letters if len(text) <= LONGEST_WORD or not letters else text


CHECKS: Final[Sequence[tuple[RowProblem, Callable[[str], object]]]] = (
    (RowProblem.EMPTY, lambda text: not text),
    (RowProblem.MISFIT, lambda text: MISFIT in text),
    (RowProblem.TOO_LONG, lambda text: len(text) > MAX_LENGTH),
    (RowProblem.RESERVED, lambda text: unicodedata.normalize("NFKC", text) in RESERVED),
    (RowProblem.LINK, lambda text: (":" in text or "www." in text.casefold()) and LINK.match(text)),
    (RowProblem.ERROR, ERROR.fullmatch),
    (RowProblem.ENCODING, _has_lost_letters),
    (RowProblem.NOTHING, _is_nothing),
    (RowProblem.HEADER, _is_header),
    (RowProblem.TOTAL, TOTAL.fullmatch),
    (RowProblem.SHORTENED, SHORTENED.fullmatch),
    (RowProblem.FORMATTED, _is_formatted),
    (RowProblem.CODE, lambda text: CODE.search(text) or has_entity(text)),
    (RowProblem.QUOTE, QUOTE.search),
    (RowProblem.SEVERAL, _is_several),
    (RowProblem.HIDDEN, lambda text: not legible(text)),
)
"""What is checked, in this order; each check relies on those before."""
