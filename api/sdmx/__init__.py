"""SDMX, the ISO standard of official statistics: its web services for structures, for data and for availability."""
