//! SASL and Kerberos.

use super::*;

pub(super) const SASL_KEYS: &[ConfigKey] = keys! {
    "sasl.client.callback.handler.class", Class, Null, Any, Medium, ReadOnly, Refused,
        "The Java class that the client side of SASL asks.";
    "sasl.enabled.mechanisms", List, Is("GSSAPI"), PartsNotEmpty, Medium, PerBroker, Refused,
        "The SASL mechanisms that are offered.";
    "sasl.jaas.config", Password, Null, Any, Medium, PerBroker, Refused,
        "The login of a SASL mechanism, in the format of JAAS.";
    "sasl.kerberos.kinit.cmd", Text, Is("/usr/bin/kinit"), Any, Medium, PerBroker, Refused,
        "The path of kinit.";
    "sasl.kerberos.min.time.before.relogin", Long, Is("60000"), Any, Medium, PerBroker, Refused,
        "How long lies at least between two Kerberos logins.";
    "sasl.kerberos.principal.to.local.rules", List, Is("DEFAULT"), PartsNotEmpty, Medium,
        PerBroker, Refused,
        "How Kerberos principals are mapped to short names.";
    "sasl.kerberos.service.name", Text, Null, Any, Medium, PerBroker, Refused,
        "The Kerberos principal that the server runs as.";
    "sasl.kerberos.ticket.renew.jitter", Double, Is("0.05"), Any, Medium, PerBroker, Refused,
        "How much the renewal of a Kerberos ticket varies at random.";
    "sasl.kerberos.ticket.renew.window.factor", Double, Is("0.8"), Any, Medium, PerBroker, Refused,
        "How much of its life a Kerberos ticket has behind it when it is renewed.";
    "sasl.login.callback.handler.class", Class, Null, Any, Medium, ReadOnly, Refused,
        "The Java class that a SASL login asks.";
    "sasl.login.class", Class, Null, Any, Medium, ReadOnly, Refused,
        "The Java class that logs in for SASL.";
    "sasl.login.connect.timeout.ms", Int, Null, Any, Low, ReadOnly, Refused,
        "How long the connection to an identity provider may take.";
    "sasl.login.read.timeout.ms", Int, Null, Any, Low, ReadOnly, Refused,
        "How long the answer of an identity provider may take.";
    "sasl.login.refresh.buffer.seconds", Short, Is("300"), Any, Medium, PerBroker, Refused,
        "How long before its end a credential is refreshed at the latest.";
    "sasl.login.refresh.min.period.seconds", Short, Is("60"), Any, Medium, PerBroker, Refused,
        "How long a credential is used at least before it is refreshed.";
    "sasl.login.refresh.window.factor", Double, Is("0.8"), Any, Medium, PerBroker, Refused,
        "How much of its life a credential has behind it when it is refreshed.";
    "sasl.login.refresh.window.jitter", Double, Is("0.05"), Any, Medium, PerBroker, Refused,
        "How much the refreshing of a credential varies at random.";
    "sasl.login.retry.backoff.max.ms", Long, Is("10000"), Any, Low, ReadOnly, Refused,
        "The longest wait between two logins at an identity provider.";
    "sasl.login.retry.backoff.ms", Long, Is("100"), Any, Low, ReadOnly, Refused,
        "The first wait between two logins at an identity provider.";
    "sasl.mechanism.controller.protocol", Text, Is("GSSAPI"), Any, High, ReadOnly, Refused,
        "The SASL mechanism for talking to controllers.";
    "sasl.mechanism.inter.broker.protocol", Text, Is("GSSAPI"), Any, Medium, PerBroker, Refused,
        "The SASL mechanism for talking to other brokers.";
    "sasl.server.callback.handler.class", Class, Null, Any, Medium, ReadOnly, Refused,
        "The Java class that the server side of SASL asks.";
    "sasl.server.max.receive.size", Int, Is("524288"), Any, Medium, ReadOnly, Refused,
        "The largest request before and during authentication.";
};
