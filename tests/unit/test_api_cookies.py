"""Cookies outlive a rotation of their secrets, and no more than that."""

import time

import pytest
from flask import Flask, session

from api import keyring
from api.cookies import RotatingCookies
from api.keyring import Keyring


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "keys.json"
    keyring.generate(path, "ES256", time.time())
    return path


@pytest.fixture
def client(path):
    app = Flask("cookies", static_folder=None)
    app.session_interface = RotatingCookies(Keyring(path))

    @app.put("/<name>")
    def keep(name):
        session["name"] = name
        return name

    @app.get("/")
    def kept():
        return session.get("name", "nobody")

    return app.test_client()


def rotate(path, **how):
    keyring.rotate(path, "ES256", time.time(), **how)


def test_a_cookie_is_read_after_a_rotation_by_who_has_run_all_along(client, path):
    client.put("/ada")
    rotate(path)

    assert client.get("/").text == "ada"


def test_a_cookie_that_another_process_signed_with_the_new_secret_is_read(client, path):
    rotate(path)
    other = Flask("cookies")
    other.session_interface = RotatingCookies(Keyring(path))
    with other.test_request_context():
        signed = other.session_interface.get_signing_serializer(other)
        client.set_cookie("session", signed.dumps({"name": "bob"}))

    assert client.get("/").text == "bob"


def test_a_cookie_ends_with_its_secret(client, path):
    client.put("/ada")
    rotate(path, after=0, keeps_old=False)

    assert client.get("/").text == "nobody"


def test_a_cookie_that_somebody_changed_is_none(client):
    client.put("/ada")
    value = client.get_cookie("session").value
    client.set_cookie("session", f"{value[:-1]}{'A' if value[-1] != 'A' else 'B'}")

    assert client.get("/").text == "nobody"
