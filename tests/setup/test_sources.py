"""Package sources as Debian and Ubuntu configure them, and what set-up makes of them. Hosts are examples (RFC 2606)."""

from sources import Source, base, candidates, codename, own, parse_lines, parse_stanzas

DEBIAN_SOURCES = """\
Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://third.example/node
Suites: nodistro
Components: main
"""
UBUNTU_LIST = """\
# deb http://old.example/ubuntu noble main
deb http://mirror.example/ubuntu noble main restricted   # the mirror
deb [arch=amd64,arm64 signed-by=/etc/apt/k.gpg] http://third.example/ubuntu noble stable
deb-src http://mirror.example/ubuntu noble main
deb http://mirror.example/ubuntu noble-updates main
deb http://mirror.example/ubuntu noble universe
deb [trusted=yes] file:/srv/packages ./
"""


def test_stanzas():
    found = parse_stanzas(DEBIAN_SOURCES)
    assert [source.suites for source in found] == [
        ("bookworm", "bookworm-updates"),
        ("bookworm-security",),
        ("nodistro",),
    ]
    assert found[0].uris == "http://mirror.example/debian"
    assert found[0].options == {"Signed-By": "/usr/share/keyrings/debian.gpg"}


def test_a_key_inside_a_stanza_is_kept():
    key = parse_stanzas(DEBIAN_SOURCES)[1].options["Signed-By"]
    assert key == "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc"
    assert parse_stanzas(parse_stanzas(DEBIAN_SOURCES)[1].stanza("amd64"))[0].options["Signed-By"] == key


def test_lines():
    found = parse_lines(UBUNTU_LIST)
    assert [(source.uris, source.suites, source.components) for source in found[:2]] == [
        ("http://mirror.example/ubuntu", ("noble",), "main restricted"),
        ("http://third.example/ubuntu", ("noble",), "stable"),
    ]
    assert found[1].options == {"Architectures": "amd64 arm64", "Signed-By": "/etc/apt/k.gpg"}


def test_own_and_base_sources_of_the_distribution():
    found = parse_stanzas(DEBIAN_SOURCES)
    assert [source.uris for source in own(found, "bookworm")] == [
        "http://mirror.example/debian",
        "http://mirror.example/security",
    ]
    assert [source.uris for source in base(found, "bookworm")] == ["http://mirror.example/debian"]
    assert [source.suites for source in own(parse_lines(UBUNTU_LIST), "noble")] == [
        ("noble",),
        ("noble-updates",),
        ("noble",),
    ]


def test_another_suite_and_architecture_of_the_same_mirror():
    source = base(parse_stanzas(DEBIAN_SOURCES), "bookworm")[0].of_suite("sid")
    assert source.stanza("i386") == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: sid\nComponents: main contrib\n"
        "Signed-By: /usr/share/keyrings/debian.gpg\nArchitectures: i386\n"
    )


def test_a_configured_architecture_is_replaced():
    source = Source("http://mirror.example", ("sid",), "main", {"Architectures": "amd64"})
    assert source.stanza("i386").count("Architectures") == 1


def test_candidates_are_the_own_suite_and_newer_ones():
    assert candidates({"ID": "debian", "VERSION_CODENAME": "bookworm"}) == ["bookworm", "trixie", "forky", "sid"]
    assert candidates({"ID": "debian", "VERSION_CODENAME": "forky"}) == ["forky", "sid"]
    assert candidates({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_CODENAME": "noble"})[0] == "noble"
    assert "sid" not in candidates({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_CODENAME": "noble"})


def test_a_derived_distribution_takes_the_release_below():
    assert codename({"VERSION_CODENAME": "wilma", "UBUNTU_CODENAME": "noble"}) == "noble"
