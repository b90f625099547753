//! A node asked directly: a controller, which krafka does not talk to, or a broker for what krafka
//! has no call for. Plaintext only, as [`client::brokers`] says.
//!
//! Not the job of this module: what the answers mean.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::brokers::{self, ConnectError};
use client::exception::Exception;
use client::{Properties, connection};
use net::request_connection::{RequestConnection, ResponseBytes};
use protocol::ErrorCode;
use protocol::api_key::Request;
use protocol::generated::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, DescribeClusterResponse,
};
use tokio::time::Instant;

use super::{
    FirstCall, RECONNECT_PAUSE, RECONNECT_PAUSE_MAX, Unanswered, api_timeout,
    read_admin_properties, warn, warn_of_unknown,
};
use crate::arguments::Values;

/// The endpoint type of controllers in DescribeCluster (KIP-919); brokers are 1.
pub(crate) const CONTROLLERS: i8 = 2;

/// Where a tool connects to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bootstrap<'a> {
    Brokers(&'a str),
    Controllers(&'a str),
}

impl<'a> Bootstrap<'a> {
    /// What `--bootstrap-server` or `--bootstrap-controller` says.
    pub(crate) fn of(values: &'a Values) -> Option<Self> {
        let controllers = values.last("bootstrap-controller").map(Self::Controllers);
        controllers.or_else(|| values.last("bootstrap-server").map(Self::Brokers))
    }
}

/// A connection to a node.
pub(crate) struct DirectNode<'a> {
    properties: &'a Properties,
    connection: RequestConnection,
    /// By the ids of the APIs.
    versions: BTreeMap<i16, RangeInclusive<i16>>,
    request_timeout: Duration,
}

