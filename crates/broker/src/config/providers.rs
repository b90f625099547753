//! Values that stand elsewhere: `${provider:path:key}` (KIP-297, 421, 887).
//!
//! `config.providers` names providers, `config.providers.<name>.class` says what each of them is,
//! and `config.providers.<name>.param.*` where it may look. There are those that come with Apache
//! Kafka: properties files, directories with a file for each value, and environment variables.
//!
//! Not the job of this module: what keys mean.
//!
//! Invariants:
//! - What a provider has given is neither shown nor looked at for variables again.
//! - A variable of a provider that is not named, or that it has nothing for, stays as it is.
//!
//! Departures from Kafka: a provider without a class refuses the configuration, where Kafka passes
//! it over; and the line ends of a file of a directory are kept, as there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::error::ConfigError;
use super::settings::parse_properties;

const PROVIDERS: &str = "config.providers";
/// The system property of Java's that restricts the classes of providers, given in `KAFKA_OPTS`.
const AUTOMATIC: &str = "-Dorg.apache.kafka.automatic.config.providers=";

/// One that was named.
enum Provider {
    Files(AllowedPaths),
    Directories(AllowedPaths),
    Environment(BTreeMap<String, String>),
}

/// `allowed.paths`; none allows all.
struct AllowedPaths(Option<Vec<PathBuf>>);

/// A variable in a value.
#[derive(Debug, PartialEq, Eq)]
struct Variable<'a> {
    provider: &'a str,
    path: &'a str,
    key: &'a str,
}

/// Replaces the variables in all values; returns the keys whose values have become others, with
/// what they were.
///
/// # Errors
/// When a provider is not what it must be, may not be used, or cannot read what it is asked for.
pub fn resolve(
    values: &mut BTreeMap<String, String>,
    environment: &[(String, String)],
) -> Result<BTreeMap<String, String>, ConfigError> {
    let providers = providers_of(values, environment)?;
    let mut before = BTreeMap::new();
    if providers.is_empty() {
        return Ok(before);
    }
    for (key, value) in values.iter_mut() {
        let resolved = replace(value, &providers)?;
        if resolved != *value {
            before.insert(key.clone(), std::mem::replace(value, resolved));
        }
    }
    Ok(before)
}

/// Whether a key says something of a provider.
pub(super) fn is_of_provider(key: &str) -> bool {
    let rest = key.strip_prefix(PROVIDERS);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

fn providers_of(
    values: &BTreeMap<String, String>,
    environment: &[(String, String)],
) -> Result<BTreeMap<String, Provider>, ConfigError> {
    let mut providers = BTreeMap::new();
    let names = values.get(PROVIDERS).map_or("", String::as_str).split(',');
    let allowed = allowed_classes(environment);
    for name in names.map(str::trim).filter(|name| !name.is_empty()) {
        let class_key = format!("{PROVIDERS}.{name}.class");
        let Some(class) = values.get(&class_key) else {
            let reason = format!("names {name}, and there is no {class_key}");
            return Err(ConfigError::list(PROVIDERS, reason));
        };
        if allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.contains(&**class))
        {
            let property = AUTOMATIC.trim_start_matches("-D").trim_end_matches('=');
            return Err(ConfigError::Conflict(format!(
                "{class} is not allowed. Update System property '{property}' to allow {class}"
            )));
        }
        let param = |param: &str| {
            let value = values.get(&format!("{PROVIDERS}.{name}.param.{param}"));
            value.map(String::as_str)
        };
        let provider = match class.strip_prefix("org.apache.kafka.common.config.provider.") {
            Some("FileConfigProvider") => {
                Provider::Files(AllowedPaths::parse(param("allowed.paths"))?)
            }
            Some("DirectoryConfigProvider") => {
                Provider::Directories(AllowedPaths::parse(param("allowed.paths"))?)
            }
            Some("EnvVarConfigProvider") => {
                Provider::Environment(allowed_variables(param("allowlist.pattern"), environment)?)
            }
            _ => {
                let reason = "Could not load config provider class or one of its dependencies";
                return Err(ConfigError::value(&class_key, class, reason));
            }
        };
        providers.insert(name.to_owned(), provider);
    }
    Ok(providers)
}

/// The classes that may be providers; none if nothing is said of them.
fn allowed_classes(environment: &[(String, String)]) -> Option<BTreeSet<&str>> {
    let options = environment.iter().find(|(name, _)| name == "KAFKA_OPTS");
    let (_, options) = options?;
    // As in Java, the last one counts.
    let mut settings = options.split_whitespace().rev();
    let classes = settings.find_map(|option| option.strip_prefix(AUTOMATIC))?;
    Some(classes.split(',').map(str::trim).collect())
}

