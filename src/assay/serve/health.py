"""Does a server answer on this machine, whether it speaks TLS or not? The health check of the container: `python -m assay.serve.health PORT`.

It asks /health/live, and goes past any proxy that the environment names. A server that asks for a token, a certificate or another name in Host turns it away, and by that says
that it lives: only one that does not answer, or whose answer is that something broke, is told to be ill. The certificate is not looked at, as the server is this very machine.
Exit codes: 0 it lives, 1 it does not.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys

PORT = 8080
SECONDS = 2.0  # for each of both ways
PATH = "/health/live"


def lives(port: int = PORT, host: str = "localhost") -> bool:
    """Whether a server answers there."""
    return _asked(http.client.HTTPConnection(host, port, timeout=SECONDS)) or _asked(
        http.client.HTTPSConnection(host, port, timeout=SECONDS, context=_any_certificate())
    )


def _asked(link: http.client.HTTPConnection) -> bool:
    secured = False
    try:
        link.connect()
        secured = isinstance(link.sock, ssl.SSLSocket)
        link.request("GET", PATH, headers={"connection": "close"})
        return link.getresponse().status < 500
    except (ConnectionError, ssl.SSLError):  # hung up on, of which one is an http.client.RemoteDisconnected
        return secured  # the handshake was held, and then a certificate of ours was asked for that we do not have
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


if __name__ == "__main__":
    found = lives(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
    print(json.dumps({"live": found}))
    sys.exit(not found)
