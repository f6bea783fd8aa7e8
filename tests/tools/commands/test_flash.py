"""`testigo flash` as a person types it."""

import pytest
from typer.testing import CliRunner

from testigo_tools.cli import assemble
from testigo_tools.firmware.boards import board_names, device_files, load_board

CHIPS = [name for name in board_names() if load_board(name).flash]


def flash(*words):
    return CliRunner().invoke(assemble("flash"), ["flash", *map(str, words)])


@pytest.mark.parametrize("board", CHIPS)
def test_makes_an_image_and_prints_its_offset(board, tmp_path, root):
    image = tmp_path / "files.bin"
    done = flash("--board", board, "--image", image, "--build-dir", root / "build")
    place = load_board(board).flash
    assert done.exit_code == 0, done.output
    assert image.stat().st_size == place.size - place.files_offset
    assert f"write-flash {place.files_offset:#x}" in done.output


@pytest.mark.parametrize("board", CHIPS)
def test_a_board_gets_its_own_hardware_module_only(board, root):
    files = device_files(load_board(board), root / "build")
    hals = {path for path in files if "/hal_" in path}
    assert hals == {f"lib/recorder/{load_board(board).hal}.mpy"}, "hal_common is joined into it"
    assert "main.py" in files and "lib/board.mpy" in files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--board", "nothing", "--image", "x"], "there are: "),
        (["--board", "virtual", "--image", "x"], "testigo virtual"),
        (["--board", "esp32"], "say where to"),
        (["--board", "esp32", "--port", "/dev/no-such-port"], "cannot be opened"),
        (["--board", "esp32", "--port", "x", "--erase-and-flash", "/no/such/image"], "cannot be read"),
    ],
)
def test_errors_give_a_hint(words, said, tmp_path, root):
    done = flash(*words, "--build-dir", root / "build")
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())
