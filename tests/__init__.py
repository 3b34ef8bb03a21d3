"""Tests: unit, integration, contract, browser, and the slow, obvious second implementations in oracles."""
