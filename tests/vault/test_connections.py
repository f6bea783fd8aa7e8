"""Bounds of connections: one address harms only itself, and the file limit is raised as far as the system allows."""

import os
import subprocess
import sys

import pytest

from testigo_vault.connections import Connections, network_of


@pytest.fixture
def closed():
    return []


def add(connections, closed, address, name):
    return connections.add(address, lambda: closed.append(name))


def test_the_oldest_of_one_address_gives_way(closed):
    connections = Connections(limit=10, per_address=2)
    for name in "abc":
        add(connections, closed, "192.0.2.1", name)
    add(connections, closed, "192.0.2.2", "x")
    assert closed == ["a"] and connections.count == 3 and connections.dropped == 1


def test_the_address_that_has_most_gives_way(closed):
    connections = Connections(limit=5, per_address=4)
    add(connections, closed, "192.0.2.9", "appliance")
    for name in "abcd":
        add(connections, closed, "192.0.2.1", name)
    for name, address in (("e", "192.0.2.2"), ("f", "192.0.2.3")):
        add(connections, closed, address, name)
    assert closed == ["a", "b"] and connections.count == 5


def test_a_place_is_free_again(closed):
    connections = Connections(limit=1, per_address=1)
    entry = add(connections, closed, "192.0.2.1", "a")
    for _ in range(2):
        connections.remove(entry)
    assert connections.count == 0
    add(connections, closed, "192.0.2.1", "b")
    add(connections, closed, "192.0.2.1", "c")
    connections.remove(entry)
    assert closed == ["b"] and connections.count == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_address(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(("soft", "hard", "expected"), [(64, 300, 300), (200, 200, 200), (64, 900, 500)])
def test_the_file_limit_is_raised(soft, hard, expected):
    """In a process of its own, since a limit cannot be put back."""
    program = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from testigo_vault.connections import raise_file_limit\n"
        "print(raise_file_limit(500), resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == [str(expected)] * 2
