//! The fields of a message and of the structs in it.

use super::super::model::{Default, Field, Fixed, Struct, Type, Versions};
use super::lines::Line;
use anyhow::{Context, Result, bail, ensure};

/// The structs of the message that `line` opens, itself first.
pub(super) fn structs(
    line: &Line,
    name: &str,
    versions: Versions,
    first_flexible: Option<i16>,
) -> Result<Vec<Struct>> {
    let mut structs = Structs {
        message: versions,
        first_flexible,
        done: vec![Struct {
            name: name.to_owned(),
            versions,
            fields: Vec::new(),
        }],
    };
    structs.read(0, &line.children)?;
    structs.check(&line.place)?;
    Ok(structs.done)
}

/// Reads `3`, `3-5` or `3+`; the last is open up to `last`.
pub(super) fn parse_versions(text: &str, last: Option<i16>) -> Result<Versions> {
    let (first, last) = match (text.split_once('-'), text.strip_suffix('+'), last) {
        (Some((first, last)), _, _) => (first.parse()?, last.parse()?),
        (None, Some(first), Some(last)) => (first.parse()?, last),
        (None, None, _) => (text.parse()?, text.parse()?),
        (None, Some(_), None) => bail!("versions `{text}`: an end is missing"),
    };
    ensure!(first <= last, "versions `{text}`: end before they start");
    Ok(Versions { first, last })
}

/// The structs of one message, while they are being read.
struct Structs {
    message: Versions,
    first_flexible: Option<i16>,
    done: Vec<Struct>,
}

impl Structs {
    /// Reads the fields of struct number `index`.
    fn read(&mut self, index: usize, lines: &[Line]) -> Result<()> {
        for line in lines {
            let field = self.field(line).with_context(|| line.place.clone())?;
            if !line.children.is_empty() {
                let name = struct_name(&field.kind);
                let name = name.with_context(|| format!("{}: not a struct", line.place))?;
                let defined = self.done.iter().any(|body| body.name == name);
                ensure!(!defined, "{}: `{name}` is defined twice", line.place);
                self.done.push(Struct {
                    name: name.to_owned(),
                    versions: field.versions,
                    fields: Vec::new(),
                });
                self.read(self.done.len() - 1, &line.children)?;
            } else if let Some(name) = struct_name(&field.kind) {
                // A use after the first: its versions add to those of the struct.
                let body = self.done.iter_mut().find(|body| body.name == name);
                let body = body.with_context(|| format!("{}: no `{name}`", line.place))?;
                body.versions = body.versions.union(field.versions);
            }
            self.done[index].fields.push(field);
        }
        Ok(())
    }

    fn field(&self, line: &Line) -> Result<Field> {
        let name = line.word(0)?;
        let versions = parse_versions(line.word(2)?, Some(self.message.last))?;
        let mut field = Field {
            name: name.to_owned(),
            kind: parse_type(line.word(1)?, name)?,
            versions,
            nullable: None,
            default: None,
            tag: None,
            ignorable: false,
            key: false,
            never_flexible: false,
        };
        let attributes = line.words.get(3..).unwrap_or_default().join(" ");
        for attribute in attributes
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            read_attribute(&mut field, attribute)?;
        }
        ensure!(
            self.message.contains(versions),
            "versions exceed those of the message"
        );
        ensure!(
            field
                .nullable
                .is_none_or(|nullable| versions.contains(nullable)),
            "null in versions that lack the field"
        );
        let flexible = self
            .first_flexible
            .is_some_and(|first| versions.first >= first);
        ensure!(
            field.tag.is_none() || flexible,
            "a tag in versions that are not flexible"
        );
        let may_be_null = field.nullable.is_some();
        ensure!(
            field.default != Some(Default::Null) || may_be_null,
            "null is only the default"
        );
        ensure!(
            !may_be_null || !matches!(field.kind, Type::Fixed(_)),
            "cannot be null"
        );
        Ok(field)
    }

    /// Checks what only the finished structs show.
    fn check(&self, place: &str) -> Result<()> {
        for body in &self.done {
            let mut tags: Vec<u32> = body.fields.iter().filter_map(|field| field.tag).collect();
            tags.sort_unstable();
            let unique = tags.windows(2).all(|two| two[0] != two[1]);
            ensure!(unique, "{place}: two fields of {} have one tag", body.name);
            let within = body
                .fields
                .iter()
                .all(|field| body.versions.contains(field.versions));
            ensure!(
                within,
                "{place}: a field of {} is in more versions than it",
                body.name
            );
        }
        Ok(())
    }
}

fn read_attribute(field: &mut Field, attribute: &str) -> Result<()> {
    let (word, value) = attribute.split_once(' ').unwrap_or((attribute, ""));
    match (word, value) {
        ("null", "") => field.nullable = Some(field.versions),
        ("null", value) => field.nullable = Some(parse_versions(value, Some(field.versions.last))?),
        ("default", "null") => field.default = Some(Default::Null),
        ("default", "true") => field.default = Some(Default::True),
        ("default", number) => field.default = Some(Default::Number(number.parse()?)),
        ("tag", number) => field.tag = Some(number.parse()?),
        ("ignorable", "") => field.ignorable = true,
        ("key", "") => field.key = true,
        ("never", "flexible") => field.never_flexible = true,
        _ => bail!("unknown attribute `{attribute}`"),
    }
    Ok(())
}

fn parse_type(text: &str, field: &str) -> Result<Type> {
    if let Some(element) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return Ok(Type::Array(Box::new(parse_type(element, "")?)));
    }
    let fixed = match text {
        "string" => return Ok(Type::String),
        "bytes" => return Ok(Type::Bytes),
        "records" => return Ok(Type::Records),
        "bool" => Fixed::Bool,
        "int8" => Fixed::Int8,
        "int16" if field.ends_with("ErrorCode") => Fixed::ErrorCode,
        "int16" => Fixed::Int16,
        "uint16" => Fixed::Uint16,
        "int32" => Fixed::Int32,
        "uint32" => Fixed::Uint32,
        "int64" => Fixed::Int64,
        "float64" => Fixed::Float64,
        "uuid" => Fixed::Uuid,
        _ if text.starts_with(|first: char| first.is_ascii_uppercase()) => {
            return Ok(Type::Struct(text.to_owned()));
        }
        _ => bail!("unknown type `{text}`"),
    };
    Ok(Type::Fixed(fixed))
}

fn struct_name(kind: &Type) -> Option<&str> {
    match kind {
        Type::Struct(name) => Some(name),
        Type::Array(element) => struct_name(element),
        _ => None,
    }
}
