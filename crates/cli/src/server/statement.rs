//! What a node says of itself to the commands that look for it: its text, a line of JSON.
//!
//! Not the job of this module: where the line is kept (`presence`) and how it is found (`running`).

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// Everything that a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) phase: Phase,
    /// Which commands it is for, see [`super::presence::SCOPE`].
    pub(super) scope: String,
    /// When the process began, in the unit and by the clock of `/proc/PID/stat`: together with the
    /// pid, nothing else has that.
    pub(super) begin_ticks: u64,
    /// When the process began, in milliseconds since 1970.
    pub(super) started_ms: u64,
    /// The `server.properties`, if there is one; absolute.
    pub(super) config_file: Option<PathBuf>,
    /// Known once the configuration was read.
    pub(super) node: Option<NodeStatement>,
    /// Known once the node is ready.
    pub(super) serving: Option<ServingStatement>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Ready,
    Stopping,
}

/// What the configuration of a node says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeStatement {
    pub(super) node_id: i32,
    /// `broker`, `controller` or both, in this order.
    pub(super) roles: Vec<String>,
    /// Absolute.
    pub(super) log_dirs: Vec<PathBuf>,
    /// Absolute; often one of those.
    pub(super) metadata_log_dir: PathBuf,
}

/// What a node serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServingStatement {
    pub(super) cluster_id: String,
    /// As others are told to reach it.
    pub(super) listeners: Vec<ListenerStatement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListenerStatement {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) port: u16,
}

/// Keys that are only for the commands; the others are shown by `klamm server status --json`.
const SCOPE: &str = "scope";
const BEGIN_TICKS: &str = "beginTicks";

impl Statement {
    /// The statement of a line; none if it is no line of a node.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let number = |key: &str| value.get(key)?.as_u64();
        let node = value.get("nodeId")?.as_i64();
        let node = node.map(|node_id| {
            Some(NodeStatement {
                node_id: node_id.try_into().ok()?,
                roles: texts(value.get("roles")?)?,
                log_dirs: texts(value.get("logDirs")?)?
                    .into_iter()
                    .map(PathBuf::from)
                    .collect(),
                metadata_log_dir: text("metadataLogDir")?.into(),
            })
        });
        let serving = text("clusterId").map(|cluster_id| {
            let listeners = value.get("listeners")?.as_array()?.iter();
            Some(ServingStatement {
                cluster_id,
                listeners: listeners
                    .map(ListenerStatement::of)
                    .collect::<Option<_>>()?,
            })
        });
        Some(Self {
            phase: Phase::named(&text("state")?)?,
            scope: text(SCOPE)?,
            begin_ticks: number(BEGIN_TICKS)?,
            started_ms: number("startedMs")?,
            config_file: text("configFile").map(PathBuf::from),
            // A part is absent or complete.
            node: node.map_or(Some(None), |part| part.map(Some))?,
            serving: serving.map_or(Some(None), |part| part.map(Some))?,
        })
    }

    /// As one line, with its end.
    pub(super) fn to_line(&self) -> String {
        let mut object = self.to_public();
        object.insert(SCOPE.to_owned(), json!(self.scope));
        object.insert(BEGIN_TICKS.to_owned(), json!(self.begin_ticks));
        format!("{}\n", Value::Object(object))
    }

    /// What everybody may see. All keys are there; what is not known yet is null.
    pub(super) fn to_public(&self) -> Map<String, Value> {
        let node = self.node.as_ref();
        let serving = self.serving.as_ref();
        let paths = |paths: &[PathBuf]| paths.iter().map(|path| shown(path)).collect::<Vec<_>>();
        let listeners = |serving: &ServingStatement| {
            let listeners = serving.listeners.iter();
            let listeners = listeners
                .map(|each| json!({"name": each.name, "host": each.host, "port": each.port}));
            listeners.collect::<Vec<_>>()
        };
        let pairs = [
            ("state", json!(self.phase.to_string())),
            ("startedMs", json!(self.started_ms)),
            ("configFile", json!(self.config_file.as_deref().map(shown))),
            ("nodeId", json!(node.map(|node| node.node_id))),
            ("roles", json!(node.map(|node| &node.roles))),
            ("logDirs", json!(node.map(|node| paths(&node.log_dirs)))),
            (
                "metadataLogDir",
                json!(node.map(|node| shown(&node.metadata_log_dir))),
            ),
            ("clusterId", json!(serving.map(|each| &each.cluster_id))),
            ("listeners", json!(serving.map(listeners))),
        ];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value));
        pairs.into_iter().collect()
    }

    /// How messages call the node.
    pub(super) fn name(&self) -> String {
        match &self.node {
            Some(node) => format!("node {}", node.node_id),
            None => "a node".to_owned(),
        }
    }
}

