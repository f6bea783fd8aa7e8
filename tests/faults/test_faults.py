"""The short form of the fault bench: some faults of every kind, on the real firmware and vault; and its page is current."""

import datetime
import re

import pytest

from faults import bench as faults_bench
from faults.table import HEAD, TAIL, as_markdown
from support.guide.reliability_page import PAGE, parts

# Faults that were found to be not survived once, and some of each kind.
NAMES = (
    "storage/enospc/littlefs/call/40", "storage/eio/littlefs/objection/7", "storage/cut/littlefs/call/200",
    "storage/tear/littlefs/objection/150", "storage/broken/littlefs/objection/98", "heap/call/8192/200/1100",
    "storage/reorder/littlefs/document/43", "storage/cut/fat/call/60",
    "storage/tear/fat/start/5", "fill/call/0/50/on", "flip/key.der/200/7", "flip/clock.bin/200/0",
    "flip/00000001.tsg/8/3", "cable/corrupt/up/sync/40", "cable/cut/up/pause/3", "cable/double/down/document/9",
    "network/cut/up/sync/20", "network/corrupt/down/document/6", "power/time/call/littlefs/47",
    "power/step/sync/littlefs/50", "kill-vault/message/sync/0/40", "kill-vault/step/sync/0/56",
    "clock/appliance/call/-86400000/700", "lie/sync/receipt-with-another-head",
    "lie/document/document-of-another-signer", "storage/broken/fat/call/16", "storage/full/littlefs/start/52",
    "storage/full/littlefs/objection/183", "storage/eio/littlefs/objection/12", "storage/cut/fat/objection/70",
    "storage/full/fat/objection/69", "flip/settings.tsd/1/5", "flip/operator.bin/8/0", "flip/policy.tsd/8/2",
    "storage/broken/fat/objection/3",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench(request):
    request.getfixturevalue("micropython")
    made = faults_bench.Bench(word="micropython", heap="1500k")
    yield made
    made.close()


@pytest.fixture(scope="module")
def chip(request):
    request.getfixturevalue("micropython32")
    made = faults_bench.Bench(word="micropython32", heap="448k", compiled=True)
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
def test_fault_is_survived(bench, name):
    result = bench.run(faults_bench.fault_of(name))
    assert not result.wrong, f"make faults NAME={name}: {result.wrong}\n{result.report}"
    assert result.happened, f"the run did not reach the place of {name}"


@pytest.mark.parametrize("name", ["storage/tear/littlefs/call/90", "power/time/objection/fat/1105"])
def test_fault_is_survived_in_32_bit_with_the_compiled_firmware(chip, name):
    result = chip.run(faults_bench.fault_of(name))
    assert not result.wrong, f"make faults NAME={name} WORD=micropython32: {result.wrong}\n{result.report}"
    assert result.happened, f"the run did not reach the place of {name}"


class Ten:
    """Ten places of everything."""

    def writes(self, scenario, card):
        return 10

    def frames(self, scenario, direction):
        return 10

    def messages(self, scenario, direction):
        return 10

    def steps(self, scenario):
        return 10

    def vault_steps(self):
        return 10


def test_a_name_says_the_whole_fault():
    names = [name for kind in faults_bench.KINDS for name in kind.names(Ten())]
    assert len(set(names)) == len(names)
    for name in names:
        assert faults_bench.fault_of(name).name == name


def test_a_seed_chooses_the_same_faults_each_time_and_some_of_every_kind():
    one, again, other = (faults_bench.choose(Ten(), seed, 100) for seed in (1, 1, 2))
    assert one == again != other and len(set(one)) == 100
    assert {name.split("/")[0] for name in one} == set(faults_bench.BY_NAME)


def test_the_page_is_what_the_table_writer_makes():
    text, _ = parts(PAGE.read_text())
    assert text.startswith(HEAD) and text.endswith(TAIL), "run: make faults ARGS='--write FILES'"
    for kind in faults_bench.KINDS:
        row = rf"\| {re.escape(kind.NAME)} \| {re.escape(kind.TITLE)} \| {re.escape(kind.EXPECTED)} \| [\d,]+ \| [\d,]+ \|"
        assert re.search(row, text), f"docs/reliability.md has no current row of {kind.NAME}"


def test_the_table_counts_faults_that_happened_or_did_harm():
    results = [
        {
            "name": "flip/any/1/0",
            "seed": 1,
            "word": "micropython",
            "happened": happened,
            "wrong": wrong,
            "answered_ms": 44,
        }
        for happened, wrong in ((True, []), (True, ["lost"]), (False, []), (False, ["lost"]))
    ]
    page = as_markdown(results, datetime.date(2026, 1, 2))
    assert "**3 faults tried, 1 survived.**" in page and "| 3 | 1 |" in page and "- `flip/any/1/0`: lost" in page
