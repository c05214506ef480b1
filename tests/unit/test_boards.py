"""The boards for Grafana fit together: panels, data source, provisioning, links."""

import itertools
import re

import pytest

from tests.promql import BOARDS, ROOT, board_expressions, boards, panels, yaml

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
ALL = boards()
GRAFANA = yaml(ROOT / "docker-compose.yml")["services"]["grafana"]
every_board = pytest.mark.parametrize("name", ALL)


def area(panel):
    """The cells of the grid that a panel covers."""
    at = panel["gridPos"]
    across = range(at["x"], at["x"] + at["w"])
    down = range(at["y"], at["y"] + at["h"])
    return set(itertools.product(across, down))


def datasources(value):
    """The uids of the data sources that are named anywhere in a board."""
    if isinstance(value, dict):
        if "datasource" in value:
            yield value["datasource"]["uid"]
        for it in value.values():
            yield from datasources(it)
    elif isinstance(value, list):
        for it in value:
            yield from datasources(it)


def test_there_is_a_board_for_the_flow_and_one_for_the_servers():
    assert [it["uid"] for it in ALL.values()] == ["forgewire-flow", "forgewire-servers"]


@every_board
def test_every_panel_says_what_it_shows(name):
    for panel in panels(ALL[name]):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["targets"]
        assert panel["fieldConfig"]["defaults"]["noValue"]


@every_board
def test_panels_have_numbers_of_their_own_and_cover_no_other(name):
    every = ALL[name]["panels"]

    assert len({it["id"] for it in every}) == len(every)
    cells = [cell for it in every for cell in area(it)]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


@every_board
def test_the_first_row_answers_without_scrolling(name):
    top = [it for it in panels(ALL[name]) if it["gridPos"]["y"] == 0]

    assert {it["type"] for it in top} == {"stat"}
    assert sum(it["gridPos"]["w"] for it in top) == 24


@every_board
def test_numbers_come_from_the_data_source_that_is_provisioned(name):
    provisioned = yaml(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]

    assert set(datasources(ALL[name])) == {it["uid"] for it in provisioned}


@every_board
def test_links_lead_to_a_board(name):
    uids = {f"/d/{it['uid']}" for it in ALL.values()}

    assert {it["url"] for it in ALL[name]["links"]} == uids - {f"/d/{ALL[name]['uid']}"}


def test_rates_are_over_what_grafana_knows_to_be_long_enough():
    rated = [it for it in board_expressions().values() if "rate(" in it]

    assert rated
    assert all("[$__rate_interval]" in it for it in rated)


def test_grafana_finds_in_its_container_what_is_provisioned():
    mounts = dict(it.removesuffix(":ro").split(":") for it in GRAFANA["volumes"])
    (provider,) = yaml(PROVISIONING / "dashboards" / "forgewire.yml")["providers"]
    home = GRAFANA["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert mounts["./deploy/grafana/boards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert home.removeprefix(f"{provider['options']['path']}/") in ALL


def test_grafana_scrapes_as_often_as_prometheus():
    (source,) = yaml(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    config = yaml(ROOT / "deploy" / "prometheus" / "prometheus.yml")

    interval = config["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == interval


def test_grafana_has_no_password_that_anybody_knows():
    environment = GRAFANA["environment"]

    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == (
        "/run/secrets/grafana_password"
    )
    assert GRAFANA["secrets"] == ["grafana_password"]
    assert not [it for it in environment if re.search(r"PASSWORD$|ANONYMOUS", it)]


def test_boards_are_kept_as_grafana_exports_them():
    for file in BOARDS.glob("*.json"):
        assert file.read_text("utf-8").endswith("}\n")
