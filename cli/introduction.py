"""Tell where everything of a stack is, and what to type next."""

import shlex
from collections.abc import Mapping

from cli.console import link
from cli.local.chosen import TOKENS
from cli.local.stack import Stack

#: A hook as the host would send it, about nobody.
SAMPLE = (
    '{"event_name":"user_create","user_id":41,"username":"ada","name":"Ada Sample",'
    '"email":"ada@example.com","created_at":"2026-01-05T08:00:00Z",'
    '"updated_at":"2026-01-05T08:00:00Z"}'
)
#: Makes a token for a program that looks after events.
MINT = "forgewire token mint --service me --role operator"


def introduction(stack: Stack, token: str) -> str:
    """Return where everything is, and commands that send a hook and get a token."""
    at = stack.endpoints
    headers = f'-H "X-Gitlab-Token: {token}" -H "Content-Type: application/json"'
    reactor = f"\n  reactor    {at.reactor}" if at.reactor else ""
    return f"""
  receiver   {at.ingest}/hooks/gitlab
  worker     {at.worker}{reactor}
  API        {at.api}/apidocs
  console    {link(at.api, stack.folder)}
  RabbitMQ   {without_password(at.amqp_url)}
  MongoDB    {without_password(at.mongodb_url)}
  metrics    {at.ingest}/metrics, and so of worker and API
  logs       {stack.folder / "logs"}
  token      {token}

Send it a hook, as the host would:

curl -i {at.ingest}/hooks/gitlab {headers} -d '{SAMPLE}'

The link to the console signs a browser in once, within ten minutes; another one comes
from: forgewire console

Get a token for the API, good for an hour, from another terminal in this folder:

{MINT}
"""


def token_word(environ: Mapping[str, str], token: str) -> str:
    """Return the token as a shell's word; one that the user chose stays unseen."""
    if environ.get(TOKENS, "").strip():
        return f"${{{TOKENS}%%,*}}"
    if file := environ.get(f"{TOKENS}_FILE"):
        return f"$(head -n 1 {shlex.quote(file)} | cut -d , -f 1)"
    return token


def without_password(url: str) -> str:
    """Return a URL without user, password and options, which may be secret as well."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
