"""Does a number pass the check of those who issue such numbers?

Payment cards (Luhn 1960, ISO/IEC 7812), bank accounts (IBAN, ISO 13616), and the identity numbers of Germany, France, Spain, Italy,
the Netherlands, Poland and China (GB 11643-1999). A tenth of all numbers pass a check of one digit; the `..._like` say what chance is
reckoned among.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re

PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"


def luhn(number: str) -> bool:
    """Luhn's check of a payment card.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    digits = [int(c) for c in reversed(digits_in(number))]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


def issued(number: str) -> bool:
    """Whether a network of payment cards gives numbers that begin so and are so long."""
    number = digits_in(number)
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
    digits, product = digits_in(number), 10
    for d in digits[:10]:
        product = ((int(d) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def german_like(number: str) -> bool:
    """Of its first ten digits one stands twice or thrice, no other more than once."""
    head = digits_in(number)[:10]
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
    digits = [int(d) for d in digits_in(number).rjust(9, "0")]
    return any(digits) and (sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0


def polish(number: str) -> bool:
    """The last digit of a PESEL."""
    total = sum(w * int(d) for w, d in zip((1, 3, 7, 9, 1, 3, 7, 9, 1, 3), number, strict=False))
    return (10 - total % 10) % 10 == int(number[10])


def polish_like(number: str) -> bool:
    century = {4: 1800, 0: 1900, 1: 2000, 2: 2100, 3: 2200}[int(number[2:4]) // 20]
    return _is_day(century + int(number[:2]), int(number[2:4]) % 20, int(number[4:6]))


def chinese(number: str) -> bool:
    """The last sign of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2).

    >>> chinese("11010519491231002X")
    True
    """
    total = sum(pow(2, 17 - i, 11) * int(d) for i, d in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def chinese_like(number: str) -> bool:
    return _is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def birthday(number: str) -> bool:
    """Whether 18 digits have a province and a day of birth where a Chinese identity number has them; the last may be lost."""
    return bool(re.match(PROVINCE, number)) and number[6:8] in ("18", "19", "20") and chinese_like(number)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def digits_in(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def machine(text: str) -> bool:
    """An address of a machine, and no number of a version or this machine's own name for itself."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return False
    return address.version == 6 or (max(int(o) for o in text.split(".")) > 31 and not text.startswith("255."))
