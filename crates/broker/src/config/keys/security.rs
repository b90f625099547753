//! TLS, authorization and tokens.

use super::*;

pub(super) const SECURITY_KEYS: &[ConfigKey] = keys! {
    "authorizer.class.name", Text, Is(""), Any, Low, ReadOnly, Refused,
        "The Java class that decides who may do what; empty lets everybody do everything.";
    "connections.max.reauth.ms", Long, Is("0"), Any, Medium, ReadOnly, Refused,
        "How long an authenticated session lasts before the client has to authenticate again; \
         zero is for ever.";
    "delegation.token.expiry.check.interval.ms", Long, Is("3600000"), AtLeast(1), Low, ReadOnly,
        NotYet,
        "How often delegation tokens that ran out are removed.";
    "delegation.token.expiry.time.ms", Long, Is("86400000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How long a delegation token is good for before it has to be renewed.";
    "delegation.token.max.lifetime.ms", Long, Is("604800000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "How long a delegation token can be renewed at all.";
    "delegation.token.secret.key", Password, Null, Any, Medium, ReadOnly, Refused,
        "The secret that delegation tokens are signed with; without it there are none.";
    "early.start.listeners", List, Null, PartsNotEmpty, High, ReadOnly, WithoutMeaning(Authorizer),
        "Listeners that open before the authorizer has read its rules.";
    "principal.builder.class", Class,
        Is("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"), Any,
        Medium, PerBroker, Refused,
        "The Java class that makes a principal of a connection.";
    "security.inter.broker.protocol", Text, Is("PLAINTEXT"),
        OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Medium, ReadOnly, Used,
        "The security protocol between brokers, which also names the listener when \
         inter.broker.listener.name is not set.";
    "security.providers", Text, Null, Any, Low, ReadOnly, Refused,
        "Java classes that provide security algorithms.";
    "ssl.allow.dn.changes", Boolean, Is("false"), Any, Low, ReadOnly, Refused,
        "Whether a new certificate may bear another distinguished name.";
    "ssl.allow.san.changes", Boolean, Is("false"), Any, Low, ReadOnly, Refused,
        "Whether a new certificate may bear other alternative names.";
    "ssl.cipher.suites", List, Is(""), PartsNotEmpty, Medium, PerBroker, Refused,
        "The cipher suites that are allowed.";
    "ssl.client.auth", Text, Is("none"), OneOf(&["required", "requested", "none"]), Medium,
        PerBroker, Refused,
        "Whether clients have to show a certificate.";
    "ssl.enabled.protocols", List, Is("TLSv1.2,TLSv1.3"), PartsNotEmpty, Medium, PerBroker,
        Refused,
        "The versions of TLS that are spoken.";
    "ssl.endpoint.identification.algorithm", Text, Is("https"), Any, Low, PerBroker, Refused,
        "How the name in a server's certificate is checked.";
    "ssl.engine.factory.class", Class, Null, Any, Low, PerBroker, Refused,
        "The Java class that makes TLS engines.";
    "ssl.key.password", Password, Null, Any, Medium, PerBroker, Refused,
        "The password of the private key.";
    "ssl.keymanager.algorithm", Text, Is("SunX509"), Any, Medium, PerBroker, Refused,
        "The algorithm of the key manager.";
    "ssl.keystore.certificate.chain", Password, Null, Any, Medium, PerBroker, Refused,
        "The certificate chain itself, in PEM.";
    "ssl.keystore.key", Password, Null, Any, Medium, PerBroker, Refused,
        "The private key itself, in PEM.";
    "ssl.keystore.location", Text, Null, Any, Medium, PerBroker, Refused,
        "The file of the key store.";
    "ssl.keystore.password", Password, Null, Any, Medium, PerBroker, Refused,
        "The password of the key store.";
    "ssl.keystore.type", Text, Is("JKS"), Any, Medium, PerBroker, Refused,
        "The format of the key store.";
    "ssl.principal.mapping.rules", Text, Is("DEFAULT"), Any, Low, ReadOnly, Refused,
        "How distinguished names of clients are mapped to short names.";
    "ssl.protocol", Text, Is("TLSv1.3"), Any, Medium, PerBroker, Refused,
        "The version of TLS that contexts are made for.";
    "ssl.provider", Text, Null, Any, Medium, PerBroker, Refused,
        "The Java provider of TLS.";
    "ssl.secure.random.implementation", Text, Null, Any, Low, PerBroker, Refused,
        "The source of random numbers for TLS.";
    "ssl.trustmanager.algorithm", Text, Is("PKIX"), Any, Medium, PerBroker, Refused,
        "The algorithm of the trust manager.";
    "ssl.truststore.certificates", Password, Null, Any, Medium, PerBroker, Refused,
        "The trusted certificates themselves, in PEM.";
    "ssl.truststore.location", Text, Null, Any, Medium, PerBroker, Refused,
        "The file of the trust store.";
    "ssl.truststore.password", Password, Null, Any, Medium, PerBroker, Refused,
        "The password of the trust store.";
    "ssl.truststore.type", Text, Is("JKS"), Any, Medium, PerBroker, Refused,
        "The format of the trust store.";
};
