"""Audio is exact: what is exported is, sample for sample, what sipp or baresip sent from consent on."""

import wave

import pytest

from support.branch import NOTICE_MS, events
from support.rig import AUDIO_PASSPHRASE, FAR, NEAR, wait_for
from support.serial_line import verb
from support.sip.sipp import answering, calling
from support.sip.traffic_capture import Media
from testigo_vault import g711


def check_stretch(media: Media, raw: bytes) -> None:
    """raw is one stretch of what this end said, whole and without anything else."""
    said = media.said_audio()
    assert raw and {len(packet.payload) for packet in said} == {160}
    at = b"".join(packet.payload for packet in said).find(raw)
    assert at >= 0 and at % 160 == 0 and len(raw) % 160 == 0, "not one stretch of what was said"


def check_heard(branch, raws: tuple[bytes, bytes], notice_packets: int) -> None:
    """What the parties heard of each other was recorded, to the packet: no more, no less."""
    for leg, raw in enumerate(raws):
        heard = branch.captures[1 - leg].calls[0].heard_audio()[notice_packets if leg == NEAR else 0 :]
        assert raw == b"".join(packet.payload for packet in heard)


def export(micropython, branch, recording, folder) -> tuple[bytes, bytes]:
    done = verb(
        micropython,
        *("export", f"{branch.device_id}/{recording.number}", folder / "call.wav", "--raw"),
        *("--vault", branch.vault.folder),
    )
    assert done.returncode == 0, done.stderr
    raws = tuple(next(folder.glob(f"call.{leg}.?l")).read_bytes() for leg in ("near", "far"))
    check_wav(folder / "call.wav", raws, events(recording, "media")[0][1])
    return raws


def check_wav(path, raws, encoding) -> None:
    """Stereo; each channel has its leg's samples in one piece, and silence elsewhere."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        frames = file.readframes(file.getnframes())
    for leg, raw in enumerate(raws):
        channel = b"".join(frames[at : at + 2] for at in range(2 * leg, len(frames), 4))
        samples = g711.decode(encoding, raw)
        at = channel.find(samples)
        assert at >= 0 and not any(channel[:at]) and not any(channel[at + len(samples) :])


@pytest.fixture(autouse=True)
def passphrase(monkeypatch):
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", AUDIO_PASSPHRASE)


@pytest.mark.parametrize(("codec", "encoding"), [(0, "PCMU"), (8, "PCMA")])
def test_with_sipp(branch, tmp_path, micropython, codec, encoding):
    branch.policy(rule="opt-in")
    branch.call(calling((codec,)).notice().pause(200).info("1").pause(1500).bye(), answering((codec,)))
    recording = branch.recording()
    assert [media[1] for media in events(recording, "media")] == [encoding, encoding]
    raws = export(micropython, branch, recording, tmp_path)
    for leg in (NEAR, FAR):
        check_stretch(branch.captures[leg].calls[0], raws[leg])
        assert raws[leg][:160] in branch.speech[leg]
    check_heard(branch, raws, NOTICE_MS // 20)
    for leg, received, lost, late, _, _ in events(recording, "quality"):
        assert (received * 160, lost, late) == (len(raws[leg]), 0, 0)


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
def test_with_baresip(branch, tmp_path, micropython, encoding):
    """The caller is a telephone with ideas of its own about SSRC, sequence numbers and time."""
    branch.policy(rule="notify")
    phones = [branch.phone(NEAR, encoding=encoding), branch.phone(FAR, encoding=encoding)]
    phones[FAR].command("dial", f"sip:100@{branch.far.back[0]}:{branch.far.back[1]}")
    wait_for(lambda: branch.near.calls and len(branch.near.calls[0].heard_audio()) > 75, 15, "the talk")
    phones[FAR].command("hangup")
    recording = branch.recording()
    raws = export(micropython, branch, recording, tmp_path)
    for leg in (NEAR, FAR):
        check_stretch(branch.captures[leg].calls[0], raws[leg])
        played, kept = (g711.decode(encoding, data) for data in (branch.speech[leg] * 2, raws[leg]))
        assert kept in played, "what was kept is not what was played"
    check_heard(branch, raws, NOTICE_MS // 20)
