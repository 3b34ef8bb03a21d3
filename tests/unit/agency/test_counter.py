"""The counter against examples that were computed by hand, and against a second implementation."""

import tracemalloc
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_agency.collect import counter
from p2p_agency.collect.counter import WHOLE, Counter, Transfer
from tests.oracles import downloads
from tests.oracles.downloads import Line

NORWAY, GERMANY, TORRENT, DONKEY = 578, 276, 1, 2


def transfer(sent=(), peer=b"a", *, blocks=4, complete=False, cell=(NORWAY, TORRENT)):
    return Transfer(*cell, peer, blocks, list(sent), complete)


def counting(*, first=0, carried=None):
    return Counter(carried or {}, draw=lambda _: first)


def test_a_peer_counts_when_it_is_complete_with_the_share_that_was_sent_to_it():
    count = counting(first=WHOLE // 2)
    count.count(transfer([(0, 2)]), 0)
    assert count.end_minute(0) == {}
    count.count(transfer(complete=True), 1)
    assert count.end_minute(1) == {(NORWAY, TORRENT): 1}
    assert count.carried == {(NORWAY, TORRENT): 0}


def test_blocks_that_are_sent_twice_or_told_twice_count_once():
    count = counting()
    for _ in range(2):
        count.count(transfer([(0, 3), (2, 4)], complete=True), 0)
    count.count(transfer([(1, 2)]), 0)
    assert count.end_minute(0) == {(NORWAY, TORRENT): 1}
    assert count.carried == {(NORWAY, TORRENT): 0}


def test_blocks_that_are_told_after_the_peer_was_complete_are_added():
    count = counting()
    count.count(transfer([(0, 3)], complete=True), 0)
    assert count.end_minute(0) == {}
    count.count(transfer([(3, 4)], complete=True), 1)
    assert count.end_minute(1) == {(NORWAY, TORRENT): 1}


def test_four_agencies_that_sent_a_quarter_each_report_one_download_together():
    agencies = [counting(first=WHOLE * n // 4) for n in range(4)]
    for n, agency in enumerate(agencies):
        agency.count(transfer([(n, n + 1)], complete=True), 0)
    assert sum(agency.end_minute(0).get((NORWAY, TORRENT), 0) for agency in agencies) == 1


def test_networks_and_countries_are_counted_apart():
    count = counting()
    for peer, cell in ((b"a", (NORWAY, TORRENT)), (b"b", (NORWAY, DONKEY)), (b"c", (GERMANY, DONKEY))):
        count.count(transfer([(0, 4)], peer, complete=True, cell=cell), 0)
    assert count.end_minute(0) == {(NORWAY, TORRENT): 1, (NORWAY, DONKEY): 1, (GERMANY, DONKEY): 1}


def test_what_was_counted_in_a_lost_minute_is_lost_and_its_peers_do_not_count_later():
    count = counting(carried={(NORWAY, TORRENT): 7})
    count.count(transfer([(0, 4)], complete=True), 0)
    count.drop_minute(0)
    count.count(transfer([(0, 4)], complete=True), 1)
    assert count.end_minute(1) == {}
    assert count.carried == {(NORWAY, TORRENT): 7}


def test_a_peer_that_is_silent_for_a_day_is_forgotten():
    count = counting()
    count.count(transfer([(0, 4)], complete=True), 0)
    assert count.end_minute(0) == {(NORWAY, TORRENT): 1}
    count.count(transfer([(0, 4)], complete=True), counter.KNOWN - 1)
    assert count.end_minute(counter.KNOWN - 1) == {}
    assert count.end_minute(2 * counter.KNOWN - 1) == {}
    count.count(transfer([(0, 4)], complete=True), 2 * counter.KNOWN)
    assert count.end_minute(2 * counter.KNOWN) == {(NORWAY, TORRENT): 1}


def test_the_peer_that_was_silent_longest_makes_room(monkeypatch):
    monkeypatch.setattr(counter, "MOST_BYTES", 600)
    count = counting()
    for peer in (b"a", b"b", b"a", b"c"):
        count.count(transfer([(0, 2)], peer), 0)
    for peer in (b"a", b"c", b"b"):
        count.count(transfer([(2, 4)], peer, complete=True), 0)
    assert count.end_minute(0) == {(NORWAY, TORRENT): 2}
    assert count.forgotten == 2


@pytest.mark.parametrize(
    ("blocks", "every", "peers"),
    [(counter.MOST_BLOCKS, 1 << 14, 100), (counter.MOST_BLOCKS, counter.MOST_BLOCKS, 1000), (640, 640, 12_000)],
)
def test_peers_of_small_and_of_large_files_take_no_more_memory_than_the_bound(monkeypatch, blocks, every, peers):
    bound = 2 << 20
    monkeypatch.setattr(counter, "MOST_BYTES", bound)
    count = counting()
    tracemalloc.start()
    try:
        for number in range(peers):
            sent = [(end - 1, end) for end in range(every, blocks + 1, every)]
            count.count(transfer(sent, b"%016d" % number, blocks=blocks), 0)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.6 * bound < used < bound
    assert 0 < count.forgotten < peers


def test_a_range_of_a_large_file_is_counted_without_a_copy_of_the_whole_file():
    blocks, count = counter.MOST_BLOCKS, counting()
    count.count(transfer([(0, 1)], blocks=blocks), 0)
    tracemalloc.start()
    try:
        for end in (blocks, blocks // 2):
            count.count(transfer([(end - 40, end)], blocks=blocks), 0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < blocks // 8 // 20


@given(ranges=st.lists(st.tuples(*[st.integers(0, 60_000)] * 2).map(sorted).map(tuple), max_size=8))
def test_each_block_of_a_large_file_counts_once(ranges):
    count, blocks = counting(), 60_000
    for sent in ranges:
        count.count(transfer([sent], blocks=blocks, complete=True), 0)
    reported = count.end_minute(0).get((NORWAY, TORRENT), 0)
    different = set().union(*(range(first, end) for first, end in ranges))
    assert reported * WHOLE + count.carried.get((NORWAY, TORRENT), 0) == len(different) * WHOLE // blocks


def test_the_memory_of_peers_that_were_silent_for_a_day_is_free_again(monkeypatch):
    monkeypatch.setattr(counter, "MOST_BYTES", 600)
    count = counting()
    for day in range(3):
        for peer in (b"a%d" % day, b"b%d" % day):
            count.count(transfer([(0, 4)], peer), day * counter.KNOWN)
        count.end_minute((day + 1) * counter.KNOWN)
    assert count.forgotten == 0


@pytest.mark.parametrize(
    ("blocks", "sent"), [(0, []), (-1, []), (1 << 23, []), (4, [(0, 5)]), (4, [(-1, 2)]), (4, [(3, 2)])]
)
def test_blocks_that_no_file_has_are_refused(blocks, sent):
    with pytest.raises(ValueError, match="blocks"):
        transfer(sent, blocks=blocks)


def test_the_expected_report_is_the_share_also_where_no_whole_download_comes():
    """A quarter of a download, once, with each of 1,000 first remainders."""
    draws = [counting(first=WHOLE * n // 1000) for n in range(1000)]
    for count in draws:
        count.count(transfer([(0, 1)], complete=True), 0)
    assert sum(count.end_minute(0).get((NORWAY, TORRENT), 0) for count in draws) == 250


_LINES = st.lists(
    st.builds(
        Line,
        st.integers(0, 5),
        st.just((NORWAY, TORRENT)),
        st.sampled_from("abc"),
        st.sampled_from([1, 3, 7]),
        st.frozensets(st.integers(0, 6), max_size=4),
        st.booleans(),
    ).map(lambda line: line._replace(sent=frozenset(block % line.blocks for block in line.sent))),
    max_size=12,
).map(lambda lines: sorted(lines, key=lambda line: line.minute))


@given(lines=_LINES, first=st.integers(0, WHOLE - 1), known=st.integers(1, 4))
def test_reports_are_those_of_the_second_implementation(lines, first, known):
    cells = {"a": (NORWAY, TORRENT), "b": (GERMANY, TORRENT), "c": (NORWAY, TORRENT)}
    lines = [line._replace(cell=cells[line.peer]) for line in lines]
    expected = downloads.reports(lines, 6, dict.fromkeys(cells.values(), Fraction(first, WHOLE)), known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counter, "KNOWN", known)
        count, found = counting(first=first), []
        for minute in range(6):
            for line in lines:
                if line.minute == minute:
                    handle = f"{line.peer}{line.blocks}".encode()
                    ranges = [(block, block + 1) for block in line.sent]
                    count.count(Transfer(*line.cell, handle, line.blocks, ranges, line.complete), minute)
            found.append(count.end_minute(minute))
    assert found == expected
    assert all(0 <= units < WHOLE for units in count.carried.values())


# --- the second implementation, by hand -------------------------------------------------------------------------------


def test_the_second_implementation_gives_what_was_computed_by_hand():
    """Half in minute 0, complete in minute 1, the rest in minute 3; known for two minutes, so it counts 1/2 + 1/2."""
    cell = (NORWAY, TORRENT)
    lines = [
        Line(0, cell, "a", 4, frozenset({0, 1}), complete=False),
        Line(1, cell, "a", 4, frozenset({1}), complete=True),
        Line(3, cell, "a", 4, frozenset({2, 3}), complete=False),
    ]
    assert downloads.reports(lines, 4, {cell: Fraction(1, 4)}, 2) == [{}, {}, {}, {cell: 1}]
    assert downloads.reports(lines, 4, {cell: Fraction(1, 2)}, 2) == [{}, {cell: 1}, {}, {}]
    assert downloads.shares(lines, 1) == {cell: Fraction(1, 2)}
