"""`testigo call`: a softphone on the command line, to try a line, a trunk or an appliance."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from testigo_tools.softphone import audio as softphone_audio
from testigo_tools.softphone import keys as softphone_keys
from testigo_tools.softphone.phone import CallFailed, PhoneCall, Softphone, own_host, resolve
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.message import SipError, uri

# What the command ends with
STATUS = {"answered": 0, "busy": 2, "no-answer": 3, "refused": 4}


def register(app: typer.Typer) -> None:
    app.command("call")(call)


def call(
    to: Annotated[str, typer.Argument(help="The address to call, as sip:user@host[:port]; not with --listen.")] = "",
    caller: Annotated[str, typer.Option("--from", help="The SIP URI of this end.")] = "",
    wav: Annotated[Path | None, typer.Option(help="Audio file to play from the answer on.", exists=True)] = None,
    keys: Annotated[str, typer.Option(help="Keys to press, as 1@+4.0,w2,5#: 1 at 4 s, after 2 s more 5 and #.")] = "",
    dtmf: Annotated[str, typer.Option(help="How keys are sent: rtp or info.")] = "rtp",
    record: Annotated[Path | None, typer.Option(help="Record what is received to this WAV file.")] = None,
    duration: Annotated[
        float, typer.Option(help="Hang up this many seconds after the answer; 0: wait for the peer to hang up.")
    ] = 0,
    ring: Annotated[float, typer.Option(help="Give up after this many seconds without an answer.")] = 60,
    listen: Annotated[int, typer.Option(help="Wait for calls on this port instead.")] = 0,
    calls: Annotated[int, typer.Option(help="With --listen: end after this many calls; 0: never.")] = 1,
    answer_after: Annotated[float, typer.Option(help="With --listen: seconds of ringing.")] = 1,
    busy: Annotated[bool, typer.Option("--busy", help="With --listen: refuse with 486.")] = False,
    no_answer: Annotated[bool, typer.Option("--no-answer", help="With --listen: ring only.")] = False,
    registrar: Annotated[str, typer.Option("--register", help="Register there first: sip:user@host[:port].")] = "",
    user: Annotated[str, typer.Option(help="User name for authentication.")] = "",
    password: Annotated[str, typer.Option(envvar="TESTIGO_SIP_PASSWORD", help="Password for authentication.")] = "",
    via: Annotated[str, typer.Option(help="Send through this proxy: sip:host[:port].")] = "",
    bind: Annotated[str, typer.Option(help="Address of this machine to use.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="Report as one line of JSON.")] = False,
) -> None:
    """Call, or wait for calls; play audio, press keys, record, and report how the call went.

    Exit status: 0 answered, 2 busy, 3 no answer, 4 refused, 1 anything else."""
    if bool(to) == bool(listen):
        raise typer.BadParameter("either an address to call, or --listen")
    if dtmf not in ("rtp", "info"):
        raise typer.BadParameter("--dtmf is rtp or info")
    try:
        plan = softphone_keys.parse(keys)
        far = next((resolve(one) for one in (via, registrar, to) if one), None)
    except (ValueError, SipError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    audio = softphone_audio.load(wav) if wav else b""
    name = user or (uri(registrar)[1] if registrar else "")
    credentials = Credentials(name, password, os.urandom) if password else None
    host = bind or (own_host(far) if far else "0.0.0.0")
    if host == "0.0.0.0":
        raise typer.BadParameter("--listen without --register needs --bind")

    def finish(made: PhoneCall) -> None:
        report = made.report()
        if record:
            softphone_audio.save(record, made.media.timeline.samples())
        typer.echo(json.dumps(report) if json_ else describe(report))

    async def talk(made: PhoneCall) -> None:
        pressing = asyncio.create_task(made.follow(plan, dtmf == "info"))
        try:
            if duration:
                try:
                    await made.ended(duration)
                except TimeoutError:
                    made.hang_up()
            await made.ended()
        finally:
            pressing.cancel()
            if made.sip and not made.over:
                made.hang_up()

    async def caller_side(phone: Softphone) -> str:
        made = await phone.call(to, caller, audio, target=resolve(via) if via else None, credentials=credentials)
        try:
            await made.answered(ring)
            await talk(made)
        except TimeoutError:
            made.hang_up()
            await made.ended(35)
        except CallFailed:
            pass
        finish(made)
        return made.outcome()

    async def callee_side(phone: Softphone) -> str:
        count, outcome = 0, "no-answer"
        while not calls or count < calls:
            made = await phone.wait_call()
            count += 1
            if busy:
                made.reject(486)
            else:
                made.ring()
                try:
                    await made.ended(None if no_answer else answer_after)
                except TimeoutError:
                    try:
                        made.answer(audio)
                        await talk(made)
                    except CallFailed as error:
                        typer.echo(f"refused: {error}", err=True)
            await made.ended(35)
            finish(made)
            outcome = made.outcome()
        return outcome

    async def run() -> str:
        async with Softphone(host, listen, uri(registrar or caller or "sip:softphone@localhost")[1]) as phone:
            if registrar:
                await phone.register(registrar, credentials or Credentials(name, password, os.urandom), far)
            try:
                return await (callee_side(phone) if listen else caller_side(phone))
            finally:
                phone.unregister()

    try:
        outcome = asyncio.run(run())
    except (CallFailed, TimeoutError, OSError) as error:
        typer.echo(f"failed: {error or 'no reply'}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(STATUS[outcome])


def describe(report: dict[str, object]) -> str:
    """The report for a person."""
    lines = [f"{report['outcome']} ({report['status']} {report['reason']})".replace(" )", ")")]
    if report["outcome"] == "answered":
        lines.append(f"{report['seconds']} s, {report['codec']}, ended by {report['ended_by']}")
        lines.append(f"sent {report['sent']} packets, received {report['received']}, lost {report['lost']}")
        lines.append(f"jitter {report['jitter_ms']} ms, {report['duplicates']} doubled, {report['sources']} source(s)")
        lines.append(f"jumps: {report['sequence_jumps']} in sequence, {report['timestamp_jumps']} in time")
        if report["keys_heard"]:
            lines.append(f"keys heard: {report['keys_heard']}")
    return "\n".join(lines)
