//! `klamm topics`, which is Kafka's `kafka-topics`: topics are created, listed, described, changed
//! and deleted.
//!
//! Departures from Kafka's tool: topics are described in the order of their names, which Kafka's
//! leaves to chance; `--partition-size-limit-per-response` has no effect, because the admin client
//! asks for as much as brokers answer at once.

mod alter;
mod assignment;
mod create;
mod describe;
mod description;
mod options;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use client::Properties;
use client::exception::Exception;
use client::krafka::admin::DeleteTopicsOptions;
use client::krafka::{KrafkaError, TopicInfo};

use crate::arguments::KAFKA_VERSION;
use crate::arguments::jopt::Parsed;
use crate::cluster::{self, FirstCall};
use crate::commands::Call;
use crate::topic_pattern::TopicPattern;

use alter::Alteration;
use create::Creation;
use describe::Description;

/// What the tool calls itself, as Kafka's admin client does.
const CLIENT_ID: &str = "adminclient-1";

/// What is to be done.
#[derive(Debug)]
enum Action {
    Create(Creation),
    List,
    Describe(Description),
    Alter(Alteration),
    Delete,
}

/// Which topics it is done with.
#[derive(Debug)]
struct Selection {
    topic: Option<String>,
    pattern: Option<TopicPattern>,
    exclude_internal: bool,
    if_exists: bool,
}

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = options::read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if parsed.values.has("delete-config") {
        cluster::warn(format_args!("delete-config has no effect"));
    }
    if ["describe", "if-exists", "topic", "topic-id"].map(|option| parsed.values.has(option))
        == [true; 4]
    {
        writeln!(
            out,
            "Only topic id will be used when both --topic and --topic-id are specified and \
             topicId is not Uuid.ZERO_UUID"
        )?;
    }
    let bootstrap_servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let mut properties = cluster::properties(parsed.single("command-config")?, std::iter::empty())?;
    properties.set_default("client.id", CLIENT_ID);
    match execute(&parsed, bootstrap_servers, &properties, out) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            let words = cluster::words_of(&error);
            writeln!(out, "Error while executing topic command : {words}")?;
            let _ = writeln!(io::stderr(), "ERROR {}", cluster::exception_of(&error));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn execute(
    parsed: &Parsed,
    bootstrap_servers: &str,
    properties: &Properties,
    out: &mut dyn Write,
) -> Result<()> {
    let action = Action::of(parsed)?;
    let selection = Selection::of(parsed)?;
    cluster::run(async {
        let first = FirstCall::named(action.first_call());
        let (kafka, admin) = cluster::admin(bootstrap_servers, properties, first).await?;
        let known = client::topics::known(&kafka).await?;
        match action {
            Action::Create(creation) => creation.execute(&admin, out).await,
            Action::List => {
                let topics = selection.topics(&known);
                Ok(writeln!(out, "{}", topics.join("\n"))?)
            }
            Action::Describe(description) => {
                let topics = description.topics(&selection, &known)?;
                description.execute(&admin, topics, out).await
            }
            Action::Alter(alteration) => {
                let topics = selection.existing(&known)?;
                let altered = alteration.execute(&admin, topics, bootstrap_servers, properties);
                altered.await
            }
            Action::Delete => {
                let topics = selection.existing(&known)?;
                let deleted = admin.delete_topics(topics, DeleteTopicsOptions::default());
                first_failure(deleted.await?)
            }
        }
    })
}

/// Fails with what failed first, in the order of the names.
fn first_failure(results: HashMap<String, Result<(), KrafkaError>>) -> Result<()> {
    for result in BTreeMap::from_iter(results).into_values() {
        result?;
    }
    Ok(())
}

impl Action {
    fn of(parsed: &Parsed) -> Result<Self> {
        let has = |action| parsed.values.has(action);
        Ok(match () {
            () if has("create") => Self::Create(Creation::of(parsed)?),
            () if has("list") => Self::List,
            () if has("describe") => Self::Describe(Description::of(parsed)?),
            () if has("alter") => Self::Alter(Alteration::of(parsed)?),
            () if has("delete") => Self::Delete,
            () => bail!("run topics: no action"),
        })
    }

    /// What Kafka's tool asks first.
    const fn first_call(&self) -> &'static str {
        match self {
            Self::Create(_) => "createTopics",
            Self::List | Self::Describe(_) | Self::Alter(_) | Self::Delete => "listTopics",
        }
    }
}

impl Selection {
    fn of(parsed: &Parsed) -> Result<Self, Exception> {
        let topic = parsed.single("topic")?;
        let is_pattern = !parsed.values.has("create");
        let pattern = topic.filter(|_| is_pattern).map(TopicPattern::parse);
        Ok(Self {
            topic: topic.map(str::to_owned),
            pattern: pattern.transpose()?,
            exclude_internal: parsed.values.has("exclude-internal"),
            if_exists: parsed.values.has("if-exists"),
        })
    }

    /// The names of the topics that are meant, in their order.
    fn topics(&self, known: &[TopicInfo]) -> Vec<String> {
        let is_meant = |topic: &&TopicInfo| {
            let is_allowed =
                |pattern: &TopicPattern| pattern.allows(&topic.name, self.exclude_internal);
            !(self.exclude_internal && topic.is_internal)
                && self.pattern.as_ref().is_none_or(is_allowed)
        };
        let meant = known.iter().filter(is_meant);
        meant.map(|topic| topic.name.clone()).collect()
    }

    /// The same; that there are none is a failure if one was named and has to exist.
    fn existing(&self, known: &[TopicInfo]) -> Result<Vec<String>> {
        let topics = self.topics(known);
        match &self.topic {
            Some(topic) if topics.is_empty() && !topic.is_empty() && !self.if_exists => {
                let message = format!("Topic '{topic}' does not exist as expected");
                Err(Exception::illegal_argument(message).into())
            }
            _ => Ok(topics),
        }
    }
}
