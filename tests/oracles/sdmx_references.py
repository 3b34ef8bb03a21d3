"""Which SDMX structures refer to which, written down by hand, and what goes with some of them, found step by step.

For a federation in which NO-KRIPOS alone takes part. Structures are named by their type and id.
"""

LISTS = {f"codelist CL_{name}" for name in ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "OBS_STATUS", "CONF_STATUS")}
CONCEPTS = "conceptscheme CS_P2P"
PROVIDERS = "dataproviderscheme DATA_PROVIDERS"
AGENCIES = "agencyscheme AGENCIES"

REFERS = {
    **{name: set() for name in LISTS},
    AGENCIES: set(),
    PROVIDERS: set(),
    CONCEPTS: LISTS,
    "datastructure DSD_P2P": {*LISTS, CONCEPTS},
    "datastructure DSD_P2P_VINTAGE": {*LISTS, CONCEPTS},
    "dataflow P2P": {"datastructure DSD_P2P"},
    "dataflow P2P_VINTAGE": {"datastructure DSD_P2P_VINTAGE"},
    "provisionagreement PA_P2P": {"dataflow P2P", PROVIDERS},
    "provisionagreement PA_P2P_VINTAGE": {"dataflow P2P_VINTAGE", PROVIDERS},
    "provisionagreement PA_NO-KRIPOS": {"dataflow P2P", PROVIDERS},
}


def around(names, reference):
    """Return the structures with those that go with them."""
    arrows = [(one, other) for one, others in REFERS.items() for other in others]

    def up(some):
        return {one for one, other in arrows if other in some}

    def down(some):
        return {other for one, other in arrows if one in some}

    def on_and_on(step):
        found = set()
        while step(names | found) - found:
            found |= step(names | found)
        return found

    siblings = up(names) | down(up(names))
    goes_with = {
        "none": set(),
        "parentsandsiblings": siblings,
        "children": down(names),
        "descendants": on_and_on(down),
        "all": siblings | on_and_on(down),
    }
    of_type = {name for name in on_and_on(up) | on_and_on(down) if name.split()[0] == reference}
    return names | goes_with.get(reference, of_type)
