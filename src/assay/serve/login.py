"""How does a person with a browser show the token?

Whoever comes without one and takes HTML is given this page with the 401; it is one form and nothing else. A right token is answered with a cookie that no script reads,
no other site sends, and that stands for the token without holding it.
"""

from __future__ import annotations

import html
from urllib.parse import parse_qs

from .guard import COOKIE, SESSION_SECONDS, Guard
from .http import HTML, Reply, Request
from .words import WORDS

PATH = "/login"
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;margin:12vh auto;max-width:24rem;padding:0 1rem;color-scheme:light dark}input,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.3rem 0}"  # fmt: skip


def page(lang: str, wrong: bool, status: int = 401) -> Reply:
    """The form."""
    from base64 import b64encode
    from hashlib import sha256

    words = {key: html.escape(WORDS[lang][f"login.{key}"]) for key in ("title", "label", "button", "wrong")}
    told = f'<p role="alert">{words["wrong"]}</p>' if wrong else ""
    body = (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{words['title']}</title><style>{_STYLE}</style><h1>{words['title']}</h1>{told}"
        f'<form method="post" action="{PATH}"><label for="t">{words["label"]}</label>'
        f'<input id="t" name="token" type="password" autocomplete="current-password" required autofocus><button>{words["button"]}</button></form></html>'
    )
    seal = b64encode(sha256(_STYLE.encode()).digest())
    policy = (
        b"default-src 'none'; style-src 'sha256-"
        + seal
        + b"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return Reply.text(
        body, status, HTML, ((b"content-security-policy", policy), (b"www-authenticate", b'Bearer realm="assay"'))
    )


def enter(request: Request, guard: Guard, secure: bool) -> Reply:
    """What comes of a form that was sent: the page with a session, or the form again."""
    try:
        token = parse_qs(request.body.decode("ascii"), max_num_fields=2).get("token", [""])[0]
    except (UnicodeDecodeError, ValueError):
        token = ""
    if not guard.is_token(token.encode()):
        return page(request.lang, wrong=True)
    cookie = f"{COOKIE}={guard.session()}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECONDS}{'; Secure' if secure else ''}"
    return Reply(status=303, headers=((b"location", b"/"), (b"set-cookie", cookie.encode())))