impl Phase {
    const ALL: [Self; 3] = [Self::Starting, Self::Ready, Self::Stopping];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.to_string() == name)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
        })
    }
}

impl ListenerStatement {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            name: value.get("name")?.as_str()?.to_owned(),
            host: value.get("host")?.as_str()?.to_owned(),
            port: value.get("port")?.as_u64()?.try_into().ok()?,
        })
    }
}

/// As in `advertised.listeners`.
impl fmt::Display for ListenerStatement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, host, port } = self;
        match host.contains(':') {
            true => write!(formatter, "{name}://[{host}]:{port}"),
            false => write!(formatter, "{name}://{host}:{port}"),
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    let texts = texts.map(|text| text.as_str().map(str::to_owned));
    texts.collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starting() -> Statement {
        Statement {
            phase: Phase::Starting,
            scope: "a \"b\"".to_owned(),
            begin_ticks: u64::MAX,
            started_ms: 1_795_193_584_211,
            config_file: None,
            node: None,
            serving: None,
        }
    }

    fn ready() -> Statement {
        let listener = |name: &str, host: &str| ListenerStatement {
            name: name.to_owned(),
            host: host.to_owned(),
            port: 9092,
        };
        Statement {
            phase: Phase::Ready,
            config_file: Some("/etc/server.properties".into()),
            node: Some(NodeStatement {
                node_id: 7,
                roles: vec!["broker".to_owned(), "controller".to_owned()],
                log_dirs: vec!["/data".into(), "/more\n".into()],
                metadata_log_dir: "/meta".into(),
            }),
            serving: Some(ServingStatement {
                cluster_id: "c".to_owned(),
                listeners: vec![listener("PLAINTEXT", "::1"), listener("OUT", "host")],
            }),
            ..starting()
        }
    }

    #[test]
    fn a_statement_is_one_line_and_comes_back_from_it() {
        for statement in [starting(), ready()] {
            let line = statement.to_line();
            assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
            assert_eq!(Statement::of_line(&line), Some(statement));
        }
    }

    #[test]
    fn part_of_a_line_or_anything_else_is_no_statement() {
        let line = ready().to_line();
        for end in 0..line.len() - 1 {
            assert_eq!(Statement::of_line(&line[..end]), None, "{end}");
        }
        let check = |line: &str| assert_eq!(Statement::of_line(line), None, "{line}");
        check("[]");
        check(&line.replace("\"ready\"", "\"resting\""));
        check(&line.replace("[\"broker\",\"controller\"]", "null"));
        check(&line.replace("9092", "99092"));
    }

    #[test]
    fn what_is_not_known_yet_is_null_and_the_keys_are_the_same() {
        let keys = |statement: &Statement| statement.to_public().into_iter().map(|(key, _)| key);
        let all: Vec<_> = keys(&ready()).collect();
        assert_eq!(keys(&starting()).collect::<Vec<_>>(), all);
        assert_eq!(starting().to_public()["logDirs"], Value::Null);
        let of_both = ready().serving.unwrap().listeners;
        assert_eq!(of_both[0].to_string(), "PLAINTEXT://[::1]:9092");
        assert_eq!(of_both[1].to_string(), "OUT://host:9092");
    }
}
