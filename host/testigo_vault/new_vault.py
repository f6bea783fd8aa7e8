"""Makes a new vault folder: keys and certificates of the organisation, settings, and files for the user to fill in.

testigo_vault.identity.organisation lists what the folder holds.
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from testigo_vault import config
from testigo_vault.errors import VaultError
from testigo_vault.files import write_file
from testigo_vault.identity import certificates, keys
from testigo_vault.identity.organisation import Organisation
from testigo_vault.policy.template import POLICY_TEMPLATE, SETTINGS_TEMPLATE
from testigo_vault.printable import visible

SHORTEST_PASSPHRASE = 10

# What an interrupted run leaves behind. No file in it has been used yet, so that the next run may replace it.
_LEFT_BY_INTERRUPTION = {
    "organisation.part", "devices", "documents", "incoming", "copies", "policy.toml", "settings.toml",
}  # fmt: skip


def create(
    folder: Path, name: str, passphrase: str, audio_passphrase: str, progress: Callable[[str], None] = lambda text: None
) -> Organisation:
    """Make an organisation and an empty vault in `folder`, which is new or empty.

    The keys get their final place in one step at the end, so that an interrupted run can be repeated. Raises VaultError.
    """
    _check_folder(folder)
    _check_passphrases(passphrase, audio_passphrase)
    try:
        _fill(folder, name, passphrase, audio_passphrase, progress)
    except OSError as error:
        raise VaultError(
            f"The vault cannot be made in {folder}: {error.strerror}.", "Correct that, and run it again."
        ) from None
    return Organisation(folder)


def _check_folder(folder: Path) -> None:
    if (folder / config.FILE_NAME).exists():
        raise VaultError(f"{folder} already holds a vault.", "Choose another folder; keys are never overwritten.")
    try:
        others = {path.name for path in folder.iterdir()} - _LEFT_BY_INTERRUPTION if folder.exists() else set()
    except OSError as error:
        raise VaultError(f"{folder} cannot be a vault: {error.strerror}.", "Choose another folder.") from None
    if "organisation" in others:
        raise VaultError(
            f"{folder} holds the keys of an organisation, but no {config.FILE_NAME}.",
            "Restore that file from the backup, or choose another folder; keys are never overwritten.",
        )
    if others:
        raise VaultError(f"{folder} is not empty: it holds {min(others)}.", "Choose a folder for the vault alone.")


def _check_passphrases(passphrase: str, audio_passphrase: str) -> None:
    for what, phrase in (("organisation's", passphrase), ("audio", audio_passphrase)):
        if len(phrase) < SHORTEST_PASSPHRASE:
            raise VaultError(
                f"The {what} passphrase is too short.", f"Use {SHORTEST_PASSPHRASE} characters or more, several words."
            )
    if passphrase == audio_passphrase:
        raise VaultError(
            "Both passphrases are the same.", "Who certifies appliances need not be able to listen: use two."
        )


def _fill(folder: Path, name: str, passphrase: str, audio_passphrase: str, progress: Callable[[str], None]) -> None:
    part = folder / "organisation.part"
    for new_folder in (folder, part, *(folder / sub for sub in ("devices", "documents", "incoming", "copies"))):
        new_folder.mkdir(parents=True, exist_ok=True)
        # The index has telephone numbers and the documents have SIP passwords: other users must not read them.
        new_folder.chmod(0o700)
    _write_keys(part, name, passphrase, audio_passphrase, progress)
    one_line = visible(" ".join(name.split()))
    quoted = json.dumps(one_line, ensure_ascii=False)  # has the escapes of a TOML basic string
    write_file(folder / "policy.toml", POLICY_TEMPLATE.format(controller=quoted).encode())
    write_file(folder / "settings.toml", SETTINGS_TEMPLATE.encode(), 0o600)
    part.rename(folder / "organisation")
    # Last, since this file makes the folder a vault.
    write_file(folder / config.FILE_NAME, config.TEMPLATE.format(name=one_line, quoted=quoted).encode())


def _write_keys(part: Path, name: str, passphrase: str, audio_passphrase: str, progress: Callable[[str], None]) -> None:
    secret = secrets.token_urlsafe(32)
    write_file(part / "service.secret", secret.encode() + b"\n", 0o600)
    phrases = {"ca": passphrase, "audio": audio_passphrase, "operator": secret, "index": secret, "server": secret}
    made: dict[str, ec.EllipticCurvePrivateKey] = {}
    for key_name, phrase in phrases.items():
        progress(f"making the {key_name} key")
        made[key_name] = ec.generate_private_key(ec.SECP256R1())
        keys.save_private_key(part / f"{key_name}.key", made[key_name], phrase)
        write_file(part / f"{key_name}.pub", keys.public_bytes(made[key_name].public_key()))
    ca = certificates.make_ca(name, made["ca"])
    server = certificates.make_server(ca, made["ca"], made["server"].public_key())
    write_file(part / "ca.crt", certificates.pem(ca))
    write_file(part / "server.crt", certificates.pem(server))
