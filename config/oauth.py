"""How the service gives tokens to the machines of agencies: OAuth 2.0 client credentials."""

from p2p_core.scopes import SCOPES

PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "api.auth.TokenRequestValidator",
    "ACCESS_TOKEN_GENERATOR": "api.auth.make_token",
    "CLIENT_SECRET_HASHER": "police2peer_credential",
    # Tokens are kept as checksums only, so a copy of the database gives nobody access.
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    # The rest of the standard's advice, even for kinds of grant that we do not offer.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "SCOPES": SCOPES,
    "DEFAULT_SCOPES": [],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
    "ALLOWED_GRANT_TYPES": ["client-credentials"],
}
