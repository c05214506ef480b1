"""Walk every route of the API: its document, who may call it, and its errors."""

import re

import pytest
from openapi_spec_validator import validate
from prometheus_client import CollectorRegistry

from api import guard
from api.app import create_app
from config.access import ROLES

#: Methods that every route answers by itself.
OF_FLASK = {"HEAD", "OPTIONS"}
#: Errors that are told by whoever is asked in our place, or are no problems.
NO_PROBLEM = {"/readyz": {"503"}}
#: What pages answer to whom nobody knows; all others lead to the sign-in.
OPEN_PAGES = {"console.static": 404, "console.sign_in": 200, "console.enter": 403}


@pytest.fixture(scope="module")
def app(api):
    """The same application as the one that runs, to look at."""
    return create_app(api.services, (), CollectorRegistry())


@pytest.fixture(scope="module")
def document(api):
    return api.call("GET", "/apidocs.json").json()


@pytest.fixture(scope="module")
def every_route(app):
    """Each endpoint with its rule and each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - OF_FLASK
    ]


@pytest.fixture(scope="module")
def routes(every_route):
    """Those of programs."""
    return [it for it in every_route if not is_page(it[0])]


@pytest.fixture(scope="module")
def pages(every_route):
    """Those of the console."""
    return [it for it in every_route if is_page(it[0])]


def is_page(rule):
    return rule.endpoint == "home" or rule.endpoint.startswith("console.")


def documented(rule):
    """The path of a rule as the document writes it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def filled(rule):
    """A path that the rule matches."""
    return re.sub(r"{[^}]+}", "1", documented(rule))


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_the_document_is_valid_openapi(document):
    validate(document)

    assert document["openapi"].startswith("3.1.")


def test_every_route_is_in_the_document(routes, document):
    listed = {(path, method) for path, method, _ in operations(document)}

    assert listed == {(documented(rule), method.lower()) for rule, method in routes}


def test_every_operation_says_what_it_does(document):
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert operation["tags"], (path, method)


def test_every_error_in_the_document_is_a_problem(document):
    found = document["components"]["responses"]
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            is_error = status == "default" or int(status) >= 400
            if is_error and status not in NO_PROBLEM.get(path, ()):
                name = response.get("$ref", "").rpartition("/")[2]
                content = (found[name] if name else response)["content"]
                assert set(content) == {"application/problem+json"}, (path, status)


def test_the_list_of_public_routes_names_routes_that_exist(app):
    assert app.view_functions.keys() >= guard.PUBLIC


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer e30.e30.e30"}, {"Authorization": "Basic YTpi"}],
    ids=["no token", "bad token", "no bearer"],
)
def test_who_has_no_good_token_gets_nowhere_but_to_public_routes(api, routes, headers):
    for rule, method in routes:
        if rule.endpoint not in guard.PUBLIC:
            answer = api.call(method, filled(rule), headers=headers)

            assert answer.status_code == 401, (method, rule.rule)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_document_says_what_needs_a_token(app, routes, document):
    for rule, method in routes:
        operation = document["paths"][documented(rule)][method.lower()]
        ours = operation.get("security", document["security"])
        needs_ours = ours == [{"token": []}]

        assert needs_ours == (rule.endpoint not in guard.PUBLIC), rule.rule


def test_a_lower_role_than_a_route_needs_is_not_enough(api, app, routes):
    refused = set()
    for rule, method in routes:
        if rule.endpoint in guard.PUBLIC:
            continue
        least = guard.role_for(app.view_functions[rule.endpoint], method)
        for role in ROLES[: ROLES.index(least)]:
            answer = api.call(method, filled(rule), role=role)

            assert answer.status_code == 403, (method, rule.rule, role)
            assert answer.json()["code"] == "forbidden"
            refused.add(role)
    assert refused == {"viewer", "operator"}


def test_the_role_that_a_route_needs_is_enough_to_read(api, app, routes):
    for rule, method in routes:
        if rule.endpoint not in guard.PUBLIC and method == "GET":
            least = guard.role_for(app.view_functions[rule.endpoint], method)
            answer = api.call(method, filled(rule), role=least)

            assert answer.status_code not in {401, 403, 500}, (method, rule.rule)


def test_who_is_not_signed_in_is_led_to_where_one_signs_in(api, pages):
    walked = [it for it in pages if it[0].endpoint not in guard.PUBLIC]
    assert walked
    for rule, method in walked:
        answer = api.call(method, filled(rule))

        assert answer.status_code == 303, (method, rule.rule)
        assert answer.headers["Location"].startswith("/console/sign-in?next=%2F")
        assert answer.content == b""


def test_pages_that_let_people_in_show_nothing_but_that(api, pages):
    public = {rule.endpoint for rule, _ in pages} & guard.PUBLIC

    assert public == {"home", *OPEN_PAGES}
    for rule, method in pages:
        if rule.endpoint in public:
            status = api.call(method, filled(rule)).status_code
            assert status == OPEN_PAGES.get(rule.endpoint, 303), rule.rule


def test_a_lower_role_than_a_page_needs_is_told_so_in_words(api, app, pages):
    refused = set()
    for rule, method in pages:
        if rule.endpoint in guard.PUBLIC:
            continue
        least = guard.role_for(app.view_functions[rule.endpoint], method)
        for role in ROLES[: ROLES.index(least)]:
            answer = api.call(method, filled(rule), role=role)

            assert answer.status_code == 403, (method, rule.rule, role)
            assert answer.headers["Content-Type"].startswith("text/html")
            assert f"This needs the role {least}" in answer.text
            refused.add(role)
    assert refused <= {"viewer", "operator"}


def test_the_role_that_a_page_needs_is_enough_to_look_at_it(api, app, pages):
    for rule, method in pages:
        if rule.endpoint not in guard.PUBLIC and method == "GET":
            least = guard.role_for(app.view_functions[rule.endpoint], method)
            answer = api.call(method, filled(rule), role=least)

            assert answer.status_code not in {401, 403, 500}, (method, rule.rule)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("GET", "/apidocs/passwd", 404, "not-found"),
        ("GET", "/apidocs/files/..%2f..%2fpasswd", 404, "not-found"),
    ],
)
def test_what_there_is_not_is_told_as_a_problem(api, method, path, status, code):
    answer = api.call(method, path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["type"] == f"urn:forgewire:problem:{code}"
