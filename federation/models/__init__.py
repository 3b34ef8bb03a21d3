"""The tables of the federation, one module per stage of the way of the data.

Import the module that you mean. Nothing is handed on from here, so that an import
contract can see who reads raw counts and who reads published cells.
"""

from federation.models import (  # noqa: F401  Django registers models when it imports this package
    audit,
    figures,
    findings,
    measures,
    published,
    submissions,
    worklist,
)
