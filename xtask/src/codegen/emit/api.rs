//! Tables over all APIs: the keys, and the enums of request and response bodies.

use super::super::model::{Api, Message};
use super::header;
use std::fmt::Write as _;

/// Which body of an API.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Response => "Response",
        }
    }

    const fn of(self, api: &Api) -> &Message {
        match self {
            Self::Request => &api.request,
            Self::Response => &api.response,
        }
    }
}

/// The file of `ApiKey`.
pub(super) fn keys(apis: &[Api]) -> String {
    let mut text = header("The keys of all APIs.", "crates/protocol/messages");
    text.push_str(
        "use crate::api_key::Facts;

        /// Which API a request is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum ApiKey {\n",
    );
    for api in apis {
        let _ = writeln!(text, "/// {}\n{} = {},", api.summary, api.name, api.key);
    }
    let _ = writeln!(
        text,
        "}}

        impl ApiKey {{
            /// Every key, in ascending order.
            pub const ALL: [Self; {}] = [",
        apis.len()
    );
    for api in apis {
        let _ = writeln!(text, "Self::{},", api.name);
    }
    text.push_str("];\n\npub(crate) const fn facts(self) -> Facts {\nmatch self {\n");
    for api in apis {
        let versions = api.request.versions;
        let newest_stable = api.unstable.map_or(versions.last, |unstable| unstable - 1);
        let served = (versions.first, newest_stable);
        let advertised = api
            .advertised
            .map_or(served, |range| (range.first, range.last));
        let _ = writeln!(
            text,
            "Self::{name} => Facts {{
                name: \"{name}\",
                versions: ({}, {}),
                newest_stable: {newest_stable},
                advertised: {advertised:?},
                first_flexible: {:?},
                broker: {},
                controller: {},
                forwardable: {},
            }},",
            versions.first,
            versions.last,
            api.request.first_flexible,
            api.broker,
            api.controller,
            api.forwardable,
            name = api.name,
        );
    }
    text.push_str("}\n}\n}\n");
    text
}

/// The file of `RequestBody` or `ResponseBody`.
pub(super) fn bodies(apis: &[Api], side: Side) -> String {
    let word = side.word();
    let lower = word.to_lowercase();
    let mut text = header(
        &format!("A {lower} of any API."),
        "crates/protocol/messages",
    );
    let _ = writeln!(
        text,
        "use crate::api_key::ApiKey;
        use crate::wire::{{DecodeError, EncodeError, Message, Reader, Writer}};

        /// A {lower} of any API.
        #[derive(Debug, Clone, PartialEq)]
        pub enum {word}Body<'a> {{"
    );
    for api in apis {
        let (name, message) = (&api.name, side.of(api));
        let body = message.rust_name(&message.name, "'a");
        let _ = writeln!(
            text,
            "/// See [`super::{}`].\n{name}(super::{body}),",
            message.name
        );
    }
    let _ = writeln!(
        text,
        "}}

        impl<'a> {word}Body<'a> {{
            /// Reads the {lower} of API `key` and leaves what follows it in `reader`.
            ///
            /// # Errors
            /// When the API does not have the version or the bytes do not hold such a {lower}.
            pub fn decode(
                key: ApiKey,
                version: i16,
                reader: &mut Reader<'a>,
            ) -> Result<Self, DecodeError> {{
                Ok(match key {{"
    );
    for Api { name, .. } in apis {
        let _ = writeln!(
            text,
            "ApiKey::{name} => Self::{name}(Message::decode(reader, version)?),"
        );
    }
    let _ = writeln!(
        text,
        "}})
            }}

            /// Writes the {lower}.
            ///
            /// # Errors
            /// As [`Message::encode`].
            pub fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {{
                match self {{"
    );
    for Api { name, .. } in apis {
        let _ = writeln!(text, "Self::{name}(body) => body.encode(writer, version),");
    }
    text.push_str(
        "}
            }

            /// The key of its API.
            pub const fn api_key(&self) -> ApiKey {
                match self {\n",
    );
    for Api { name, .. } in apis {
        let _ = writeln!(text, "Self::{name}(_) => ApiKey::{name},");
    }
    text.push_str("}\n}\n}\n");
    text
}

/// The file that ties each request to its key and response.
pub(super) fn requests(apis: &[Api]) -> String {
    let about = "Ties each request to its key and its response.";
    let mut text = header(about, "crates/protocol/messages");
    text.push_str("use crate::api_key::{ApiKey, Request};\n\n");
    for api in apis {
        let borrows = api.request.borrows(&api.request.name);
        let (generics, lifetime) = if borrows { ("<'a>", "'a") } else { ("", "'_") };
        let _ = writeln!(
            text,
            "impl{generics} Request<{lifetime}> for super::{} {{
                const KEY: ApiKey = ApiKey::{};
                type Response<'r> = super::{};
            }}\n",
            api.request.rust_name(&api.request.name, "'a"),
            api.name,
            api.response.rust_name(&api.response.name, "'r"),
        );
    }
    text
}
