//! Message definitions as they were read: what [`super::parse`] fills and the emitters walk.
//!
//! Invariants, checked by the parser: the versions of a field lie within those its struct is used
//! in, a nullable or tagged range within those of its field, and every struct type is defined.

use std::fmt;

/// Everything under `crates/protocol/messages`.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) apis: Vec<Api>,
    pub(super) headers: Vec<Message>,
    pub(super) families: Vec<Family>,
    pub(super) errors: Vec<ErrorLine>,
}

/// A request and its response.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) key: i16,
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) broker: bool,
    pub(super) controller: bool,
    /// The newest version when it is not offered unless unstable versions are.
    pub(super) unstable: Option<i16>,
    /// What ApiVersions says where that differs from what is served.
    pub(super) advertised: Option<Versions>,
    pub(super) forwardable: bool,
    pub(super) request: Message,
    pub(super) response: Message,
}

/// Records that live in one place, a folder under `messages/records`.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) folder: String,
    pub(super) records: Vec<Record>,
}

/// A stored record.
#[derive(Debug)]
pub(super) struct Record {
    /// The number that tells it from others of its family, where they share one log.
    pub(super) id: Option<i16>,
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// What a record consists of.
#[derive(Debug)]
pub(super) enum Shape {
    Single(Message),
    Pair { key: Message, value: Message },
}

/// One line of `errors.txt`.
#[derive(Debug)]
pub(super) struct ErrorLine {
    pub(super) code: i16,
    pub(super) name: String,
    pub(super) retriable: bool,
}

/// A request, response, header or record.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) summary: String,
    /// The definition's path under `messages`.
    pub(super) file: String,
    pub(super) versions: Versions,
    pub(super) first_flexible: Option<i16>,
    /// Whether strings and bytes are owned instead of borrowed from the frame.
    pub(super) owned: bool,
    /// The message itself, then the structs it contains in order of appearance.
    pub(super) structs: Vec<Struct>,
}

/// The message's own fields, or those of a struct in it.
#[derive(Debug)]
pub(super) struct Struct {
    pub(super) name: String,
    /// The versions in which something contains it.
    pub(super) versions: Versions,
    pub(super) fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug)]
pub(super) struct Field {
    /// In Kafka's spelling.
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) versions: Versions,
    pub(super) nullable: Option<Versions>,
    pub(super) default: Option<Default>,
    pub(super) tag: Option<u32>,
    pub(super) ignorable: bool,
    pub(super) key: bool,
    /// Keeps its classic form in flexible versions.
    pub(super) never_flexible: bool,
}

/// A default that is not the zero value of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Default {
    Null,
    True,
    Number(i64),
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
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
pub(super) enum Fixed {
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
pub(super) struct Versions {
    pub(super) first: i16,
    pub(super) last: i16,
}

impl Versions {
    pub(super) const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The smallest range that contains both.
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// The Rust condition on `version` for being in this range, given that it is in `outer`;
    /// `None` when it always is.
    pub(super) fn condition(self, outer: Self) -> Option<String> {
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
    pub(super) fn absence(self, outer: Self) -> Option<String> {
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
    pub(super) fn words(self, outer: Self) -> String {
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
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        let apis = self
            .apis
            .iter()
            .flat_map(|api| [&api.request, &api.response]);
        let records = self.families.iter().flat_map(Family::messages);
        self.headers.iter().chain(apis).chain(records)
    }
}

impl Family {
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.records.iter().flat_map(|record| match &record.shape {
            Shape::Single(message) => vec![message],
            Shape::Pair { key, value } => vec![key, value],
        })
    }
}

impl Message {
    /// Whether `name` or anything in it borrows from the frame.
    pub(super) fn borrows(&self, name: &str) -> bool {
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
    pub(super) fn rust_name(&self, name: &str, lifetime: &str) -> String {
        if self.borrows(name) {
            format!("{name}<{lifetime}>")
        } else {
            name.to_owned()
        }
    }

    /// The flexible ones of `versions`, given that there are any.
    pub(super) fn flexible_part(&self, versions: Versions) -> Versions {
        Versions {
            first: versions.first.max(self.first_flexible.unwrap_or(i16::MIN)),
            last: versions.last,
        }
    }

    /// The expression that says whether a struct used in `versions` is flexible.
    pub(super) fn flexible(&self, versions: Versions) -> &'static str {
        match self.first_flexible {
            Some(first) if first <= versions.first => "true",
            Some(first) if first <= versions.last => "flexible",
            _ => "false",
        }
    }
}

impl Field {
    pub(super) fn rust_name(&self) -> String {
        super::names::field(&self.name)
    }
}
