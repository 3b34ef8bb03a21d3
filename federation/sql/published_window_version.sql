SELECT latest.version, span."end" FROM span CROSS JOIN latest
