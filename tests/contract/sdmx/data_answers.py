"""Answers to data queries, read as rows, and where data are."""

import csv
import io

#: Where data are in each root, with a place for the key.
ROOT_2, ROOT_3 = "2.1/data/P2P/", "3.0/data/dataflow/P2PEU/P2P/1.0.0/"


def rows(answer):
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def keys(answer):
    return sorted({".".join(row[name] for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK")) for row in rows(answer)})
