"""The release is a part of all tags, so no cache uses an answer in an old form."""

import p2p_core
from api import release


def test_release_changes_with_the_core(monkeypatch, tmp_path):
    before = release.digest.__wrapped__()
    (tmp_path / "codes.py").write_text("")
    monkeypatch.setattr(p2p_core, "__file__", str(tmp_path / "__init__.py"))
    assert release.digest.__wrapped__() != before
