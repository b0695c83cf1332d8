"""Which cells hold personal data?

What has a shape is looked for by its shape, and by its check digit where it has one: e-mail addresses, telephone numbers,
payment cards (Luhn 1960, ISO/IEC 7812), bank accounts (IBAN, ISO 13616), the identity numbers of the United States, Germany,
France, Spain, Italy, the Netherlands, Poland and China (GB 11643-1999), and addresses of machines on the Internet. Names of
persons have no shape: those beside a title, after "my name is", or in a column called so are counted as possible.

A tenth of all numbers pass a check of one digit. Where a column holds many numbers of a shape and no more pass than chance
lets pass, they are order numbers or the like, and are told apart from what is found (`Tally.by_chance`).

Every pattern is bounded: it starts only where a run of its letters starts, and repeats itself at most some dozen times, so
that the time is in proportion to the text, whatever stands in it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

LONGEST = 400_000  # letters read of one text: its two ends
CHUNK = 500_000  # letters looked at together
MANY = 30  # numbers of a shape in a column from which chance can be told from people
EXAMPLES = 3
AROUND, FEWEST_DIGITS = 40, 4  # letters around digits in which numbers are looked for, where there are so many digits
END = "\x00"  # stands between cells; no pattern reads across it
WIDE = {
    code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)
}  # full-width letters and digits, as Chinese forms have them

# ---------------------------------------------------------------------------------------------------- check digits


def luhn(number: str) -> bool:
    """Luhn's check of a payment card.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    digits = [int(c) for c in reversed(_digits(number))]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


def issued(number: str) -> bool:
    """Whether a network of payment cards gives numbers that begin so and are so long."""
    number = _digits(number)
    n, head = len(number), int(number[:4])
    return (
        (number[0] == "4" and n in (13, 16, 19))
        or ((5100 <= head < 5600 or 2221 <= head <= 2720) and n == 16)
        or (number[:2] in ("34", "37") and n == 15)
        or ((number[:2] in ("36", "38") or 3000 <= head < 3060) and n == 14)
        or ((3528 <= head < 3590 or number[:2] in ("62", "65") or head == 6011 or 6440 <= head < 6500) and n >= 16)
        or (head in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and n >= 13)
    )


