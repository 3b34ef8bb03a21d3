"""Calls of the API about findings."""

import json

FINDINGS = "/api/v1/findings/"
SECRET = "someone@example.org"


def answer(caller, number, sent, *, media="application/json"):
    body = sent if isinstance(sent, bytes) else json.dumps(sent)
    # Once more among the headers: the test client forgets it where the body is empty.
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": media}
    return caller.client.post(f"{FINDINGS}{number}/answer/", body, content_type=media, headers=headers)
