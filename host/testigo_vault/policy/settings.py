"""Reads an appliance's settings.toml into the body of a settings document (docs/formats/documents.md). All errors of the
file are told at once, each with its line."""

from pathlib import Path

from testigo_vault.toml.reader import Table, TomlFile, as_it_stands, choice, text, whole

_LARGEST_PORT = 65535


def settings_body(path: Path) -> list:
    """The body. Raises VaultError where there is no such file, FileProblems with all that is wrong in it."""
    file = TomlFile.read(path, "`testigo init` makes one; give the path of one.")
    top = file.top()
    max_calls = top.take("max_calls", whole(1, 1000), 1)
    body = [_network(top), _sip(top), _sync(top), max_calls]
    top.end()
    file.end()
    return body


def _network(top: Table) -> list:
    table = top.table("network", 'add [network] with kind = "none", "ethernet" or "wifi"')
    if table is None:
        return []
    kind = table.take("kind", choice("wifi", "ethernet", "none"), "", "use wifi, ethernet or none")
    network = [kind]
    if kind == "wifi":
        network += [
            table.take("ssid", as_it_stands, "", "the network's name"),
            table.take("key", as_it_stands, "", "the network's key"),
        ]
    table.end()
    return network


def _sync(top: Table) -> list:
    table = top.table("sync", 'add [sync] with kind = "tcp" or "serial"')
    if table is None:
        return []
    kind = table.take("kind", choice("tcp", "serial"), "", "use tcp or serial")
    host = table.take("host", text, "", "where this vault is" if kind == "tcp" else "")
    port = table.take("port", whole(0, _LARGEST_PORT), 0, "the port of [ingest] in vault.toml" if kind == "tcp" else "")
    table.end()
    return ["tcp", host, port] if kind == "tcp" else [kind]


def _sip(top: Table) -> list:
    table = top.table("sip", "add [sip] with bind_host, ports, [sip.near] and [sip.far]")
    if table is None:
        return []
    port = whole(1, _LARGEST_PORT)
    bind_host = table.take("bind_host", text, "", 'the address that telephones reach, or ""')
    names = ("sip_port", "rtp_first_port", "rtp_last_port")
    ports = [table.take(name, port, 0, "a port, 1 to 65535") for name in names]
    legs = [_leg(table, side) for side in ("near", "far")]
    first, last = ports[1:]
    if first % 2:
        table.file.wrong((*table.path, "rtp_first_port"), f"is {first}: an even port is wanted")
    if first and 0 < last <= first:
        table.file.wrong((*table.path, "rtp_last_port"), f"is {last}, not above rtp_first_port")
    table.end()
    return [bind_host, *ports, *legs]


def _leg(sip: Table, side: str) -> list:
    table = sip.table(side, f"add [sip.{side}] with mode, host and port")
    if table is None:
        return []
    leg = [
        table.take("mode", choice("trunk", "register", "registrar"), "", "use trunk, register or registrar"),
        table.take("host", text, ""),
        table.take("port", whole(0, _LARGEST_PORT), 5060),
        table.take("user", text, ""),
        table.take("auth_user", text, ""),
        table.take("password", as_it_stands, ""),
        table.take("line", text, ""),
    ]
    table.end()
    return leg
