//! Message definitions as they were read: what [`super::parse`] fills and the emitters walk.
//!
//! Invariants, checked by the parser: the versions of a field lie within those its struct is used
//! in, a nullable or tagged range within those of its field, and every struct type is defined.

use std::fmt;

/// Everything under `crates/protocol/messages`.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(crate) apis: Vec<Api>,
    pub(crate) headers: Vec<Message>,
    pub(crate) families: Vec<Family>,
    pub(crate) errors: Vec<ErrorLine>,
}

/// A request and its response.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) key: i16,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) broker: bool,
    pub(crate) controller: bool,
    /// The newest version when it is not offered unless unstable versions are.
    pub(crate) unstable: Option<i16>,
    /// What ApiVersions says where that differs from what is served.
    pub(crate) advertised: Option<Versions>,
    pub(crate) forwardable: bool,
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// Records that live in one place, a folder under `messages/records`.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) folder: String,
    pub(crate) records: Vec<Record>,
}

/// A stored record.
#[derive(Debug)]
pub(crate) struct Record {
    /// The number that tells it from others of its family, where they share one log.
    pub(crate) id: Option<i16>,
    pub(crate) name: String,
    pub(crate) shape: Shape,
}

/// What a record consists of.
#[derive(Debug)]
pub(crate) enum Shape {
    Single(Message),
    Pair { key: Message, value: Message },
}

/// One line of `errors.txt`.
#[derive(Debug)]
pub(crate) struct ErrorLine {
    pub(crate) code: i16,
    pub(crate) name: String,
    pub(crate) retriable: bool,
}

/// A request, response, header or record.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The definition's path under `messages`.
    pub(crate) file: String,
    pub(crate) versions: Versions,
    pub(crate) first_flexible: Option<i16>,
    /// Whether strings and bytes are owned instead of borrowed from the frame.
    pub(crate) owned: bool,
    /// The message itself, then the structs it contains in order of appearance.
    pub(crate) structs: Vec<Struct>,
}

/// The message's own fields, or those of a struct in it.
#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) name: String,
    /// The versions in which something contains it.
    pub(crate) versions: Versions,
    pub(crate) fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    /// In Kafka's spelling.
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) versions: Versions,
    pub(crate) nullable: Option<Versions>,
    pub(crate) default: Option<Default>,
    pub(crate) tag: Option<u32>,
    pub(crate) ignorable: bool,
    pub(crate) key: bool,
    /// Keeps its classic form in flexible versions.
    pub(crate) never_flexible: bool,
}

/// A default that is not the zero value of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    Null,
    True,
    Number(i64),
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// A type of fixed width.
    Fixed(Fixed),
    String,
    Bytes,
    Records,
    Struct(String),
    Array(Box<Self>),
}

/// A type that takes the same number of bytes whatever its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    /// An `int16` that holds an error code.
    ErrorCode,
}

/// A range of versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) first: i16,
    pub(crate) last: i16,
}

impl Versions {
    pub(crate) const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The smallest range that contains both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// The Rust condition on `version` for being in this range, given that it is in `outer`;
    /// `None` when it always is.
    pub(crate) fn condition(self, outer: Self) -> Option<String> {
        let Self { first, last } = self;
        match (first <= outer.first, last >= outer.last) {
            (true, true) => None,
            (false, true) => Some(format!("version >= {first}")),
            (true, false) => Some(format!("version <= {last}")),
            (false, false) if first == last => Some(format!("version == {first}")),
            (false, false) => Some(format!("({first}..={last}).contains(&version)")),
        }
    }

    /// The opposite of [`Self::condition`].
    pub(crate) fn absence(self, outer: Self) -> Option<String> {
        let Self { first, last } = self;
        match (first <= outer.first, last >= outer.last) {
            (true, true) => None,
            (false, true) => Some(format!("version < {first}")),
            (true, false) => Some(format!("version > {last}")),
            (false, false) if first == last => Some(format!("version != {first}")),
            (false, false) => Some(format!("!({first}..={last}).contains(&version)")),
        }
    }

    /// In words, given that it lies within `outer`.
    pub(crate) fn words(self, outer: Self) -> String {
        let Self { first, last } = self;
        match (first <= outer.first, last >= outer.last) {
            _ if first == last => format!("version {first}"),
            (true, true) => "every version".to_owned(),
            (_, true) => format!("version {first} and up"),
            _ => format!("versions {first} to {last}"),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(formatter, "{}", self.first);
        }
        write!(formatter, "{} to {}", self.first, self.last)
    }
}

impl Definitions {
    /// Every message there is.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        let apis = self
            .apis
            .iter()
            .flat_map(|api| [&api.request, &api.response]);
        let records = self.families.iter().flat_map(Family::messages);
        self.headers.iter().chain(apis).chain(records)
    }
}

impl Family {
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.records.iter().flat_map(|record| match &record.shape {
            Shape::Single(message) => vec![message],
            Shape::Pair { key, value } => vec![key, value],
        })
    }
}

impl Message {
    /// Whether `name` or anything in it borrows from the frame.
    pub(crate) fn borrows(&self, name: &str) -> bool {
        let body = self.structs.iter().find(|body| body.name == name);
        let fields = body.into_iter().flat_map(|body| &body.fields);
        !self.owned
            && fields
                .into_iter()
                .any(|field| self.type_borrows(&field.kind))
    }

    fn type_borrows(&self, kind: &Type) -> bool {
        match kind {
            Type::Fixed(_) => false,
            Type::String | Type::Bytes | Type::Records => true,
            Type::Struct(name) => self.borrows(name),
            Type::Array(element) => self.type_borrows(element),
        }
    }

    /// The struct's type as Rust writes it, with its lifetime.
    pub(crate) fn rust_name(&self, name: &str, lifetime: &str) -> String {
        if self.borrows(name) {
            format!("{name}<{lifetime}>")
        } else {
            name.to_owned()
        }
    }

    /// The flexible ones of `versions`, given that there are any.
    pub(crate) fn flexible_part(&self, versions: Versions) -> Versions {
        Versions {
            first: versions.first.max(self.first_flexible.unwrap_or(i16::MIN)),
            last: versions.last,
        }
    }

    /// The expression that says whether a struct used in `versions` is flexible.
    pub(crate) fn flexible(&self, versions: Versions) -> &'static str {
        match self.first_flexible {
            Some(first) if first <= versions.first => "true",
            Some(first) if first <= versions.last => "flexible",
            _ => "false",
        }
    }
}

impl Field {
    pub(crate) fn rust_name(&self) -> String {
        super::names::field(&self.name)
    }
}
