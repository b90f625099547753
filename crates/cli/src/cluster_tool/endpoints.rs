//! The table of nodes, with where they listen.

use client::krafka::admin::ClusterBroker;
use protocol::generated::describe_cluster_response::DescribeClusterBroker;

/// A node, a broker or a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    id: i32,
    host: String,
    port: i32,
    rack: Option<String>,
    is_fenced: bool,
}

impl From<ClusterBroker> for Endpoint {
    fn from(broker: ClusterBroker) -> Self {
        Self {
            id: broker.id,
            host: broker.host,
            port: broker.port,
            rack: broker.rack,
            is_fenced: broker.is_fenced,
        }
    }
}

impl From<&DescribeClusterBroker<'_>> for Endpoint {
    fn from(broker: &DescribeClusterBroker<'_>) -> Self {
        Self {
            id: broker.broker_id,
            host: broker.host.clone().into_owned(),
            port: broker.port,
            rack: broker.rack.clone().map(Into::into),
            is_fenced: broker.is_fenced,
        }
    }
}

/// The columns of hosts and racks are as wide as the widest, or so without any.
const HOST_WIDTH: usize = 100;
const RACK_WIDTH: usize = 10;

/// A line for each node, in the order of their ids, below the names of the columns.
pub(super) fn table(mut endpoints: Vec<Endpoint>, is_controllers: bool) -> String {
    endpoints.sort_unstable_by_key(|endpoint| endpoint.id);
    let hosts = endpoints.iter().map(|endpoint| endpoint.host.len());
    let host_width = hosts.max().unwrap_or(HOST_WIDTH);
    let racks = endpoints
        .iter()
        .filter_map(|endpoint| endpoint.rack.as_ref());
    let rack_width = racks.map(String::len).max().unwrap_or(RACK_WIDTH);
    let line = |[id, host, port, rack, state, kind]: [&str; 6]| {
        let state = match is_controllers {
            true => String::new(),
            false => format!("{state:10} "),
        };
        format!("{id:10} {host:host_width$} {port:10} {rack:rack_width$} {state}{kind:15}\n")
    };
    let mut text = line(["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]);
    for endpoint in &endpoints {
        let (id, port) = (endpoint.id.to_string(), endpoint.port.to_string());
        let rack = endpoint.rack.as_deref().unwrap_or("null");
        let state = if endpoint.is_fenced {
            "fenced"
        } else {
            "unfenced"
        };
        let kind = if is_controllers {
            "controller"
        } else {
            "broker"
        };
        text.push_str(&line([&id, &endpoint.host, &port, rack, state, kind]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(id: i32, host: &str, rack: Option<&str>) -> Endpoint {
        Endpoint {
            id,
            host: host.to_owned(),
            port: 9092,
            rack: rack.map(str::to_owned),
            is_fenced: id == 2,
        }
    }

    #[test]
    fn brokers_are_listed_with_their_states() {
        let endpoints = vec![endpoint(2, "b.example", Some("r")), endpoint(1, "a", None)];
        let expected = "\
ID         HOST      PORT       RACK STATE      ENDPOINT_TYPE  
1          a         9092       null unfenced   broker         
2          b.example 9092       r fenced     broker         
";
        assert_eq!(table(endpoints, false), expected);
    }

    #[test]
    fn controllers_have_no_states() {
        let expected = "\
ID         HOST      PORT       RACK       ENDPOINT_TYPE  
1          127.0.0.1 9092       null       controller     
";
        assert_eq!(table(vec![endpoint(1, "127.0.0.1", None)], true), expected);
    }
}
