"""What a code of a fault advises is true of everything that it may be about."""

import re

from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.periods import Frequency


def test_advice_for_a_bad_period_has_an_example_of_each_frequency():
    frequencies = re.findall(r"\b[A-Z]\b", PAYLOAD_CODES["bad_period"].advice)
    assert sorted(frequencies) == sorted(Frequency)
