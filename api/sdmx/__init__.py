"""SDMX, the ISO standard of official statistics: structures, data and what there is, as its web services give them."""