fn allowed_variables(
    pattern: Option<&str>,
    environment: &[(String, String)],
) -> Result<BTreeMap<String, String>, ConfigError> {
    let pattern = pattern.unwrap_or(".*");
    let whole = Regex::new(&format!("^(?:{pattern})$"));
    let whole = whole.map_err(|_| {
        let reason = "it is no regular expression";
        ConfigError::value("allowlist.pattern", pattern, reason)
    })?;
    let allowed = environment.iter().filter(|(name, _)| whole.is_match(name));
    Ok(allowed.cloned().collect())
}

fn replace(value: &str, providers: &BTreeMap<String, Provider>) -> Result<String, ConfigError> {
    let (mut resolved, mut rest) = (String::with_capacity(value.len()), value);
    while let Some(begin) = rest.find("${") {
        let (before, from) = rest.split_at(begin);
        resolved.push_str(before);
        let Some((variable, size)) = Variable::at_begin(from) else {
            resolved.push_str("${");
            rest = &from[2..];
            continue;
        };
        let found = match providers.get(variable.provider) {
            Some(provider) => provider.value(&variable)?,
            None => None,
        };
        resolved.push_str(found.as_deref().unwrap_or(&from[..size]));
        rest = &from[size..];
    }
    resolved.push_str(rest);
    Ok(resolved)
}

impl<'a> Variable<'a> {
    /// Reads the variable that `text` begins with, and its size.
    fn at_begin(text: &'a str) -> Option<(Self, usize)> {
        let (content, _) = text.strip_prefix("${")?.split_once('}')?;
        let (provider, rest) = content.split_once(':')?;
        let (path, key) = rest.split_once(':').unwrap_or(("", rest));
        let variable = Self {
            provider,
            path,
            key,
        };
        Some((variable, content.len() + "${}".len()))
    }
}

impl Provider {
    fn value(&self, variable: &Variable<'_>) -> Result<Option<String>, ConfigError> {
        let (path, key) = (variable.path, variable.key);
        match self {
            Self::Environment(_) if !path.is_empty() => Err(ConfigError::Conflict(format!(
                "Path is not supported for EnvVarConfigProvider, invalid value '{path}'"
            ))),
            Self::Environment(variables) => Ok(variables.get(key).cloned()),
            Self::Files(allowed) => {
                let Some(path) = allowed.path(path) else {
                    return Ok(None);
                };
                let read = fs::read(&path).ok();
                let read = read.and_then(|bytes| parse_properties(&bytes).ok());
                let mut properties = read.ok_or_else(|| {
                    let path = path.display();
                    ConfigError::Conflict(format!("Could not read properties from file {path}"))
                })?;
                Ok(properties.remove(key))
            }
            Self::Directories(allowed) => {
                // A key is the name of a file in this directory, and nothing else.
                let is_name = Path::new(key).file_name().is_some_and(|name| name == key);
                let Some(directory) = allowed.path(path).filter(|_| is_name) else {
                    return Ok(None);
                };
                let file = directory.join(key);
                if !file.is_file() {
                    return Ok(None);
                }
                let content = fs::read_to_string(&file);
                content.map(Some).map_err(|_| {
                    let file = file.display();
                    ConfigError::Conflict(format!("Could not read file {file} for property {key}"))
                })
            }
        }
    }
}

impl AllowedPaths {
    fn parse(text: Option<&str>) -> Result<Self, ConfigError> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(Self(None));
        };
        let paths = text.split(',').map(|path| {
            let path = normalised(Path::new(path));
            let shown = path.display();
            if !path.is_absolute() {
                Err(ConfigError::Conflict(format!(
                    "Path {shown} is not absolute"
                )))
            } else if !path.exists() {
                Err(ConfigError::Conflict(format!(
                    "Path {shown} does not exist"
                )))
            } else {
                Ok(path)
            }
        });
        Ok(Self(Some(paths.collect::<Result<_, _>>()?)))
    }

    /// The path, if something is to be looked for there.
    fn path(&self, path: &str) -> Option<PathBuf> {
        let asked = (!path.is_empty()).then(|| PathBuf::from(path))?;
        let Some(allowed) = &self.0 else {
            return Some(asked);
        };
        let asked = normalised(&asked);
        let is_allowed = allowed.iter().any(|allowed| asked.starts_with(allowed));
        is_allowed.then_some(asked)
    }
}

/// Without `.` and `..`, as far as the text tells; links are not followed.
fn normalised(path: &Path) -> PathBuf {
    let mut normalised = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normalised.file_name().is_some() => {
                normalised.pop();
            }
            Component::ParentDir if normalised.has_root() => {}
            component => normalised.push(component),
        }
    }
    normalised
}

#[cfg(test)]
mod tests;
