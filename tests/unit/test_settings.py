"""Settings: defaults, files, several sources, and what is said when they are wrong."""

import base64
from pathlib import Path

import pytest

from config.settings import EXAMPLES, Bind, SettingsError, Source, load, unknown

KEY = bytes(range(32))
SIGNING_TOKEN = "whsec_" + base64.b64encode(KEY).decode()
SECRET = "hunter2-of-the-tests"


class Recorder(dict):
    """A mapping that writes down which variables were asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


def problems(**variables):
    """Return what load says of these variables, given without their prefix."""
    with pytest.raises(SettingsError) as caught:
        load({f"FORGEWIRE_{name}": value for name, value in variables.items()})
    return caught.value.problems


def problem(**variables):
    (only,) = problems(**variables)
    return only


def sources_of(tmp_path, text, **variables):
    path = tmp_path / "sources.toml"
    path.write_text(text, "utf-8")
    given = {f"FORGEWIRE_{name}": value for name, value in variables.items()}
    return load({"FORGEWIRE_CONFIG": str(path), **given}).sources


def toml_problem(tmp_path, text):
    with pytest.raises(SettingsError) as caught:
        sources_of(tmp_path, text)
    (only,) = caught.value.problems
    return only


def test_nothing_need_be_set():
    settings = load({})

    assert settings.ingest_bind == Bind("127.0.0.1", 8080)
    assert settings.api_bind == Bind("127.0.0.1", 8081)
    assert settings.worker_bind == Bind("127.0.0.1", 8082)
    assert settings.amqp_url == "amqp://guest:guest@127.0.0.1:5672/%2F"
    assert settings.amqp_prefix == "forgewire"
    assert settings.mongodb_url == "mongodb://127.0.0.1:27017/forgewire"
    assert settings.mongodb_database == "forgewire"
    assert settings.sources == {"gitlab": Source("gitlab")}
    assert settings.team == "gitlab"
    assert settings.max_body_bytes == 26_214_400
    assert settings.data_dir == Path("var")
    assert settings.spool_dir == Path("var/spool")
    assert settings.spool_after_seconds == 0.75
    assert settings.spool_max_bytes == 1 << 30
    assert settings.spool_max_age_seconds == 3600.0
    assert settings.spool_drain_rate == 1000.0
    assert settings.confirm_seconds == 5.0
    assert (settings.batch_size, settings.prefetch) == (500, 1000)
    assert (settings.log_level, settings.log_format) == ("INFO", None)


def test_every_variable_that_is_read_has_an_example_and_the_other_way_round():
    environ = Recorder()

    load(environ)

    assert {name for name in environ.asked if not name.endswith("_FILE")} == {*EXAMPLES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_variable_can_come_from_a_file(name):
    environ = Recorder()

    load(environ)

    assert f"{name}_FILE" in environ.asked


def test_a_file_is_read_without_the_line_end_that_editors_add(tmp_path):
    secret = tmp_path / "tokens"
    secret.write_text(" one,two\n", "utf-8")

    settings = load({"FORGEWIRE_GITLAB_TOKENS_FILE": str(secret)})

    assert settings.sources["gitlab"].tokens == (b"one", b"two")


def test_a_variable_and_its_file_at_once_are_refused(tmp_path):
    said = problem(TEAM="here", TEAM_FILE=str(tmp_path / "there"))

    assert said.startswith("FORGEWIRE_TEAM: Set it or FORGEWIRE_TEAM_FILE, not both.")


def test_a_file_that_is_missing_is_one_problem_among_others(tmp_path):
    said = problems(TEAM_FILE=str(tmp_path / "none"), BATCH_SIZE="many")

    assert sorted(one.split(":")[0] for one in said) == [
        "FORGEWIRE_BATCH_SIZE",
        "FORGEWIRE_TEAM",
    ]


def test_an_empty_variable_counts_as_not_set():
    settings = load(dict.fromkeys(EXAMPLES, ""))

    assert settings == load({})


def test_all_problems_are_told_at_once_each_with_an_example():
    variables = {
        "INGEST_BIND": "8080",
        "AMQP_URL": "http://broker",
        "PREFETCH": "0",
        "HOOKS_ENABLED": "perhaps",
        "LOG_LEVEL": "LOUD",
        "LOG_FORMAT": "xml",
    }

    said = problems(**variables)

    assert {one.split(":")[0] for one in said} == {f"FORGEWIRE_{n}" for n in variables}
    assert all("For example: " in one for one in said)


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("0.0.0.0:80", Bind("0.0.0.0", 80)),
        ("localhost:65535", Bind("localhost", 65535)),
        ("[::1]:8080", Bind("::1", 8080)),
    ],
)
def test_a_bind_is_read_and_written_alike(text, bind):
    assert load({"FORGEWIRE_API_BIND": text}).api_bind == bind
    assert str(bind) == text


@pytest.mark.parametrize(
    "text",
    [
        "8080",
        ":8080",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:99999999999999999999999",
        "localhost:\u0663",
        "::1:8080",
        "[localhost]:80",
        "http://localhost:80",
    ],
)
def test_a_bind_that_is_none_is_refused(text):
    assert "Not host:port" in problem(WORKER_BIND=text)


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("mongodb://a:1,b:2/things?replicaSet=rs0", "things"),
        ("mongodb://a", "forgewire"),
        ("mongodb://a/?w=1", "forgewire"),
        ("mongodb+srv://user:pass@cluster/a%2Db", "a-b"),
    ],
)
def test_the_database_is_the_path_of_its_url(url, database):
    settings = load({"FORGEWIRE_MONGODB_URL": url})

    assert settings.mongodb_url == url
    assert settings.mongodb_database == database


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("AMQP_URL", f"http://u:{SECRET}@h"),
        ("AMQP_URL", f"amqp://u:{SECRET}@/"),
        ("AMQP_URL", f"amqp://u:{SECRET}@[h"),
        ("AMQP_URL", f"amqp://u:{SECRET}\u2100@h"),
        ("MONGODB_URL", f"mysql://u:{SECRET}@h/db"),
        ("MONGODB_URL", f"mongodb://u:{SECRET}@h/a/b"),
        ("MONGODB_URL", f"mongodb://u:{SECRET}@h/{'d' * 64}"),
    ],
)
def test_a_wrong_url_is_refused_without_repeating_its_password(name, url):
    assert SECRET not in problem(**{name: url})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BODY_BYTES", "0"),
        ("MAX_BODY_BYTES", "134217729"),
        ("CONFIRM_SECONDS", "0"),
        ("CONFIRM_SECONDS", "nan"),
        ("CONFIRM_SECONDS", "61"),
        ("BATCH_SIZE", "-1"),
        ("PREFETCH", "65536"),
        ("AMQP_PREFIX", "amq.mine"),
        ("AMQP_PREFIX", "two words"),
        ("AMQP_PREFIX", "p" * 65),
        ("TEAM", "t" * 101),
        ("TEAM", "two\nlines"),
    ],
)
def test_values_out_of_range_are_refused(name, value):
    assert problem(**{name: value}).startswith(f"FORGEWIRE_{name}: ")


def test_log_levels_are_read_in_any_case():
    assert load({"FORGEWIRE_LOG_LEVEL": "debug"}).log_level == "DEBUG"


def test_the_spool_stands_in_the_data_folder_unless_told_otherwise():
    assert load({"FORGEWIRE_DATA_DIR": "/d"}).spool_dir == Path("/d/spool")
    assert load({"FORGEWIRE_SPOOL_DIR": "/s"}).spool_dir == Path("/s")


def test_several_tokens_are_live_at_once():
    environ = {
        "FORGEWIRE_GITLAB_TOKENS": "new, old",
        "FORGEWIRE_GITLAB_SIGNING_TOKENS": f"{SIGNING_TOKEN},{SIGNING_TOKEN}",
    }

    source = load(environ).sources["gitlab"]

    assert source.tokens == (b"new", b"old")
    assert source.signing_keys == (KEY, KEY)


@pytest.mark.parametrize("text", ["caf\xe9", "\udcff", "a\tb"])
def test_a_token_that_no_server_would_pass_on_is_refused(text):
    assert "ASCII" in problem(GITLAB_TOKENS=text)


@pytest.mark.parametrize("text", [",", "a,,b", "a,"])
def test_a_blank_token_is_refused(text):
    assert "blank" in problem(GITLAB_TOKENS=text)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"whsec_{SECRET}",
        f"whsec_{SECRET}\u00e9",
        "whsec_" + base64.b64encode(KEY[:23]).decode(),
        f"{SIGNING_TOKEN},",
    ],
)
def test_a_signing_token_that_is_none_is_refused(text):
    said = problem(GITLAB_SIGNING_TOKENS=text)

    assert said.startswith("FORGEWIRE_GITLAB_SIGNING_TOKENS: ")
    assert SECRET not in said


def test_no_secret_shows_in_a_repr():
    environ = {
        "FORGEWIRE_GITLAB_TOKENS": SECRET,
        "FORGEWIRE_GITLAB_SIGNING_TOKENS": SIGNING_TOKEN,
        "FORGEWIRE_AMQP_URL": f"amqp://user:{SECRET}@h/",
        "FORGEWIRE_MONGODB_URL": f"mongodb://user:{SECRET}@h/",
    }

    shown = repr(load(environ))

    assert SECRET not in shown
    assert repr(KEY) not in shown
    assert SIGNING_TOKEN not in shown


def test_without_any_secret_the_receiver_may_not_start():
    settings = load({})

    with pytest.raises(SettingsError, match="FORGEWIRE_GITLAB_TOKENS"):
        settings.require_secrets()


@pytest.mark.parametrize(
    "environ",
    [
        {"FORGEWIRE_GITLAB_TOKENS": "one"},
        {"FORGEWIRE_GITLAB_SIGNING_TOKENS": SIGNING_TOKEN},
    ],
)
def test_one_secret_of_either_kind_is_enough(environ):
    load(environ).require_secrets()


def test_each_source_needs_a_secret_of_its_own(tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text("[sources.eu]\n", "utf-8")
    settings = load(
        {"FORGEWIRE_CONFIG": str(path), "FORGEWIRE_GITLAB_TOKENS": "for gitlab only"}
    )

    with pytest.raises(SettingsError, match=r"\[sources\.eu\]") as caught:
        settings.require_secrets()

    assert len(caught.value.problems) == 1


def test_sources_are_read_from_a_toml_file(tmp_path):
    (tmp_path / "eu-tokens").write_text("b\nc\n", "utf-8")
    (tmp_path / "eu-keys").write_text(SIGNING_TOKEN, "utf-8")
    text = f"""
        [sources.eu]
        tokens = ["a, with a comma"]
        tokens_file = "eu-tokens"
        signing_tokens = ["{SIGNING_TOKEN}"]
        signing_tokens_file = "{tmp_path}/eu-keys"

        [sources.lab-2]
        tokens = ["d"]
        enabled = false
    """

    sources = sources_of(tmp_path, text)

    assert sources == {
        "eu": Source("eu", (b"a, with a comma", b"b", b"c"), (KEY, KEY)),
        "lab-2": Source("lab-2", (b"d",), enabled=False),
    }


def test_the_plain_variables_add_to_the_source_gitlab_of_the_file(tmp_path):
    text = '[sources.gitlab]\ntokens = ["from the file"]\n'

    sources = sources_of(tmp_path, text, GITLAB_TOKENS="from the variable")

    assert sources["gitlab"].tokens == (b"from the variable", b"from the file")


def test_the_source_gitlab_stands_beside_others_if_it_has_a_secret(tmp_path):
    sources = sources_of(tmp_path, '[sources.eu]\ntokens=["a"]', GITLAB_TOKENS="b")

    assert set(sources) == {"eu", "gitlab"}


def test_the_source_gitlab_can_be_left_to_the_file(tmp_path):
    sources = sources_of(tmp_path, '[sources.gitlab]\ntokens=["a"]')

    assert sources == {"gitlab": Source("gitlab", (b"a",))}


def test_hooks_can_be_switched_off_for_all_sources(tmp_path):
    sources = sources_of(
        tmp_path, '[sources.eu]\ntokens=["a"]', GITLAB_TOKENS="b", HOOKS_ENABLED="false"
    )

    assert [source.enabled for source in sources.values()] == [False, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"tokens = {SECRET}", "cannot be read as TOML"),
        ("sources = 1", "sources is not a table"),
        ("[source.eu]", "Unknown: source."),
        ("[sources]\neu = 1", "[sources.eu] A source is a table."),
        ("[sources.EU]", "a-z, 0-9 and hyphens"),
        ("[sources.service]", "service stands for programs"),
        ('[sources."a:b"]', "a-z, 0-9 and hyphens"),
        (f"[sources.{'a' * 64}]", "a-z, 0-9 and hyphens"),
        ("[sources.eu]\ntoken = 1", "[sources.eu] Unknown: token."),
        ("[sources.eu]\nenabled = 'no'", "[sources.eu] enabled is neither"),
        (f"[sources.eu]\ntokens = '{SECRET}'", "tokens is not a list of strings"),
        ("[sources.eu]\ntokens = [1]", "tokens is not a list of strings"),
        ("[sources.eu]\ntokens = [' ']", "blank"),
        ("[sources.eu]\ntokens_file = 1", "A file of tokens cannot be read."),
        ("[sources.eu]\ntokens_file = 'none'", "A file of tokens cannot be read."),
        (f"[sources.eu]\nsigning_tokens = ['{SECRET}']", "whsec_"),
    ],
)
def test_a_wrong_toml_file_is_refused(tmp_path, text, said):
    message = toml_problem(tmp_path, text)

    assert said in message
    assert message.startswith("FORGEWIRE_CONFIG: ")
    assert SECRET not in message


def test_the_problems_of_all_sources_are_told_at_once(tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text("[sources.a]\nx = 1\n[sources.b]\ny = 1\n", "utf-8")

    assert len(problems(CONFIG=str(path))) == 2


def test_unknown_variables_are_listed_since_most_are_slips_of_the_pen():
    environ = {
        "FORGEWIRE_GITLAB_TOKEN": "a",
        "FORGEWIRE_TEAM_FILE": "b",
        "FORGEWIRE_TEAM": "c",
        "PATH": "d",
    }

    assert unknown(environ) == ("FORGEWIRE_GITLAB_TOKEN",)
