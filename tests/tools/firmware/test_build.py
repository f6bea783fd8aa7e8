"""Which modules a device gets."""

from testigo_tools.firmware.build import sources


def test_a_device_gets_what_the_recorder_imports_and_no_module_of_the_host():
    on_device, everything = set(sources()), set(sources(everything=True))
    recorder = {name for name in everything if name.startswith("recorder/")}
    assert recorder <= on_device < everything
    assert {"testigo_wire/sip/registrar", "testigo_wire/policy/rules"} <= on_device, "imported inside of functions"
    only_on_host = {"link/vault", "console/client", "crypto/sframe_open", "recording/reader", "recording/verifier"}
    assert not on_device & {f"testigo_wire/{name}" for name in only_on_host}
