"""The catalogue: what there is to read here, in DCAT-AP, for the portals that gather such lists."""
