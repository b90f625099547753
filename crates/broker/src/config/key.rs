//! What the table of keys says of one key.
//!
//! Not the job of this module: which keys there are (`keys`), and reading values (`value`).

/// One configuration key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfigKey {
    /// Its name, as Apache Kafka spells it.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// What holds when it is not set.
    pub default: DefaultValue,
    /// Which values of the type it takes.
    pub valid: Valid,
    /// How much it matters to most users.
    pub importance: Importance,
    /// Whether it can be changed while the node runs.
    pub update: UpdateMode,
    /// What becomes of it here.
    pub standing: Standing,
    /// It is not listed unless it is set.
    pub is_internal: bool,
    /// What it does.
    pub doc: &'static str,
}

/// The type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// 32 bits.
    Int,
    /// 16 bits.
    Short,
    /// 64 bits.
    Long,
    /// A floating point number.
    Double,
    /// Texts with commas between.
    List,
    /// The name of a Java class.
    Class,
    /// A secret, which is never shown.
    Password,
}

/// What holds when a key is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// It has to be set.
    Required,
    /// No value.
    Null,
    /// This value.
    Is(&'static str),
}

/// Which values a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Valid {
    /// All of its type.
    Any,
    /// This number and above.
    AtLeast(i64),
    /// These two numbers and those between.
    Between(i64, i64),
    /// From zero to this.
    UpTo(f64),
    /// 1 to 9, or -1.
    GzipLevel,
    /// Any but the empty text.
    NotEmpty,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of these, in capitals or not.
    OneOfIgnoringCase(&'static [&'static str]),
    /// A list without empty parts.
    PartsNotEmpty,
    /// A list with one part at least, and without empty ones.
    ListNotEmpty,
    /// A list of these.
    ListOf(&'static [&'static str]),
    /// A list of one at least of these.
    SomeOf(&'static [&'static str]),
    /// A list of `partition:broker`, or `*`.
    ThrottledReplicas,
    /// A list of `id@host:port`.
    Voters,
    /// A list of `host:port`.
    Endpoints,
    /// One `host:port`.
    Endpoint,
    /// `earliest`, `latest` or `by_duration:` with a duration of ISO 8601.
    OffsetReset,
}

/// How much a key matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    /// Most users.
    High,
    /// Some.
    Medium,
    /// Few.
    Low,
}

/// How a key can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateMode {
    /// Only with a restart.
    ReadOnly,
    /// For one broker.
    PerBroker,
    /// For one broker, or for all of them.
    ClusterWide,
}

/// What becomes of a key here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is obeyed.
    Used,
    /// It is taken, and there is nothing here that it could change.
    WithoutMeaning(Reason),
    /// It is taken, and has no effect so far.
    NotYet,
    /// Without what it asks for, the node would serve less strictly than it was told to: any value
    /// but the default refuses the start.
    Refused,
}

/// Why a key has no meaning here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It belongs to how Apache Kafka is built inside: its threads, purgatories and buffers.
    Internals,
    /// It names a Java class, or is read by one.
    Java,
    /// It belongs to ZooKeeper.
    ZooKeeper,
    /// Apache Kafka no longer knows it, or no longer reads it.
    Removed,
    /// Only a later release of Apache Kafka knows it.
    Later,
    /// It belongs to an authorizer.
    Authorizer,
    /// It is said of one listener, and Apache Kafka reads it for all of them only.
    AllListeners,
}

/// A table of keys: name, type, default, valid values, importance, update mode, standing, doc.
macro_rules! keys {
    (@internal) => { false };
    (@internal internal) => { true };
    ($($(#[$internal:ident])? $name:literal, $kind:ident, $default:expr, $valid:expr,
       $importance:ident, $update:ident, $standing:expr, $doc:literal;)*) => {
        &[$(ConfigKey {
            name: $name,
            kind: Kind::$kind,
            default: $default,
            valid: $valid,
            importance: Importance::$importance,
            update: UpdateMode::$update,
            standing: $standing,
            is_internal: keys!(@internal $($internal)?),
            doc: $doc,
        }),*]
    };
}

pub(super) use keys;

impl ConfigKey {
    /// The default as text; `None` for no value.
    pub fn default_text(&self) -> Option<&'static str> {
        match self.default {
            DefaultValue::Is(text) => Some(text),
            DefaultValue::Required | DefaultValue::Null => None,
        }
    }

    /// Whether its values may never be shown.
    pub fn is_sensitive(&self) -> bool {
        self.kind == Kind::Password
    }
}

impl Kind {
    /// The number that DescribeConfigs gives the type.
    pub fn code(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::Text => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }

    /// The name as Apache Kafka writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Text => "STRING",
            Self::Int => "INT",
            Self::Short => "SHORT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        }
    }
}

impl Reason {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Internals => "it belongs to how Apache Kafka is built inside",
            Self::Java => "it names a Java class, or is read by one",
            Self::ZooKeeper => "it belongs to ZooKeeper",
            Self::Removed => "Apache Kafka no longer reads it",
            Self::Later => "only a later release of Apache Kafka knows it",
            Self::Authorizer => "there is no authorizer that could read it",
            Self::AllListeners => "a single listener cannot have its own",
        }
    }
}
