"""Publish the public halves of our keys, so that others can verify our tokens."""

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.services import Services

#: Who keeps a copy may keep it for so long; a new key is published longer before.
MAX_AGE_SECONDS = 300


class KeySetSchema(Schema):
    """A JWK set: RFC 7517."""

    keys = fields.List(fields.Dict(), required=True)


def blueprint(services: Services) -> Blueprint:
    """Return the route of the key set."""
    routes = Blueprint(
        "published-keys", __name__, description="What our tokens are verified with."
    )

    @routes.get("/oauth/discovery/keys")
    @routes.response(200, KeySetSchema)
    @routes.doc(security=[])
    def published() -> Response:
        """Show the public keys that verify our tokens: a JWK set."""
        ring, now = services.keyring.ring, services.keyring.clock()
        answer = jsonify(ring.published(now))
        answer.cache_control.public = True
        answer.cache_control.max_age = MAX_AGE_SECONDS
        return answer

    return routes
