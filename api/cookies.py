"""Sign the cookies of browsers with the secrets of the file with our keys."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from api.keyring import Keyring


class RotatingCookies(SecureCookieSessionInterface):
    """Flask's own sessions; a process need not start anew when the secrets change."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return what signs with the first secret and reads what any of them signed."""
        first, *others = self._keyring.ring.cookie_secrets
        # In the settings, because CSRF tokens are signed with what stands there.
        app.config.update(SECRET_KEY=first, SECRET_KEY_FALLBACKS=others)
        return super().get_signing_serializer(app)