def mod_97(iban: str) -> bool:
    """The check of an IBAN (ISO 7064 MOD 97-10).

    >>> mod_97("GB82 WEST 1234 5698 7654 32")
    True
    """
    plain = iban.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def german(number: str) -> bool:
    """The check of a Steuer-ID (ISO 7064 MOD 11,10)."""
    digits, product = _digits(number), 10
    for d in digits[:10]:
        product = ((int(d) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def _german_like(number: str) -> bool:
    """Of its first ten digits one stands twice or thrice, no other more than once."""
    head = _digits(number)[:10]
    times = sorted(head.count(d) for d in set(head))
    return head[0] != "0" and times[-1] in (2, 3) and times[:-1] == [1] * (len(times) - 1)


def french(number: str) -> bool:
    """The key of a NIR (INSEE): 97 less the rest; Corsica's 2A counts as 19, 2B as 18."""
    plain = re.sub(r"\W", "", number).upper().replace("2A", "19").replace("2B", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


def spanish(number: str) -> bool:
    """The letter of a DNI or NIE.

    >>> spanish("12345678Z"), spanish("X1234567L")
    (True, True)
    """
    plain = number.replace("-", "").upper()
    head = {"X": "0", "Y": "1", "Z": "2"}.get(plain[0], plain[0]) + plain[1:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(head) % 23] == plain[-1]


ODD = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


def italian(code: str) -> bool:
    """The last letter of a codice fiscale (D.M. 23 dicembre 1976).

    >>> italian("RSSMRA85T10A562S")
    True
    """
    plain = code.upper()
    even = (int(c) if c.isdigit() else ord(c) - 65 for c in plain[1:15:2])
    return (sum(ODD[c] for c in plain[0:15:2]) + sum(even)) % 26 == ord(plain[15]) - 65


def dutch(number: str) -> bool:
    """The elfproef of a BSN."""
    digits = [int(d) for d in _digits(number).rjust(9, "0")]
    return any(digits) and (sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0


def polish(number: str) -> bool:
    """The last digit of a PESEL."""
    total = sum(w * int(d) for w, d in zip((1, 3, 7, 9, 1, 3, 7, 9, 1, 3), number, strict=False))
    return (10 - total % 10) % 10 == int(number[10])


def _polish_like(number: str) -> bool:
    century = {4: 1800, 0: 1900, 1: 2000, 2: 2100, 3: 2200}[int(number[2:4]) // 20]
    return _is_day(century + int(number[:2]), int(number[2:4]) % 20, int(number[4:6]))


def chinese(number: str) -> bool:
    """The last sign of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2).

    >>> chinese("11010519491231002X")
    True
    """
    total = sum(pow(2, 17 - i, 11) * int(d) for i, d in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def _chinese_like(number: str) -> bool:
    return _is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def birthday(number: str) -> bool:
    """Whether 18 digits have a province and a day of birth where a Chinese identity number has them; the last may be lost."""
    return bool(re.match(PROVINCE, number)) and number[6:8] in ("18", "19", "20") and _chinese_like(number)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _machine(text: str) -> bool:
    """An address of a machine, and no number of a version or this machine's own name for itself."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return False
    return address.version == 6 or (max(int(o) for o in text.split(".")) > 31 and not text.startswith("255."))


# --------------------------------------------------------------------------------------------------------- patterns


@dataclass(frozen=True)
class Rule:
    """One way to tell one sort of personal data."""

    sort: str
    shape: re.Pattern[str]  # where it has a group, the group is what was found
    like: Callable[[str], bool] = lambda _: True  # besides the shape: what chance is reckoned among
    holds: Callable[[str], bool] = lambda _: True  # the check digit
    chance: float = 0.0  # share of strings of the shape that hold by chance; 0 where there is no check
    header: str = ""  # only in columns whose name says so, where the whole cell is to have the shape
    needs: str = ""  # a sign without which nothing is to be found
    firm: bool = True  # letters that it holds are no other sort's; else they are what most of the column is
    anywhere: bool = False  # looked for in all of a text, not only around digits


def _shape(pattern: str) -> re.Pattern[str]:
    """A pattern to which only plain digits are digits, and Chinese beside them is a boundary."""
    return re.compile(pattern, re.ASCII)


def _after(words: str, core: str) -> re.Pattern[str]:
    """The core shortly after a word that tells what it is."""
    return _shape(rf"(?:{words})[^\d{END}+(]{{0,12}}({core})")


DATE = r"(?!\d{4}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-]\d{2,4})"
ANY_PHONE = rf"{DATE}[+(]?\d(?:[ ().\/-]{{0,2}}\d){{6,14}}(?!\d)"
PHONE_WORDS = r"(?i:\b(?:tel|phone|telephone|telefon|mobile|cell|fax|whatsapp)\b)|电话|手机|联系方式"
PHONE_HEADER = (
    r"(?i:(?:^|[\W_])(?:tel|phone|telephone|telefon|mobile|cell|fax|handy)(?:[\W_]*(?:no|nr|number|num))?$)|电话|手机"
)
SSN_WORDS, SSN = r"(?i:\bssn\b|social security)", r"(?!000|666|9\d\d)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}(?!\d)"
BSN_WORDS, BSN = (
    r"(?i:\bbsn\b|burgerservicenummer|sofi-?nummer)",
    r"\d{9}(?!\d)|\d{4}[. ]\d{2}[. ]\d{3}(?!\d)|\d{3}[. ]\d{3}[. ]\d{3}(?!\d)",
)
SURNAME = (
    "(?:欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|司徒|令狐|[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖程曹袁邓许傅沈"
    "曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文])"
)
HAN = "[\u4e00-\u9fff]"
HAN_TITLES = ("先生", "女士", "小姐", "太太")
TITLES = "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Herr|Frau|Mme|Mlle|Monsieur|Madame|Señor|Señora|Sr|Sra|Dott|Sig|Signora"
NAME = r"[A-ZÀ-Þ][\w'’-]{1,24}"
NAME_HEADER = (
    r"(?i:^(?:(?:full|first|last|middle|given|family|sur|maiden|customer|client|patient|employee|student|user|contact|owner)"
    r"[ _-]?)?names?$|^(?:nom|pr[ée]nom|nombre|apellidos?|vorname|nachname|cognome)$)|^.{0,4}姓名$"
)
PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
LENGTHS = (  # of an IBAN, by country
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 "
    "GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 "
    "ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 "
    "TR26 UA29 VA22 VG24 XK20"
)
IBAN = "|".join(rf"{entry[:2]}\d\d(?: ?[A-Z0-9]){{{int(entry[2:]) - 4}}}" for entry in re.findall(r"\w+", LENGTHS))
NO_DIGIT, NO_LETTER = r"(?<![\d.])", r"(?<![A-Za-z0-9])"

RULES = (
    Rule(
        "email",
        _shape(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@"
            r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
        ),
        needs="@",
        anywhere=True,
    ),
    Rule("iban", _shape(rf"{NO_LETTER}(?:{IBAN})(?![A-Za-z0-9])"), holds=mod_97, chance=1 / 97),
    Rule(
        "china_id",
        _shape(rf"{NO_LETTER}{PROVINCE}\d{{4}}(?:18|19|20)\d{{9}}[\dXx](?![A-Za-z0-9])"),
        _chinese_like,
        chinese,
        1 / 11,
    ),
    Rule(
        "france_id",
        _shape(
            rf"{NO_DIGIT}(?<!\d )[1-478] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[ABab]) ?\d{{3}} ?\d{{3}} ?\d\d(?!\d)"
        ),
        holds=french,
        chance=1 / 97,
    ),
    Rule(
        "card",
        _shape(rf"{NO_DIGIT}(?<!\d[ -])\d(?:[ -]?\d){{12,18}}(?![ -]?\d)"),
        issued,
        luhn,
        1 / 10,
    ),
    Rule(
        "italy_id",
        _shape(
            rf"{NO_LETTER}[A-Za-z]{{6}}[\dLMNPQRSTUVlmnpqrstuv]{{2}}[ABCDEHLMPRSTabcdehlmprst]"
            r"[\dLMNPQRSTUVlmnpqrstuv]{2}[A-Za-z][\dLMNPQRSTUVlmnpqrstuv]{3}[A-Za-z](?![A-Za-z0-9])"
        ),
        holds=italian,
        chance=1 / 26,
    ),
    Rule(
        "spain_id",
        _shape(rf"{NO_LETTER}(?:\d{{8}}|[XYZ]-?\d{{7}})-?[A-Z](?![A-Za-z0-9])"),
        holds=spanish,
        chance=1 / 23,
    ),
    Rule(
        "germany_id",
        _shape(rf"{NO_LETTER}(?<!\d )[1-9]\d(?: \d{{3}}){{3}}(?![A-Za-z0-9])"),
        _german_like,
        german,
        1 / 10,
    ),
    Rule("netherlands_id", _after(BSN_WORDS, BSN), holds=dutch),
    Rule("netherlands_id", _shape(BSN), holds=dutch, header=BSN_WORDS),
    Rule("us_id", _shape(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")),
    Rule("us_id", _after(SSN_WORDS, SSN)),
    Rule("us_id", _shape(SSN), header=SSN_WORDS),
    Rule("phone", _after(PHONE_WORDS, ANY_PHONE)),
    Rule("phone", _shape(ANY_PHONE), header=PHONE_HEADER),
    Rule(
        "phone",
        _shape(r"(?<![\w+])(?:\+[1-9]\d{0,2}|00[1-9]\d{0,2}[ .(/-])(?:[ .()/-]{0,3}\d){6,13}(?!\.?\d)"),
        lambda text: 8 <= len(_digits(text).removeprefix("00")) <= 15,
    ),
    Rule(  # United States and Canada
        "phone",
        _shape(
            r"(?<![\d.+/-])(?:1[-. ])?(?:\([2-9]\d\d\) ?[2-9]\d\d[-. ]|[2-9]\d\d-[2-9]\d\d-|[2-9]\d\d\.[2-9]\d\d\.)\d{4}(?![\d.-]?\d)"
        ),
    ),
    Rule("phone", _shape(r"(?<![\d.,/-])0[1-9](?:(?: \d\d){4}|(?:\.\d\d){4}|(?:-\d\d){4})(?![ .,-]?\d)")),  # France
    Rule(  # Germany, Italy, the Netherlands, the United Kingdom
        "phone",
        _shape(r"(?<![\w.,/-])\(?0[1-9]\d{0,4}\)?[ /-]{1,3}\d{3,8}(?:[ -]\d{2,8}){0,3}(?![\d/-])"),
        lambda text: 9 <= len(_digits(text)) <= 12,
    ),
    Rule("phone", _shape(rf"{NO_DIGIT}(?:\+?86[- ]?)?1[3-9]\d(?:-\d{{4}}){{2}}(?!\d)")),  # China
    Rule("phone", _shape(rf"{NO_DIGIT}(?:\+?86[- ]?)?1[3-9]\d(?: \d{{4}}){{2}}(?!\d)")),
    Rule(
        "phone",
        _shape(rf"{NO_LETTER}(?<!\.)\d{{11}}(?![A-Za-z0-9]|\.\d)"),
        holds=lambda text: text[0] == "1" and text[1] in "3456789",
        chance=0.08,
        firm=False,
    ),
    Rule("poland_id", _shape(rf"{NO_LETTER}\d{{11}}(?![A-Za-z0-9])"), _polish_like, polish, 1 / 10, firm=False),
    Rule("germany_id", _shape(rf"{NO_LETTER}\d{{11}}(?![A-Za-z0-9])"), _german_like, german, 1 / 10, firm=False),
    Rule("ip", _shape(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)"), _machine, needs="."),
    Rule(
        "ip",
        _shape(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){4,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
        _machine,
        needs=":",
        anywhere=True,
    ),
    Rule(
        "name",
        re.compile(rf"(?<!\w)(?:{TITLES})\.? (?:(?:Dr|Prof)\.? )?{NAME}(?: {NAME}){{0,2}}"),
        anywhere=True,
    ),
    Rule(
        "name",
        re.compile(rf"(?i:\bmy name is|\bname ?:|\bpatient ?:|\bnom ?:|\bnombre ?:) {{0,2}}({NAME}(?: {NAME}){{1,2}})"),
        anywhere=True,
    ),
    *(Rule("name", re.compile(rf"{SURNAME}{HAN}{{0,2}}?{title}"), needs=title, anywhere=True) for title in HAN_TITLES),
    *(
        Rule("name", re.compile(rf"{word}[:： ]{{0,2}}({SURNAME}{HAN}{{1,2}})(?!{HAN})"), needs=word, anywhere=True)
        for word in ("姓名", "我叫")
    ),
    Rule(
        "name",
        re.compile(rf"{NAME}(?:[ ,.]{{1,2}}[A-ZÀ-Þ][\w'’-]{{0,24}}\.?){{0,4}}|{SURNAME}{HAN}{{1,2}}"),
        header=NAME_HEADER,
        anywhere=True,
    ),
)
SORTS = tuple(dict.fromkeys(rule.sort for rule in RULES))
POSSIBLE = ("name",)  # sorts that have no shape of their own


# --------------------------------------------------------------------------------------------------------- counting


@dataclass
class Tally:
    """What one rule found in a column."""

    rule: Rule
    cells: list[int] = field(default_factory=list)  # texts in which it holds, rising, each once
    shaped: int = 0  # strings of the shape
    held: int = 0  # those that hold
    examples: list[str] = field(default_factory=list)  # masked

    @property
    def by_chance(self) -> bool:
        """Whether no more hold than chance lets hold (normal approximation, one-sided at 0.1 %)."""
        p = self.rule.chance
        return (
            bool(p) and self.shaped >= MANY and self.held <= self.shaped * p + 3.1 * (self.shaped * p * (1 - p)) ** 0.5
        )


def look(texts: Sequence[str], header: str = "", go_on: Callable[[], bool] = lambda: True) -> tuple[list[Tally], int]:
    """What each rule found in some texts, and how many of them were looked at before `go_on` said no.

    header : the name of the column, which may tell what its cells are

    >>> found, looked = look(["write to jane@example.org", "nothing here"])
    >>> [(tally.rule.sort, tally.cells, tally.examples) for tally in found], looked
    ([('email', [0], ['j***@e***.org'])], 2)
    """
    tallies = [Tally(rule) for rule in RULES if not rule.header or re.search(rule.header, header.strip())]
    at = 0
    while at < len(texts) and go_on():
        starts: list[int] = []
        parts: list[str] = []
        size, first = 0, at
        while at < len(texts) and (not parts or size + min(len(texts[at]), LONGEST) <= CHUNK):
            text = _read(texts[at])
            starts.append(size)
            parts.append(text)
            size += len(text) + 1
            at += 1
        _count(END.join(parts), starts, first, tallies)
    claimed: set[int] = set()
    for tally in sorted((t for t in tallies if not t.rule.firm), key=lambda t: -t.held):
        tally.cells = [cell for cell in tally.cells if cell not in claimed]  # theirs is what most of the column is
        claimed.update(tally.cells)
    return [tally for tally in tallies if tally.shaped], at


def _read(text: str) -> str:
    text = text.replace(END, " ")
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + END + text[-(LONGEST // 2) :]
    return text if text.isascii() else text.translate(WIDE)


def _count(blob: str, starts: list[int], first: int, tallies: list[Tally]) -> None:
    of = {id(tally.rule): tally for tally in tallies}
    for rule, start, end, holds in _met([tally.rule for tally in tallies], blob):
        tally = of[id(rule)]
        tally.shaped += 1
        if not holds:
            continue
        tally.held += 1
        cell = first + bisect_right(starts, start) - 1
        if not tally.cells or tally.cells[-1] != cell:
            tally.cells.append(cell)
        if len(tally.examples) < EXAMPLES:
            hidden = mask(rule.sort, blob[start:end])
            tally.examples += [hidden] if hidden not in tally.examples else []


def _met(rules: Iterable[Rule], blob: str) -> Iterator[tuple[Rule, int, int, bool]]:
    """Where the shapes of rules stand in letters no earlier rule holds, and whether the check of each holds."""
    taken = bytearray(len(blob))
    near_digits, places, at = _zones(blob)
    for rule in rules:
        text = blob if rule.anywhere else near_digits
        if rule.needs not in text:
            continue
        for match in rule.shape.finditer(text):
            group = 1 if match.re.groups else 0
            start, end = match.span(group)
            if not rule.anywhere:
                shift = places[bisect_right(at, start) - 1]
                start, end = start + shift, end + shift
            whole = (not start or blob[start - 1] == END) and (end == len(blob) or blob[end] == END)
            if (rule.header and not whole) or taken.find(1, start, end) >= 0 or not rule.like(match[group]):
                continue
            holds = rule.holds(match[group])
            if holds and rule.firm:
                taken[start:end] = b"\x01" * (end - start)
            yield rule, start, end, holds


def _zones(blob: str) -> tuple[str, list[int], list[int]]:
    """The surroundings of digits, joined; how far each stands behind its place in the whole; and where each begins.

    Surroundings that would touch are one, so that no number is met twice or in two halves.
    """
    codes = np.frombuffer(blob.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    digits = np.flatnonzero((codes >= ord("0")) & (codes <= ord("9")))
    if len(digits) == 0:
        return "", [], []
    breaks = np.flatnonzero(np.diff(digits) > 2 * AROUND + 1)
    first, last = digits[np.append(0, breaks + 1)], digits[np.append(breaks, len(digits) - 1)]
    enough = np.diff(np.concatenate([[0], breaks + 1, [len(digits)]])) >= FEWEST_DIGITS
    first, last = np.maximum(first[enough] - AROUND, 0), np.minimum(last[enough] + AROUND + 1, len(blob))
    parts = [blob[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    at = np.cumsum(np.append(0, last - first + 1))[: len(parts)]
    return END.join(parts), (first - at).tolist(), at.tolist()


# ---------------------------------------------------------------------------------------------------------- masking


def masked(text: str) -> str:
    """A text in which what looks like personal data is hidden.

    >>> masked("Card 4111 1111 1111 1111, mail a.b@example.org")
    'Card 4*** **** **** 1111, mail a***@e***.org'
    """
    blob = _read(text)
    out, at = [], 0
    for start, end, sort in _spans(blob):
        if start < at:
            continue
        out += [blob[at:start], mask(sort, blob[start:end])]
        at = end
    return "".join([*out, blob[at:]]).replace(END, " … ")


def starred(text: str) -> str:
    """A text of at most LONGEST letters in which what looks like personal data is stars, every letter in its place.

    >>> starred("mail a.b@example.org, please")
    'mail ***************, please'
    """
    blob, letters = _read(text), list(text)
    if len(blob) != len(text):
        return masked(text)
    for start, end, _ in _spans(blob):
        letters[start:end] = ["*" if letter != " " else " " for letter in letters[start:end]]
    return "".join(letters)


def _spans(blob: str) -> list[tuple[int, int, str]]:
    """Where personal data stand, in order, and of which sort."""
    rules = (rule for rule in RULES if not rule.header)
    return sorted((start, end, rule.sort) for rule, start, end, holds in _met(rules, blob) if holds)


def mask(sort: str, found: str) -> str:
    """Enough of it to be recognised by who knows it, too little to be used.

    >>> mask("card", "4111111111111111"), mask("name", "Mrs. Jane Doe"), mask("phone", "+49 170 1234567")
    ('4***********1111', 'Mrs. J*** D***', '+4* *** *****67')
    """
    if sort == "email":
        name, _, host = found.partition("@")
        return f"{name[0]}***@{host[0]}***.{host.rpartition('.')[2]}"
    if sort == "ip":
        mark = "." if "." in found else ":"
        return f"{found.partition(mark)[0]}{mark}***"
    if sort == "name":
        if re.match(HAN, found):
            return found[0] + "**" + next((t for t in HAN_TITLES if found.endswith(t)), "")
        words = [w if re.fullmatch(rf"(?:{TITLES})\.?", w) else w[:1] + "***" for w in found.split()]
        return " ".join(words)
    shown = [i for i, c in enumerate(found) if c.isalnum()]
    kept = {*shown[:1], *shown[-4 if sort == "card" else -2 :]}
    return "".join(c if i in kept or not c.isalnum() else "*" for i, c in enumerate(found))
