//! SASL with OAuth bearer tokens.

use super::*;

pub(super) const OAUTH_KEYS: &[ConfigKey] = keys! {
    "sasl.oauthbearer.assertion.algorithm", Text, Is("RS256"),
        OneOfIgnoringCase(&["ES256", "RS256"]), Medium, ReadOnly, Refused,
        "The algorithm that a JWT assertion is signed with.";
    "sasl.oauthbearer.assertion.claim.aud", Text, Null, Any, Medium, ReadOnly, Refused,
        "The audience that a JWT assertion claims.";
    "sasl.oauthbearer.assertion.claim.exp.seconds", Int, Is("300"), Between(0, 86400), Low,
        ReadOnly, Refused,
        "How long a JWT assertion is good for.";
    "sasl.oauthbearer.assertion.claim.iss", Text, Null, Any, Medium, ReadOnly, Refused,
        "The issuer that a JWT assertion claims.";
    "sasl.oauthbearer.assertion.claim.jti.include", Boolean, Is("false"), Any, Medium, ReadOnly,
        Refused,
        "Whether a JWT assertion gets an id of its own.";
    "sasl.oauthbearer.assertion.claim.nbf.seconds", Int, Is("60"), Between(0, 3600), Low, ReadOnly,
        Refused,
        "How far before now a JWT assertion begins to be good.";
    "sasl.oauthbearer.assertion.claim.sub", Text, Null, Any, Medium, ReadOnly, Refused,
        "The subject that a JWT assertion claims.";
    "sasl.oauthbearer.assertion.file", Text, Null, Any, Medium, ReadOnly, Refused,
        "A file with a finished JWT assertion.";
    "sasl.oauthbearer.assertion.private.key.file", Text, Null, Any, Medium, ReadOnly, Refused,
        "The PEM file with the key that signs JWT assertions.";
    "sasl.oauthbearer.assertion.private.key.passphrase", Password, Null, Any, Medium, ReadOnly,
        Refused,
        "The passphrase of that key.";
    "sasl.oauthbearer.assertion.template.file", Text, Null, Any, Medium, ReadOnly, Refused,
        "A file with headers and claims for JWT assertions.";
    "sasl.oauthbearer.client.credentials.client.id", Text, Null, Any, Medium, ReadOnly, Refused,
        "The id that a client shows its identity provider.";
    "sasl.oauthbearer.client.credentials.client.secret", Password, Null, Any, Medium, ReadOnly,
        Refused,
        "The secret that a client shows its identity provider.";
    "sasl.oauthbearer.clock.skew.seconds", Int, Is("30"), Any, Low, ReadOnly, Refused,
        "How far the clocks of identity provider and broker may differ.";
    "sasl.oauthbearer.expected.audience", List, Is(""), PartsNotEmpty, High, ReadOnly, Refused,
        "The audiences that a token must have been issued for.";
    "sasl.oauthbearer.expected.issuer", Text, Null, Any, High, ReadOnly, Refused,
        "The issuer that a token must come from.";
    "sasl.oauthbearer.jwks.endpoint.refresh.ms", Long, Is("3600000"), Any, Low, ReadOnly, Refused,
        "How often the keys of the identity provider are fetched again.";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", Long, Is("10000"), Any, Low, ReadOnly,
        Refused,
        "The longest wait before these keys are tried to be fetched again.";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", Long, Is("100"), Any, Low, ReadOnly,
        Refused,
        "The first wait before these keys are tried to be fetched again.";
    "sasl.oauthbearer.jwks.endpoint.url", Text, Null, Any, Medium, ReadOnly, Refused,
        "Where the keys of the identity provider are found.";
    "sasl.oauthbearer.jwt.retriever.class", Class,
        Is("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"), Any, Medium,
        ReadOnly, Refused,
        "The Java class that fetches tokens.";
    "sasl.oauthbearer.jwt.validator.class", Class,
        Is("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"), Any, Medium,
        ReadOnly, Refused,
        "The Java class that checks tokens.";
    "sasl.oauthbearer.scope", Text, Null, Any, Medium, ReadOnly, Refused,
        "The access that is asked for with a token.";
    "sasl.oauthbearer.scope.claim.name", Text, Is("scope"), Any, Low, ReadOnly, Refused,
        "The claim that holds the scope of a token.";
    "sasl.oauthbearer.sub.claim.name", Text, Is("sub"), Any, Low, ReadOnly, Refused,
        "The claim that holds the subject of a token.";
    "sasl.oauthbearer.token.endpoint.url", Text, Null, Any, Medium, ReadOnly, Refused,
        "Where tokens are issued.";
};
