"""Registration from both ends: kept alive, refused, taken away."""

from support.device.sip_network import Dice, pair
from testigo_wire.sip import events as sip_event
from testigo_wire.sip import register as sip_register
from testigo_wire.sip.auth import Credentials
from testigo_wire.sip.registrar import Registrar


def ends(password="naranja", algorithms=("MD5",)):
    network, ana, ben = pair()
    ben.agent.registrar = Registrar("r", {"ana": "naranja"}, Dice(5), algorithms)
    return network, ana, ben, Credentials("ana", password, Dice(6))


def start(network, ana, ben, credentials, expires=3600, aor="sip:ana@192.0.2.2"):
    registration = sip_register.register(ana.agent, aor, ben.address, credentials, network.now, expires)
    network.settle()
    return registration


def test_a_registration_is_refreshed():
    for algorithms in (("MD5",), ("SHA-256", "MD5")):
        network, ana, ben, credentials = ends(algorithms=algorithms)
        registration = start(network, ana, ben, credentials)
        event = ana.take(sip_event.REGISTERED)
        assert (event.expires, event.call) == (3600, registration)
        event = ben.take(sip_event.BINDING)
        assert (event.reason, event.expires) == ("ana", 3600)
        registrar = ben.agent.registrar
        assert registrar.lookup("ana", network.now) == ("sip:ana@192.0.2.1:5060", ana.address)
        network.run(20 * 3600 * 1000)
        assert registrar.lookup("ana", network.now)
        registration.unregister(network.now)
        network.settle()
        assert ana.events.pop().kind == sip_event.UNREGISTERED
        assert registrar.lookup("ana", network.now) is None
        assert ana.agent.registrations == []


def test_bindings_expire():
    network, ana, ben, credentials = ends()
    start(network, ana, ben, credentials, 100)
    network.lose = lambda text, sender: True
    registrar = ben.agent.registrar
    network.now += 99000
    assert registrar.lookup("ana", network.now)
    network.now += 1000
    assert registrar.lookup("ana", network.now) is None


def test_a_refused_registration_is_tried_again():
    network, ana, ben, credentials = ends("manzana")
    start(network, ana, ben, credentials)
    event = ana.take(sip_event.UNREGISTERED)
    assert event.status == 401
    credentials.password = "naranja"
    network.run(61000)
    assert ana.take(sip_event.REGISTERED).status == 200


def test_a_registration_without_response_is_reported():
    network, ana, ben, credentials = ends()
    network.lose = lambda text, sender: True
    start(network, ana, ben, credentials)
    network.run(33000)
    assert ana.take(sip_event.UNREGISTERED).status == 408
    network.lose = lambda text, sender: False
    network.run(60000)
    ana.take(sip_event.REGISTERED)


def test_an_interval_too_brief_is_made_longer():
    network, ana, ben, credentials = ends()
    start(network, ana, ben, credentials, 10)
    assert ana.take(sip_event.REGISTERED).expires == 60


def test_a_user_cannot_register_for_another():
    network, ana, ben, credentials = ends()
    start(network, ana, ben, credentials, aor="sip:eva@192.0.2.2")
    assert ana.take(sip_event.UNREGISTERED).status == 403
    assert ben.agent.registrar.bindings == {}
