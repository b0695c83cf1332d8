"""Which shapes does personal data have?

E-mail addresses, telephone numbers, payment cards, bank accounts, identity numbers, addresses of machines on the Internet. Names of
persons have no shape: those beside a title, after "my name is", or in a column called so are counted as possible.

Every pattern is bounded: it starts only where a run of its letters starts, and repeats itself at most some dozen times, so
that the time is in proportion to the text, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .check_digits import (
    PROVINCE,
    chinese,
    chinese_like,
    digits_in,
    dutch,
    french,
    german,
    german_like,
    issued,
    italian,
    luhn,
    machine,
    mod_97,
    polish,
    polish_like,
    spanish,
)

END = "\x00"  # stands between cells; no pattern reads across it


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
        chinese_like,
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
        german_like,
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
        lambda text: 8 <= len(digits_in(text).removeprefix("00")) <= 15,
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
        lambda text: 9 <= len(digits_in(text)) <= 12,
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
    Rule("poland_id", _shape(rf"{NO_LETTER}\d{{11}}(?![A-Za-z0-9])"), polish_like, polish, 1 / 10, firm=False),
    Rule("germany_id", _shape(rf"{NO_LETTER}\d{{11}}(?![A-Za-z0-9])"), german_like, german, 1 / 10, firm=False),
    Rule("ip", _shape(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)"), machine, needs="."),
    Rule(
        "ip",
        _shape(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){4,7}[0-9A-Fa-f]{0,4}(?![\w:])"),
        machine,
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
