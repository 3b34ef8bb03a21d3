SELECT max(number) FROM federation_version