impl<'a> DirectNode<'a> {
    /// The first node that answers. As long as nobody does, it is tried again, until the time of
    /// the call is over.
    ///
    /// # Errors
    /// When a property has a value that it does not take or asks for security, when nobody
    /// answers, or when a broker answers where controllers are meant.
    pub(crate) async fn connect(
        bootstrap: Bootstrap<'_>,
        properties: &'a Properties,
        first: FirstCall,
    ) -> Result<Self> {
        let (Bootstrap::Brokers(servers) | Bootstrap::Controllers(servers)) = bootstrap;
        // Checks the addresses, and reads the properties that all clients have.
        let _ = connection::builder(servers, properties)?;
        let timeout = api_timeout(properties)?;
        read_admin_properties(properties);
        warn_of_unknown(properties);
        let deadline = Instant::now() + timeout;
        let mut pause = RECONNECT_PAUSE;
        loop {
            let servers = servers.split(',').map(str::trim);
            for server in servers.filter(|server| !server.is_empty()) {
                let attempt = Self::open(server, properties);
                match tokio::time::timeout_at(deadline, attempt).await {
                    Ok(Ok(node)) => return node.checked(bootstrap).await,
                    Ok(Err(error)) if is_refused(&error) => return Err(error),
                    Ok(Err(error)) => warn(format_args!("{error:#}")),
                    Err(_) => break,
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Unanswered(first.name).into());
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(RECONNECT_PAUSE_MAX);
        }
    }

    async fn open(server: &str, properties: &'a Properties) -> Result<Self> {
        let (host, port) = server.rsplit_once(':').context("an address without port")?;
        let port = port.parse().with_context(|| format!("read port {port}"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let timeout = properties.milliseconds("request.timeout.ms")?;
        let request_timeout = timeout.unwrap_or(connection::REQUEST_TIMEOUT);
        let connection = brokers::connect((host, port), properties, request_timeout).await?;
        let mut node = Self {
            properties,
            connection,
            versions: BTreeMap::new(),
            request_timeout,
        };
        let versions = node.api_versions(|answer| {
            let ranges = answer.api_keys.iter();
            let ranges = ranges.map(|key| (key.api_key, key.min_version..=key.max_version));
            ranges.collect()
        });
        node.versions = versions.await?;
        Ok(node)
    }

    /// Refuses a broker where controllers are meant, as Kafka's clients do.
    async fn checked(self, bootstrap: Bootstrap<'_>) -> Result<Self> {
        if matches!(bootstrap, Bootstrap::Controllers(_)) {
            self.describe_cluster(CONTROLLERS, false, |_| ()).await?;
        }
        Ok(self)
    }

    /// The connection to the active controller, or the one with this id; this connection is to any
    /// of the controllers.
    ///
    /// # Errors
    /// When there is none, or it does not answer.
    pub(crate) async fn controller(self, id: Option<i32>) -> Result<Self> {
        let address = self.describe_cluster(CONTROLLERS, false, |answer| {
            let id = id.unwrap_or(answer.controller_id);
            let mut nodes = answer.brokers.iter();
            let node = nodes.find(|node| node.broker_id == id)?;
            Some(format!("{}:{}", node.host, node.port))
        });
        let address = address.await?;
        let address = address.with_context(|| match id {
            Some(id) => format!("find controller {id}: there is none"),
            None => "find the active controller: there is none".to_owned(),
        })?;
        Self::open(&address, self.properties).await
    }

    /// What `read` makes of the cluster as this node describes it.
    ///
    /// # Errors
    /// When the node refuses.
    pub(crate) async fn describe_cluster<T>(
        &self,
        endpoint_type: i8,
        include_fenced_brokers: bool,
        read: impl FnOnce(&DescribeClusterResponse<'_>) -> T,
    ) -> Result<T> {
        let request = DescribeClusterRequest {
            endpoint_type,
            include_fenced_brokers,
            ..DescribeClusterRequest::default()
        };
        let answer = self.ask(&request).await?;
        let answer = answer.decode()?;
        check(answer.error_code, answer.error_message.as_deref())?;
        Ok(read(&answer))
    }

    /// What `read` makes of the versions of the APIs, and of the features beside them.
    ///
    /// # Errors
    /// When the node does not answer.
    pub(crate) async fn api_versions<T>(
        &self,
        read: impl FnOnce(&ApiVersionsResponse<'_>) -> T,
    ) -> Result<T> {
        let request = ApiVersionsRequest {
            client_software_name: "klamm".into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        // A node that is older than a version answers in version 0 (KIP-511).
        for version in [4, 3, 0] {
            let sent = self
                .connection
                .send(version, &request, self.request_timeout);
            let answer = sent.await?;
            let Ok(answer) = answer.decode() else {
                continue;
            };
            match answer.error_code {
                ErrorCode::UNSUPPORTED_VERSION => {}
                code => {
                    check(code, None)?;
                    return Ok(read(&answer));
                }
            }
        }
        bail!("it serves no version of ApiVersions that is known here")
    }

    /// Sends a request in the highest version that both know.
    ///
    /// # Errors
    /// When there is no such version, or no answer.
    pub(crate) async fn ask<'r, R: Request<'r>>(&self, request: &R) -> Result<ResponseBytes<R>> {
        let known = self.versions.get(&R::KEY.id());
        let version = known.and_then(|known| {
            let version = *known.end().min(R::VERSIONS.end());
            (version >= *known.start() && version >= *R::VERSIONS.start()).then_some(version)
        });
        let version = version.ok_or_else(|| Exception {
            class: "UnsupportedVersionException",
            message: format!("The node does not support {}", R::KEY.name()),
        })?;
        Ok(self
            .connection
            .send(version, request, self.request_timeout)
            .await?)
    }
}

/// Whether it would be the same, however often it is tried.
fn is_refused(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ConnectError::Property(_)))
}

/// What a node says with an answer.
///
/// # Errors
/// When that is an error.
pub(crate) fn check(code: ErrorCode, message: Option<&str>) -> Result<(), Exception> {
    match code {
        ErrorCode::NONE => Ok(()),
        ErrorCode(code) => Err(Exception::of_code(code, message)),
    }
}
