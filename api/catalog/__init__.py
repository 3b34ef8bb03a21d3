"""The catalogue of all data sets, in DCAT-AP, for data portals."""
