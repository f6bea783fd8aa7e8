"""vault.toml: defaults, absolute places, and that all that is wrong in it is named with its line."""

import pytest

from testigo_vault import config
from testigo_vault.errors import VaultError
from testigo_vault.storage.copies import Place
from testigo_vault.storage.places import PlaceRegister
from testigo_vault.toml.reader import FileProblems

SMALL = 'name = "x"\n[[copies]]\nname = "a"\nurl = "copies/first"\n'


def write(folder, text):
    path = folder / config.FILE_NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def problems(folder, text):
    with pytest.raises(FileProblems) as caught:
        config.load(write(folder, text))
    return [(problem.line, problem.text) for problem in caught.value.problems]


def test_what_a_small_file_leaves_out_has_its_default(tmp_path):
    found = config.load(write(tmp_path, SMALL))
    assert (found.name, found.ingest.host, found.ingest.port) == ("x", "0.0.0.0", 5571)
    assert (found.web.host, found.web.port, found.web.secure_cookie) == ("127.0.0.1", 5580, False)
    assert (found.web.session_minutes, found.audio.unlock_minutes) == (480, 15)
    assert found.index.url == f"sqlite:///{tmp_path.resolve()}/vault.db"
    assert [(copy.name, copy.url, copy.options) for copy in found.copies] == [
        ("a", f"{tmp_path.resolve()}/copies/first", {})
    ]


def test_absolute_places_stay(tmp_path):
    text = SMALL.replace('"copies/first"', '"s3://bucket/x"\noptions = { region = "eu-west-1" }')
    found = config.load(write(tmp_path, text + '[index]\nurl = "sqlite:////var/x.db"\n'))
    assert found.copies[0].url == "s3://bucket/x" and found.copies[0].options == {"region": "eu-west-1"}
    assert found.index.url == "sqlite:////var/x.db"


def test_the_template_is_valid(tmp_path):
    found = config.load(write(tmp_path, config.TEMPLATE.format(name="x", quoted='"x"')))
    assert [copy.name for copy in found.copies] == ["first", "second"]


def test_all_problems_at_once_each_with_its_line(tmp_path):
    text = (
        "[ingest]\nprt = 1\n[web]\nsecure_cookie = 1\nsession_minutes = 0\n"
        '[[copies]]\nname = "a"\n[[copies]]\nname = "a"\nurl = "x"\n'
    )
    assert problems(tmp_path, text) == [
        (1, "name is missing: the name of the organisation"),
        (2, "ingest.prt is not known: did you mean port?"),
        (4, "web.secure_cookie is 1: true or false is wanted"),
        (5, "web.session_minutes is 0: use 1 to 10080"),
        (6, "copies[0].url is missing: a folder, or a URL as s3://bucket/prefix"),
        (9, "copies[1].name is 'a', as of copies[0]: use another"),
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_accepted(tmp_path, mark):
    data = mark + SMALL.replace("\n", "\r\n").encode()
    assert config.load(write(tmp_path, data)).name == "x"
    assert problems(tmp_path, data.replace(b'name = "a"', b'nam = "a"'))[0][0] == 3


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (SMALL.replace('"a"', '"\x01"').encode(), 3, "Illegal character"),
        (SMALL.replace('"a"', '"\\u0001"').encode(), 3, "copies[0].name has control characters: remove them"),
        (SMALL.replace('"a"', '"a"\n# caf\xe9').encode("latin-1"), 4, "is not written in UTF-8: save it so"),
    ],
)
def test_control_characters_and_other_encodings_are_named(tmp_path, data, line, reason):
    (found,) = problems(tmp_path, data)
    assert found[0] == line and reason in found[1]


def test_no_option_of_an_object_store_is_shown(tmp_path):
    text = SMALL + 'options = { secret_access_key = ["hunter2"] }\n'
    (found,) = problems(tmp_path, text)
    assert found == (5, "copies[0].options.secret_access_key is no text: write it in quotes")


def test_options_of_an_object_store_are_passed_on_as_they_are(tmp_path):
    text = SMALL.replace(
        '"copies/first"',
        '"s3://bucket/x"\noptions = { skip_signature = true, client_options = { allow_http = true, timeout = "30s" } }',
    )
    (copy,) = config.load(write(tmp_path, text)).copies
    assert copy.options == {"skip_signature": True, "client_options": {"allow_http": True, "timeout": "30s"}}
    Place(copy, PlaceRegister(tmp_path))  # obstore accepts them


def test_an_empty_host_means_every_address(tmp_path):
    found = config.load(write(tmp_path, SMALL + '[ingest]\nhost = ""\n[web]\nhost = ""\n'))
    assert (found.ingest.host, found.web.host) == ("", "")


def test_proxies_are_addresses_or_networks(tmp_path):
    assert config.load(write(tmp_path, SMALL)).web.proxies == ["127.0.0.1", "::1"]
    found = config.load(write(tmp_path, SMALL + '[web]\nproxies = ["10.0.0.5", "10.1.0.0/16", "2001:db8::/32"]\n'))
    assert found.web.proxies == ["10.0.0.5/32", "10.1.0.0/16", "2001:db8::/32"]
    assert config.load(write(tmp_path, SMALL + "[web]\nproxies = []\n")).web.proxies == []
    for wrong in ('"proxy.example"', '"*"', '"10.1.2.3/16"', "5"):
        ((line, reason),) = problems(tmp_path, SMALL + f"[web]\nproxies = [{wrong}]\n")
        assert line == 6 and reason.startswith("web.proxies[0] is ")


def test_a_placeholder_is_a_wrong_value(tmp_path):
    text = SMALL + '[ingest]\nport = "FILL IN: the port"\n'
    assert problems(tmp_path, text) == [(6, "ingest.port is 'FILL IN: the port': a whole number is wanted")]


def test_a_path_that_cannot_be_read_is_an_error_with_its_reason(tmp_path):
    with pytest.raises(VaultError, match="cannot be read: File name too long") as caught:
        config.load(tmp_path / ("x" * 300))
    assert caught.value.hint == "Give the path of a file that you may read."
    with pytest.raises(VaultError, match="is not a vault"):
        config.load(write(tmp_path, SMALL) / config.FILE_NAME)


def test_a_folder_without_settings_is_no_vault(tmp_path):
    with pytest.raises(VaultError, match=r"is not a vault: it has no vault\.toml") as caught:
        config.load(tmp_path)
    assert "testigo init" in caught.value.hint
