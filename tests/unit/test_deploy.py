"""What is deployed: image, Compose file, Procfile and example settings fit together."""

import importlib.util
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from dotenv import dotenv_values
from honcho.environ import parse_procfile
from ruamel.yaml import YAML

from config.settings import EXAMPLES, load, unknown

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
#: The services that are processes of ours.
OURS = ("ingest", "worker", "reactor", "api")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


@pytest.fixture(scope="module")
def healthy():
    spec = importlib.util.spec_from_file_location(
        "healthy", ROOT / "deploy" / "healthy.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def listener():
    """A process that answers /healthz with the status of `listener.status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(self.server.status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.status = 200
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_who_loads_handlers_is_told_which_packages_are_on():
    told = {
        name
        for name in OURS
        if "FORGEWIRE_HANDLER_PACKAGES" in SERVICES[name]["environment"]
    }

    assert told == {"worker", "reactor", "api"}


def test_the_compose_file_keeps_to_the_schema_of_compose():
    done = run(
        BIN / "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        ROOT / "docker-compose.yml",
    )

    assert done.returncode == 0, done.stdout


def test_the_dockerfile_passes_its_linter():
    done = run(BIN / "hadolint", ROOT / "Dockerfile")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_watched_restarted_and_stopped_gently(service):
    assert {"healthcheck", "restart", "stop_grace_period"} <= set(SERVICES[service])


@pytest.mark.parametrize("service", SERVICES)
def test_every_image_has_a_version(service):
    _, _, version = SERVICES[service]["image"].partition(":")

    assert re.match(r"v?\d+\.\d+", version)


def test_the_image_has_the_version_of_the_project():
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "(.*)"$', pyproject, re.MULTILINE)[1]

    assert SERVICES["ingest"]["image"] == f"forgewire:{version}"


@pytest.mark.parametrize("service", SERVICES)
def test_no_port_is_open_to_other_machines(service):
    ports = SERVICES[service].get("ports", [])

    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_servers_with_data_are_on_a_network_without_a_way_out():
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert SERVICES["rabbitmq"]["networks"] == ["back"]
    assert SERVICES["mongodb"]["networks"] == ["back"]


@pytest.mark.parametrize("service", ["rabbitmq", "mongodb", "ingest", "api"])
def test_what_must_survive_is_on_a_named_volume(service):
    named = [one for one in SERVICES[service]["volumes"] if not one.startswith(".")]

    assert named
    assert {one.split(":")[0] for one in named} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", OURS)
def test_the_settings_of_each_process_are_known_and_valid(service, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("amqp://forgewire:secret@rabbitmq/", "utf-8")
    environ = {
        name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        for name, value in SERVICES[service]["environment"].items()
    }
    files = {name: str(secret) for name in environ if name.endswith("_FILE")}

    settings = load(environ | files)

    assert unknown(environ) == ()
    assert "@rabbitmq/" in settings.amqp_url


@pytest.mark.parametrize("service", OURS)
def test_secrets_come_by_file_and_only_where_they_are_needed(service):
    mounted = {f"/run/secrets/{name}" for name in SERVICES[service]["secrets"]}
    environment = SERVICES[service]["environment"]
    named = {value for key, value in environment.items() if key.endswith("_FILE")}

    assert named == mounted
    assert not {"FORGEWIRE_GITLAB_TOKENS", "FORGEWIRE_AMQP_URL"} & set(environment)


@pytest.mark.parametrize("service", OURS)
def test_our_processes_can_change_nothing_but_their_data(service):
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]


def test_the_image_knows_only_settings_that_exist():
    named = re.findall(r"FORGEWIRE_\w+", DOCKERFILE)

    assert set(named) <= set(EXAMPLES)


def test_the_image_runs_as_a_user_of_its_own():
    users = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)

    assert users == ["10001:10001"]


def test_nothing_is_installed_into_the_image_without_a_hash():
    lines = DOCKERFILE.replace("\\\n", "")

    installs = re.findall(r"\bpip [^&\n]*install [^&\n]*", lines)

    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


def test_the_image_is_built_from_all_rooms():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {
        "bench",
        "tests",
    }

    assert {f"!{room}" for room in rooms} <= set(ignored)


def test_the_procfile_names_processes_that_exist():
    processes = parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes

    assert set(processes) == {"ingest", "worker", "reactor", "api"}
    for command in processes.values():
        module = command.removeprefix("python -m ")
        assert (ROOT / module / "__main__.py").is_file()


def test_the_example_names_every_setting_with_its_default():
    example = dotenv_values(ROOT / ".env.example")

    assert set(example) == set(EXAMPLES)
    assert load(example) == load({})


def test_a_container_is_healthy_if_its_process_answers(healthy, listener):
    bind = f"0.0.0.0:{listener.server_port}"
    elsewhere = "127.0.0.1:1"

    code = healthy.main(
        {
            "FORGEWIRE_INGEST_BIND": elsewhere,
            "FORGEWIRE_WORKER_BIND": bind,
            "FORGEWIRE_API_BIND": elsewhere,
        }
    )

    assert code == 0


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_container_is_not_healthy_if_its_process_says_so(healthy, listener, status):
    listener.status = status
    bind = f"127.0.0.1:{listener.server_port}"

    names = ("INGEST", "WORKER", "API", "REACTOR")
    code = healthy.main({f"FORGEWIRE_{name}_BIND": bind for name in names})

    assert code == 1


def test_the_secret_files_are_made_once_and_fit_each_other(tmp_path):
    folder = tmp_path / "secrets"

    first = run(ROOT / "scripts" / "secrets", folder)
    made = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    run(ROOT / "scripts" / "secrets", folder)
    kept = {path.name: path.read_text("utf-8") for path in folder.iterdir()}

    wanted = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    password = made["rabbitmq_user.conf"].split()[-1]
    assert set(made) == wanted
    assert kept == made
    assert f"forgewire:{password}@rabbitmq" in made["amqp_url"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not any(secret in first.stdout for secret in made.values())
    load({"FORGEWIRE_GITLAB_TOKENS_FILE": str(folder / "gitlab_tokens")})


def test_secret_files_are_never_committed():
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()

    assert "/secrets/" in ignored
    assert ".env" in ignored


def test_the_api_is_told_where_the_plugin_of_rabbitmq_answers():
    plugins = (ROOT / "deploy" / "rabbitmq-plugins").read_text("utf-8")
    mounted = [it.split(":")[:2] for it in SERVICES["rabbitmq"]["volumes"]]

    assert plugins.strip() == "[rabbitmq_prometheus]."
    assert ["./deploy/rabbitmq-plugins", "/etc/rabbitmq/enabled_plugins"] in mounted
    url = SERVICES["api"]["environment"]["FORGEWIRE_RABBITMQ_METRICS_URL"]
    assert url == "http://rabbitmq:15692"


def test_the_api_sees_the_tallies_of_the_receiver_and_can_change_none():
    # Both have the same user, and the receiver its spool in its data folder.
    assert "ingest:/var/lib/forgewire" in SERVICES["ingest"]["volumes"]
    assert "ingest:/mnt/ingest:ro" in SERVICES["api"]["volumes"]
    environment = SERVICES["api"]["environment"]
    assert environment["FORGEWIRE_SPOOL_DIR"] == "/mnt/ingest/spool"
