"""Every parameter of every page at its extremes: an answer with all the headers, never a fault of the server."""

from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.pages import PASSWORD, signed_in
from testigo_vault.web import app
from testigo_vault.web.context import SECURITY_HEADERS

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
EXTREMES = [
    "", "0", "-1", "1e9", "9" * 400, str(1 << 63), str(1 << 53), "0001-01-01", "9999-12-31", "2026-02-30", "2026-1-1",
    "1969-12-31", "275760-09-13", "2026-W01-1", "20260101", "\x00", "\n", "\x1b[2J", "\ud800", "%", "%%", "_", "\\", "'", '"',
    "a" * 201, "a" * 5000, "ñ", "\u202e", "\U0001f600", "{0.__class__}", "../../etc/passwd", "null", "NaN", "٣", "²",
]  # fmt: skip
VALUES = st.one_of(st.sampled_from(EXTREMES), st.text(max_size=80), st.integers().map(str), st.dates().map(str))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def parameters():
    """(path, the names of its parameters) of every page, from the pages themselves."""
    routes = [route for page in app._PAGES for route in page.router.routes if "GET" in route.methods]
    return [(route.path, [one.alias for one in route.dependant.query_params]) for route in routes]


PAGES = parameters()


@pytest.fixture
def auditor(address):
    client = signed_in(address, "auditor")
    client.follow_redirects = False
    return client


def encoded(values):
    return urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in values])


def in_path(value):
    return quote(value.encode("utf-8", "surrogatepass"), safe="") or "x"


def check(answer):
    assert answer.status_code < 500, answer.text
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value, name


def test_the_pages_have_the_parameters_that_are_tried():
    found = dict(PAGES)
    assert found["/"] == ["q", "device", "outcome", "state", "since", "until", "page"]
    assert found["/access"] == ["user", "outcome", "kind", "before"]
    assert found["/language/{code}"] == ["back"]
    assert {"/recordings/{recording_id}", "/recordings/{recording_id}/audio.wav", "/system", "/sign-in"} <= set(found)


def test_values_beyond_their_limits_are_bad_requests(auditor):
    days = ["0001-01-01", "9999-12-31", "1970-01-01", "2999-12-31", "2026-02-30", "20260101", "x"]
    long = "a" * 65
    for query in (
        *(f"/?{name}={day}" for day in days for name in ("since", "until")),
        *("/?page=0", "/?page=-5", "/?page=1000001", "/?page=x", "/?q=" + "a" * 201, "/?q=%00", "/?device=%0a"),
        *(f"/?state={long}", f"/?outcome={long}", f"/?device={long}", f"/access?user={long}", f"/access?kind={long}"),
        *("/access?before=-1", "/access?before=9007199254740992", "/access?before=x", "/access?user=%1b"),
        *("/language/es?back=/" + "a" * 4000, f"/access?outcome={long}"),
    ):
        answer = auditor.get(query)
        assert answer.status_code == 400 and "<h1>This did not work" in answer.text, query
        check(answer)


def test_every_parameter_at_every_extreme(auditor):
    for path, names in PAGES:
        for value in EXTREMES:
            if "{" in path:
                check(auditor.get(path.replace("{recording_id}", in_path(value)).replace("{code}", in_path(value))))
            for name in names:
                check(auditor.get(path.replace("{code}", "es") + "?" + encoded([(name, value)])))


@FUZZ
@given(data=st.data())
def test_any_values_together(auditor, data):
    path, names = data.draw(st.sampled_from(PAGES))
    values = data.draw(st.lists(st.tuples(st.sampled_from([*names, "other"]), VALUES), max_size=5))
    check(auditor.get(path.format(recording_id="0" * 32, code="es") + "?" + encoded(values)))


@FUZZ
@given(
    path=st.sampled_from(["/sign-out", "/lock", "/recordings/{}/open", "/recordings/{}/verify"]),
    values=st.dictionaries(st.sampled_from(["csrf", "back", "passphrase"]), VALUES),
    name=VALUES,
)
def test_any_forms(auditor, path, values, name):
    check(auditor.post(path.format(in_path(name)), content=encoded(values.items()), headers=FORM))


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=" + "9" * 15 + "-"},
        {"Range": "bytes=a-b"},
        {"Accept-Language": ";;;q=9" * 200},
        {"Cookie": "testigo_session=" + "a" * 4000},
        {"Cookie": "testigo_browser=\xff; testigo_language=../.."},
        {"X-Forwarded-For": "x" * 5000},
        {"Origin": "\xff"},
    ],
)
def test_headers(address, headers):
    client = httpx.Client(base_url=address, headers={name: value.encode("latin-1") for name, value in headers.items()})
    check(client.post("/sign-in", data={"name": "agent", "password": PASSWORD}))
    check(client.get("/recordings/" + "0" * 32 + "/audio.wav"))


def test_sign_in_forms(address, monkeypatch):
    monkeypatch.setattr("testigo_vault.identity.users.check_password", lambda *arguments: False)
    for number, value in enumerate(EXTREMES):
        body = encoded([("name", value), ("password", value)])
        answer = httpx.post(f"{address}/sign-in", content=body, headers=FORM | {"X-Forwarded-For": f"192.0.2.{number}"})
        assert answer.status_code in (400, 403), value
        check(answer)
