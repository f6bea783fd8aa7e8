"""`testigo record`: start, stop, pause or resume the recording of a call from the worker's side.

The request goes over the appliance's serial port and does the same as the worker's keys on the telephone. The signed policy
decides whether it is allowed (docs/formats/control.md, `record`).
"""

from enum import StrEnum

import typer

from testigo_tools import terminal
from testigo_tools.serial.port import Port, PortError

console = terminal.console()


class Action(StrEnum):
    start = "start"
    stop = "stop"
    pause = "pause"
    resume = "resume"


CONFIRMATION = {
    Action.start: "the other party hears the notice now; what follows is recorded if the answer allows it",
    Action.stop: "what was recorded is kept, no more of the call is taken",
    Action.pause: "paused: neither sound nor digits are kept until resume, or until the policy ends the pause",
    Action.resume: "the pause is over, recording goes on",
}


def record(
    action: Action = typer.Argument(
        ..., help="start and stop: only on a line that is recorded on demand. pause and resume: on any line."
    ),
    port: str = typer.Option(..., help="A serial port, or any URL that pyserial opens (socket://host:port)."),
    recording: int = typer.Option(0, min=0, help="The recording's number; needed if there are several calls."),
    baud: int = typer.Option(115200, help="Speed of the port."),
) -> None:
    """Start, stop, pause or resume the recording of a call in progress.

    Exit status: 0 done, 1 refused, with the reason.
    """
    try:
        with Port(port, baud) as device:
            number = device.request("record", action.value, recording)
    except PortError as error:
        raise terminal.fail(error) from None
    console.print(f"Recording {number}: {CONFIRMATION[action]}.")


def register(app: typer.Typer) -> None:
    app.command()(record)
