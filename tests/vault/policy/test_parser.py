"""policy.toml: how every setting is read, and that everything wrong in it is reported with its line."""

import datetime
import hashlib
from zoneinfo import ZoneInfo

import pytest

from support.policy_files import FULL, problems, read
from testigo_vault.errors import VaultError
from testigo_vault.policy import parser
from testigo_vault.policy.compiler import policy_body
from testigo_vault.policy.settings import settings_body
from testigo_vault.policy.source import Acknowledgement, Emergency, Keys, Span, Tone, Voice
from testigo_vault.policy.template import SETTINGS_TEMPLATE
from testigo_vault.toml.reader import FileProblems
from testigo_wire.policy import documents, fields, schedule

RECIPIENTS = [[0, bytes(8), bytes(65)], [1, bytes(8), bytes(65)]]


def test_every_setting_is_read(tmp_path):
    source = read(tmp_path, FULL)
    line, never = source.lines
    assert (source.controller.name, source.processing.retention_days) == ("Example", 365)
    assert (source.numbering.country_code, source.numbering.international_prefix) == ("34", "00")
    assert source.emergency == Emergency(numbers=["5555", "+34915620420"], outside_prefix="8", callback_minutes=45)
    assert source.purposes == {"routes": {"en": "plan routes"}} and source.jurisdiction == "ES"
    assert (source.valid_from, source.valid_until) == (datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
    assert (line.accept_key, line.object_key, line.key_timeout_ms, line.repeats) == ("1", "9", 7500, 2)
    assert line.notices == [
        Voice(language="es", notice="aviso"),
        Voice(language="eu", notice="oharra", key="2", called=["+34943"]),
    ]
    assert line.tone == Tone.model_construct(hertz=1400, length_ms=500, interval_ms=12_500, level=25)
    assert line.keys == Keys(start="", stop="", pause="*1", resume="*2")
    assert (line.only, line.except_) == (["+3494300", "112"], ["+34943000001"])
    assert (line.pause_limit_ms, line.max_ms, line.high_level) == (90_000, 7_200_000, True)
    assert line.schedule == [Span([0, 1, 2, 6], 1320, 1440), Span([0, 1, 2, 3], 0, 360), Span([5], 0, 1440)]
    assert line.acknowledgements[1] == Acknowledgement(worker="Jon", date=datetime.date(2026, 1, 10), text="1")
    assert (never.mode, never.direction, never.notices, never.rule) == ("never", "out", [], "")


def test_the_body_of_the_document(tmp_path):
    source = read(tmp_path, FULL)
    body = policy_body(source, RECIPIENTS)
    documents.check("policy", 1, body)
    madrid = ZoneInfo("Europe/Madrid")
    begin = datetime.datetime(2026, 1, 1, tzinfo=madrid).timestamp() * 1000
    end = datetime.datetime(2027, 1, 1, tzinfo=madrid).timestamp() * 1000
    assert body[:2] == [begin, end]  # the last day counts whole, by the clocks of the place
    assert body[5] == hashlib.sha256(FULL.encode()).digest()
    assert body[10:] == [[["5555", "+34915620420"], "8", 45]]
    line = body[9][0]
    assert line[fields.WORKER_REFERENCE] == "2 on file, 2026-01-10 to 2026-01-15, text 1, 2"
    assert "Ane" not in str(body)
    assert line[fields.SCHEDULE] == [[0b1000111, 1320, 1440], [0b1111, 0, 360], [0b100000, 0, 1440]]
    assert line[fields.TONE] == [[1400, 500, 12_500, 25]]
    assert line[fields.VOICES] == [["es", "aviso", "", []], ["eu", "oharra", "2", ["+34943"]]]


def test_a_policy_without_emergency_settings_is_one_that_older_appliances_read(tmp_path):
    table = FULL[FULL.index("[emergency]") : FULL.index("[purposes.routes]")]
    for text in ("", "[emergency]\n", "[emergency]\ncallback_minutes = 30\nnumbers = []\n"):
        body = policy_body(read(tmp_path, FULL.replace(table, text)), RECIPIENTS)
        documents.check("policy", 1, body)
        assert len(body) == 10
    assert (
        len(policy_body(read(tmp_path, FULL.replace(table, "[emergency]\ncallback_minutes = 0\n")), RECIPIENTS)) == 11
    )


def test_pauses_have_a_default_limit(tmp_path):
    assert read(tmp_path, FULL.replace("pause_limit_s = 90\n", "")).lines[0].pause_limit_ms == 120_000


def test_no_offsets_without_a_schedule(tmp_path):
    without = FULL.replace("[[lines.schedule]]", "[[lines.forgotten]]")
    assert "lines[0].forgotten is not known" in str(problems(tmp_path, without))
    source = read(tmp_path, FULL)
    source.lines[0].schedule = []
    assert policy_body(source, RECIPIENTS)[7] == []


@pytest.mark.parametrize(
    "name", ["Europe/Madrid", "Europe/London", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu"]
)
def test_the_appliance_has_local_time_for_ten_years(tmp_path, name):
    """By the code of testigo_wire, at every half hour around each change of the clocks and through the year."""
    source = read(tmp_path, FULL.replace("Europe/Madrid", name).replace("valid_until = 2026-12-31\n", ""))
    offsets = policy_body(source, RECIPIENTS, datetime.date(2026, 1, 1))[7]
    zone = ZoneInfo(name)
    moments = [datetime.datetime(2026, 1, 1, 12, tzinfo=zone).timestamp() + 3600 * 37 * i for i in range(2350)]
    for at_ms, _ in offsets:
        moments += [at_ms / 1000 + 60 * i for i in (-61, -1, 0, 1, 61)]
    first = datetime.datetime(2026, 1, 1, tzinfo=zone).timestamp()
    for moment in moments:
        if moment >= first:
            local = datetime.datetime.fromtimestamp(moment, zone)
            expected = (local.weekday(), local.hour * 60 + local.minute)
            assert schedule.local_minutes(int(moment * 1000), offsets) == expected
    assert len(offsets) == (1 if name.startswith("Asia") else 21)


def test_all_errors_are_reported_at_once_each_with_its_line(tmp_path):
    text = FULL
    for good, bad in (
        ('timezone = "Europe/Madrid"', 'timezone = "Europe/Madird"'),
        ('contact = "privacy', 'kontact = "privacy'),
        ('rule = "opt-in"', 'rule = "ask"'),
        ('notice = "oharra"', 'notice = "Oharra!"'),
        ("date = 2026-01-15", "date = 2026-01-15T10:00:00"),
        ('direction = "out"', 'direction = "out"\nsurprise = 1'),
    ):
        assert good in text
        text = text.replace(good, bad)
    rows = text.splitlines()
    assert problems(tmp_path, text) == [
        (rows.index('timezone = "Europe/Madird"') + 1, "timezone is 'Europe/Madird': did you mean Europe/Madrid?"),
        (rows.index('kontact = "privacy@example.com"') + 1, "controller.kontact is not known: did you mean contact?"),
        (rows.index('rule = "ask"') + 1, "lines[0].rule is 'ask': use notify, opt-out or opt-in"),
        (
            rows.index('notice = "Oharra!"') + 1,
            "lines[0].notices[1].notice is 'Oharra!': use up to 24 small letters, digits and dashes",
        ),
        (
            rows.index("date = 2026-01-15T10:00:00") + 1,
            "lines[0].acknowledgements[0].date is 2026-01-15 10:00:00: write a date as 2026-12-31, without a time",
        ),
        (rows.index("surprise = 1") + 1, "lines[1].surprise is not known: did you mean purposes?"),
    ]


def test_every_problem_names_the_file(tmp_path):
    with pytest.raises(VaultError) as caught:
        read(tmp_path, FULL.replace('rule = "opt-in"', 'rule = "ask"').replace("repeats = 2", "repeats = 99"))
    assert caught.value.message.splitlines() == [
        "policy.toml line 26: lines[0].rule is 'ask': use notify, opt-out or opt-in.",
        "policy.toml line 33: lines[0].repeats is 99: use 0 to 9.",
    ]
    assert str(tmp_path) in caught.value.hint


# Of each: what stands in FULL, what stands instead, where, and what is said.
WRONG = [
    ("valid_until = 2026-12-31", "valid_until = 2025-12-31", "valid_until", "before valid_from"),
    ("valid_from = 2026-01-01", 'valid_from = "soon"', "valid_from", "write a date as"),
    ("retention_days = 365", "retention_days = 0", "retention_days", "use 1 to 36500"),
    ("retention_days = 365", "", "[processing]", "processing.retention_days is missing: how long"),
    ("country_code = 34", "country_code = 34943", "country_code", "a country code is wanted"),
    ("country_code = 34", 'country_code = "0"', "country_code", "a country code is wanted"),
    ('"55 55"', '"1"', "numbers", "emergency.numbers[0] is '1': a number of 2 to 15 digits is wanted"),
    ('"55 55"', '"55x"', "numbers", "emergency.numbers[0] is '55x': a number of 2 to 15 digits is wanted"),
    ("outside_prefix = 8", "outside_prefix = 123456", "outside_prefix", "up to five digits"),
    ("callback_minutes = 45", "callback_minutes = 1441", "callback_minutes", "use 0 to 1440"),
    ("[purposes.routes]", "[purposes.proof]\nen = 'x'\n[purposes.routes]", "[purposes.proof]", "choose another name"),
    ('en = "plan routes"', 'english = "x"', "english", "a language code is wanted"),
    ('name = "Example"', 'name = " "', 'name = " "', "controller.name is empty"),
    ('name = "Example"', 'name = "a\\u0007b"', 'name = "a', "control characters"),
    ('purposes = ["proof", "routes"]', 'purposes = ["proof", "route"]', "purposes = [", "purposes[1] is 'route': use"),
    ('purposes = ["proof", "routes"]', "", "[[lines]]", "lines[0].purposes is missing"),
    ('basis = "consent"', 'basis = "agreement"', "basis", "use consent, contract, "),
    ("accept_key = 1\n", "", "[[lines]]", "accept_key is missing: rule opt-in needs"),
    ("accept_key = 1\n", "accept_key = 12\n", "accept_key", "one telephone key"),
    (
        'accept_key = 1\nobject_key = "9"',
        "accept_key = 9\nobject_key = 9",
        "object_key",
        "is '9', which is the accept_key",
    ),
    (
        'rule = "opt-in"\naccept_key = 1\nobject_key = "9"',
        'rule = "opt-out"',
        "[[lines]]",
        "object_key is missing: rule opt-out",
    ),
    ('key = "2"\n', 'key = "9"\n', 'key = "9"\ncalled', "notices[1].key is '9', which is the object_key"),
    ('called = ["+34943"]', 'called = ["943"]', "called", "notices[1].called[0] is '943': begin with +"),
    ('called = ["+34943"]', 'called = ["112"]', "called", "begin with +"),
    ('called = ["+34943"]', 'called = ["+0034"]', "called", "begin with +"),
    ('called = ["+34943"]', 'called = ["+3494312345678901"]', "called", "longer than 15 digits"),
    ('"112"]', '"1234567"]', "only", "only[1] is '1234567': begin with +"),
    ('except = "+34 943 0000 01"', "except = 34", "except", "a list is wanted"),
    ("[lines.tone]", "[lines.tone]\nhertz = 1410", "hertz", "use a multiple of 20"),
    ("[lines.tone]", "[lines.tone]\nhertz = 20", "hertz", "use 300 to 3400"),
    ("interval_s = 12.5", "interval_s = 0.9", "interval_s", "twice length_ms"),
    ("level_dbm0 = -25", "level_dbm0 = 20", "level_dbm0", "use -60 to 0"),
    ('resume = "*2"', 'resume = "*12"', "resume", "one is part of the other"),
    ('resume = "*2"', "", "[lines.keys]", "keys.resume is missing"),
    ('pause = "*1"', 'pause = "1"', "pause =", "two to six telephone keys"),
    ('pause = "*1"', 'pause = "*e1"', "pause =", "two to six telephone keys"),
    ("pause_limit_s = 90", "pause_limit_s = 0", "pause_limit_s", "use 1 to 3600"),
    ('worker = "acknowledgement"', 'worker = "notice"', "[[lines]]", "worker_notice is missing"),
    ('days = "sat"', 'days = "sat-x"', 'days = "sat-x"', "the days are mon, tue"),
    ('days = "sat"', 'days = "sat"\nfrom = "10:00"\nto = "10:00"', 'to = "10', "the same time as from"),
    ('days = "sat"', 'days = "sat"\nto = "25:00"', 'to = "25', "a time is wanted"),
    ('days = "sat"', 'days = "sat"\nto = "10:60"', 'to = "10', "a time is wanted"),
    ('days = "sat"', "days = []", "days = []", "names no day"),
    (
        'direction = "out"',
        'direction = "both"',
        'name = "main"\ndirection = "both"',
        "lines[1].name is 'main', as of lines[0]",
    ),
    ("high_level = true", 'high_level = "yes"', "high_level", "true or false is wanted"),
    ('notice = "aviso"', 'notice = ["aviso"]', "notice = [", "is a list: a text is wanted"),
]


@pytest.mark.parametrize(("good", "bad", "where", "said"), WRONG)
def test_a_wrong_setting_is_reported_with_its_line(tmp_path, good, bad, where, said):
    assert good in FULL
    text = FULL.replace(good, bad, 1)
    (line, reason), *others = problems(tmp_path, text)
    assert said in reason and others == []
    assert line == text[: text.index(where)].count("\n") + 1


def test_worker_by_tone_or_acknowledgement_needs_its_settings(tmp_path):
    text = FULL.replace("[[lines.acknowledgements]]", "[[lines.acks]]")
    assert any("so add [[lines.acknowledgements]]" in reason for _, reason in problems(tmp_path, text))
    text = FULL.replace('worker = "acknowledgement"', 'worker = "tone"')
    text = text.replace("[lines.tone]\ninterval_s = 12.5\nlevel_dbm0 = -25\n", "")
    assert problems(tmp_path, text) == [(20, "lines[0].tone is missing: worker is tone, so add [lines.tone]")]


def test_on_demand_start_needs_stop(tmp_path):
    text = FULL.replace('mode = "all"', 'mode = "on-demand"').replace("[lines.keys]", '[lines.keys]\nstart = "#1"')
    line = text[: text.index("[lines.keys]")].count("\n") + 1
    assert problems(tmp_path, text) == [(line, "lines[0].keys.stop is missing: on demand, start needs stop")]


def test_a_policy_without_lines_or_tables(tmp_path):
    said = " ".join(reason for _, reason in problems(tmp_path, ""))
    for missing in ("controller", "processing", "lines"):
        assert f"{missing} is missing" in said
    assert "lines is empty" in str(problems(tmp_path, "lines = []\n"))


def test_a_line_without_purposes_is_read(tmp_path):
    """Policies have been signed so: receipts read them from the archive."""
    text = FULL.replace('purposes = ["proof", "routes"]', "purposes = []")
    assert read(tmp_path, text).lines[0].purposes == [] and text != FULL


def test_a_policy_too_long_for_an_appliance(tmp_path):
    many = ", ".join(f'"+34943{i:06}"' for i in range(700))
    text = FULL.replace('"112"]', f'"112", {many}]')
    assert "does not fit into an appliance (document too long)" in problems(tmp_path, text)[0][1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = 1\nb = \n", "policy.toml line 2: Invalid value (column 5)."),
        (b"a = 1\na = 2\n", "policy.toml line 2: Cannot overwrite a value"),
        (b"a = 1\nb = [\n1,\n", "policy.toml line 4: "),
        (b"a = 1\n# \xff\n", "policy.toml line 2: is not written in UTF-8"),
    ],
)
def test_a_file_that_is_not_toml(tmp_path, data, said):
    (tmp_path / "policy.toml").write_bytes(data)
    with pytest.raises(VaultError) as caught:
        parser.load(tmp_path / "policy.toml")
    assert said in str(caught.value)


def test_a_byte_order_mark_and_carriage_returns_are_accepted(tmp_path):
    """With a byte order mark and carriage returns: read, and its digest is that of the file's bytes."""
    data = b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode()
    (tmp_path / "policy.toml").write_bytes(data)
    source = parser.load(tmp_path / "policy.toml")
    assert policy_body(source, RECIPIENTS)[5] == hashlib.sha256(data).digest()
    (tmp_path / "policy.toml").write_bytes(data.replace(b'"opt-in"', b'"ask"'))
    with pytest.raises(FileProblems, match="line 26: "):
        parser.load(tmp_path / "policy.toml")


def test_a_missing_file(tmp_path):
    with pytest.raises(VaultError, match="testigo policy new"):
        parser.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('kind = "none"', 'kind = "lan"', "settings.toml line 5: network.kind is 'lan': use wifi, ethernet or none."),
        ("rtp_first_port = 16384", "rtp_first_port = 16385", "sip.rtp_first_port is 16385: an even port is wanted."),
        ("rtp_last_port = 16484", "rtp_last_port = 1000", "sip.rtp_last_port is 1000, not above rtp_first_port."),
        ("max_calls = 1", "max_call = 1", "settings.toml line 2: max_call is not known: did you mean max_calls?"),
        ("max_calls = 1", "max_calls = 1000", "settings.toml line 2: max_calls is 1000: use 1 to 200."),
        (
            "max_calls = 1",
            "max_calls = 30",
            "max_calls is 30, but the RTP ports are enough for 25: rtp_last_port 16503 is needed.",
        ),
        ("port = 5062", "port = 70000", "sip.near.port is 70000: use 0 to 65535."),
        ('kind = "none"', 'kind = "wifi"\nssid = 5', "network.key is missing: the network's key."),
    ],
)
def test_wrong_settings_of_an_appliance_are_reported_with_their_lines(tmp_path, good, bad, said):
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS_TEMPLATE)
    documents.check("settings", 1, settings_body(path))
    path.write_text(SETTINGS_TEMPLATE.replace(good, bad, 1))
    with pytest.raises(FileProblems) as caught:
        settings_body(path)
    assert said in caught.value.message


