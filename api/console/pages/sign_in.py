"""Sign in and out of the console: at a provider, or by a link that works once."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Blueprint, Response, request

from api import guard, once
from api.console.console import Console
from api.console.way_in import HOME, SIGN_IN, local
from api.login.desk import Desk
from api.login.providers import configured
from api.problems import Refused
from api.services import Services, public_url
from config.access import Access
from state.standing import SERVICE, UNKNOWN, Standing

_log = structlog.stdlib.get_logger("api.console")

#: Who comes in by a link that was made on this machine.
LOCAL = f"{SERVICE}local"
ROLE = "admin"
#: How its tokens came to be, and who gave it its role.
KIND = "link"


@dataclass(frozen=True, slots=True)
class Way:
    """Where people sign in, as the page shows it."""

    label: str
    url: str


def add(routes: Blueprint, console: Console) -> None:
    """Add the pages by which people come and go."""
    services = console.services
    access = services.settings.access
    desk = Desk(services, configured(access, services.http))
    # What issuers were told of as our address when somebody signs out.
    back = f"{public_url(services.settings)}/"

    @routes.get("/sign-in")
    def sign_in() -> Response:
        return console.render(
            "console/sign_in/page.html",
            providers=_ways(access, desk.names, local(request.args.get("next", HOME))),
            signed_out="signed-out" in request.args,
            end_session_url=console.sessions.left_at(),
        )

    @routes.get("/enter/<code>")
    def enter(code: str) -> Response:
        # What only looks ahead at a link must not use it up.
        if request.method != "GET" or not _may_enter(services, code):
            return console.render("console/sign_in/enter_failed.html", 403)
        fresh = services.tokens.issue(_standing(services), KIND)
        _log.info("signed-in", provider=KIND, subject=LOCAL, jti=fresh.issued.jti)
        answer = Response(status=303, headers={"Location": HOME})
        answer.headers["Referrer-Policy"] = "no-referrer"
        console.sessions.open(answer, fresh, KIND)
        return answer

    @routes.post("/sign-out")
    @guard.needs("viewer")
    def sign_out() -> Response:
        services.issued.revoke(at=services.now(), jti=guard.current().jti)
        # Asked here, where nobody but who was signed in can have an issuer asked.
        url = desk.end_session_url(console.sessions.provider(), back)
        answer = Response(status=303, headers={"Location": f"{SIGN_IN}?signed-out"})
        console.sessions.close(answer, url)
        return answer


def _ways(access: Access, names: list[str], path: str) -> list[Way]:
    clients = {"gitlab": access.gitlab, "oidc": access.oidc}
    found = []
    for name in names:
        client = clients.get(name)
        host = urlsplit(client.url).netloc if client else name
        query = urlencode({"next": path})
        found.append(Way(host, f"/-/oauth/{name}?{query}"))
    return found


def _may_enter(services: Services, code: str) -> bool:
    if not is_loopback(request.remote_addr) or "X-Forwarded-For" in request.headers:
        return False
    return once.use(services.settings.data_dir, code)


def is_loopback(remote: str | None) -> bool:
    """Return whether an address is that of this machine."""
    try:
        return ip_address(remote or "").is_loopback
    except ValueError:
        return False


def _standing(services: Services) -> Standing:
    """Return a standing with a role; raise Refused if somebody took it away."""
    accounts = services.accounts
    if accounts.standing(LOCAL).why_not == UNKNOWN:
        accounts.set_role(LOCAL, ROLE, by=KIND, at=services.now())
    standing = accounts.standing(LOCAL)
    if standing.role is None:
        detail = f"Somebody switched {LOCAL} off: forgewire user show {LOCAL}"
        raise Refused(403, "sign-in-forbidden", "You may not sign in here", detail)
    return standing
