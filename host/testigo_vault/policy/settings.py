"""Reads an appliance's settings.toml into the body of a settings document (docs/formats/documents.md). All errors of the
file are raised at once, each with its line."""

from pathlib import Path
from typing import Annotated

from testigo_vault.toml.reader import TomlFile
from testigo_vault.toml.types import Port, RawText, Text, choice, whole
from testigo_vault.toml.validation import Table, TomlDocument, needed, validate
from testigo_wire.policy import limits

_SIP_PORT = "a port, 1 to 65535"
SipPort = Annotated[int, whole(1, 65535)]


class Network(Table):
    kind: Annotated[str, choice("wifi", "ethernet", "none")] = needed("use wifi, ethernet or none")
    ssid: RawText = needed("the network's name")
    key: RawText = needed("the network's key")

    def needed_settings(self) -> dict[str, str]:
        hints = super().needed_settings()
        return hints if self.kind == "wifi" else {"kind": hints["kind"]}

    def body(self) -> list:
        return [self.kind, self.ssid, self.key] if self.kind == "wifi" else [self.kind]


class Sync(Table):
    """How the appliance reaches this vault."""

    kind: Annotated[str, choice("tcp", "serial")] = needed("use tcp or serial")
    host: Text = needed("where this vault is")
    port: Port = needed("the port of [ingest] in vault.toml", 0)

    def needed_settings(self) -> dict[str, str]:
        hints = super().needed_settings()
        return hints if self.kind == "tcp" else {"kind": hints["kind"]}

    def body(self) -> list:
        return [self.kind, self.host, self.port] if self.kind == "tcp" else [self.kind]


class Leg(Table):
    """One side of the gateway: near is the worker's, far the other party's."""

    mode: Annotated[str, choice("trunk", "register", "registrar")] = needed("use trunk, register or registrar")
    host: Text = ""
    port: Port = 5060
    user: Text = ""
    auth_user: Text = ""
    password: RawText = ""
    line: Text = ""

    def body(self) -> list:
        return [self.mode, self.host, self.port, self.user, self.auth_user, self.password, self.line]


class Sip(Table):
    bind_host: Text = needed('the address that telephones reach, or ""')
    sip_port: SipPort = needed(_SIP_PORT, 0)
    rtp_first_port: SipPort = needed(_SIP_PORT, 0)
    rtp_last_port: SipPort = needed(_SIP_PORT, 0)
    near: Leg = needed("add [sip.near] with mode, host and port", Leg())
    far: Leg = needed("add [sip.far] with mode, host and port", Leg())

    def body(self) -> list:
        ports = [self.sip_port, self.rtp_first_port, self.rtp_last_port]
        return [self.bind_host, *ports, self.near.body(), self.far.body()]


class Settings(TomlDocument):
    max_calls: Annotated[int, whole(1, limits.MOST)] = 1
    network: Network = needed('add [network] with kind = "none", "ethernet" or "wifi"', Network())
    sync: Sync = needed('add [sync] with kind = "tcp" or "serial"', Sync())
    sip: Sip = needed("add [sip] with bind_host, ports, [sip.near] and [sip.far]", Sip())


def settings_body(path: Path) -> list:
    """The body. Raises VaultError where there is no such file, FileProblems with all that is wrong in it."""
    file = TomlFile.read(path, "`testigo init` makes one; give the path of one.")
    settings = validate(Settings, file)
    _check_network(settings.network, file)
    _check_ports(settings.sip, settings.max_calls, file)
    file.raise_problems()
    return [settings.network.body(), settings.sip.body(), settings.sync.body(), settings.max_calls]


def _check_network(network: Network, file: TomlFile) -> None:
    for name in ("ssid", "key"):
        if network.kind in ("ethernet", "none") and name in network.model_fields_set:
            file.add_problem(("network", name), 'is for a wireless network: remove it, or write kind = "wifi"')


def _check_ports(sip: Sip, max_calls: int, file: TomlFile) -> None:
    first, last = sip.rtp_first_port, sip.rtp_last_port
    if first % 2:
        file.add_problem(("sip", "rtp_first_port"), f"is {first}: an even port is wanted")
    if first and 0 < last <= first:
        file.add_problem(("sip", "rtp_last_port"), f"is {last}, not above rtp_first_port")
    elif first and last:
        _, why = limits.check(max_calls, first, last)
        if why:
            file.add_problem(("max_calls",), f"is {max_calls}, but {why}")
