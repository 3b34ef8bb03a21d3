"""All that is published, as files: Parquet and compressed CSV, and a manifest that describes them.

``manifest`` and ``storage`` are for readers of the files. ``writing`` makes the files: it loads PyArrow, so only the
process that writes imports it.
"""
