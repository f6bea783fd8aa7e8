"""`testigo record`: a program or a person on the worker's side starts, stops, pauses or resumes the recording of a call.

It asks over the appliance's serial port, as the worker's keys do over the telephone; the signed policy decides what of it
is done (docs/formats/control.md, `record`).
"""

from enum import StrEnum

import typer

from testigo_tools import terminal
from testigo_tools.commands.diag import fail
from testigo_tools.serial.port import Port, PortError

console = terminal.console()


class Action(StrEnum):
    start = "start"
    stop = "stop"
    pause = "pause"
    resume = "resume"


HOLDS = {
    Action.start: "the other party hears the notice now; what follows is recorded if the answer allows it",
    Action.stop: "what was recorded is kept, no more of the call is taken",
    Action.pause: "paused: neither sound nor digits are kept until resume, or until the policy ends the pause",
    Action.resume: "the pause is over, recording goes on",
}


def record(
    action: Action = typer.Argument(
        ..., help="start and stop: on a line recorded on demand. pause and resume: on any."
    ),
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    recording: int = typer.Option(0, min=0, help="The recording's number; needed where several calls are up."),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Start, stop, pause or resume the recording of the call that is up. Status 1, and why, where it is not done."""
    try:
        with Port(port, baud) as device:
            number = device.request("record", action.value, recording)
    except PortError as error:
        raise fail(error) from None
    console.print(f"Recording {number}: {HOLDS[action]}.")


def register(app: typer.Typer) -> None:
    app.command()(record)
