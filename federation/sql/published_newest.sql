SELECT max(number), max(known_at) FROM federation_version