def test_errors_contain_no_password(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS_TEMPLATE.replace('host = "127.0.0.1"\nport = 5062', 'password = ["hunter2"]'))
    with pytest.raises(FileProblems) as caught:
        settings_body(path)
    assert "hunter2" not in str(caught.value) and "sip.near.password is no text" in str(caught.value)


def test_an_endless_file_is_refused(testigo):
    assert "larger than 4 MiB" in testigo("policy", "check", "/dev/zero", status=1)


@pytest.mark.parametrize("depth", [200, 5000])
def test_a_file_that_is_nested_too_deep_is_refused(tmp_path, depth):
    path = tmp_path / "policy.toml"
    path.write_text(f"a = {'[' * depth}{']' * depth}")
    with pytest.raises(FileProblems, match=r"policy\.toml line 1"):
        parser.load(path)


@pytest.mark.parametrize("setting", ["mode", "basis", "rule", "objection"])
def test_a_choice_cannot_be_a_placeholder(tmp_path, testigo, setting):
    """All other checks, and what the policy does, depend on it."""
    path = tmp_path / "policy.toml"
    text = FULL.replace(f'{setting} = "', f'{setting} = "FILL IN: ', 1)
    assert text != FULL
    path.write_text(text)
    for verb in (["check"], ["try", "--from", "600111222", "--to", "943000001"]):
        said = " ".join(testigo("policy", *verb, path, status=1).split())
        assert f"lines[0].{setting} is 'FILL IN: " in said and ": use " in said
