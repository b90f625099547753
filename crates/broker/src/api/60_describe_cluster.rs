//! DescribeCluster (key 60), versions 0 to 2: the brokers, as clients of this listener reach them,
//! or the controllers on a listener of theirs.
//!
//! - From version 1 on the client says whether it takes this for a broker or for a controller
//!   (KIP-919); a wrong guess is MISMATCHED_ENDPOINT_TYPE.
//! - From version 2 on fenced brokers are listed if asked for (KIP-1073).
//! - Controllers tell only those who may ALTER the cluster, and only where the cluster has agreed
//!   on a metadata version in which controllers register.
//! - The controller that brokers name is a broker that passes requests on to it, as in Kafka.

#[cfg(test)]
#[path = "60_describe_cluster/tests.rs"]
mod tests;

use super::ListenerKind;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::ApiError;
use metadata::features::MetadataVersion;
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_cluster_response::DescribeClusterBroker;
use protocol::generated::{DescribeClusterRequest, DescribeClusterResponse};
use std::sync::Arc;

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeClusterRequest = call.decode()?;
    let published = broker.metadata.current();
    let checked = check_controllers(&broker, &published.image, &call)
        .and_then(|()| check_endpoint_type(call.listener, request.endpoint_type));
    if let Err(error) = checked {
        return call.answer(&DescribeClusterResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code: error.code,
            error_message: error.message.map(Into::into),
            ..DescribeClusterResponse::default()
        });
    }
    let image = &published.image;
    let (controller_id, brokers) = match call.listener {
        ListenerKind::Broker => (
            super::metadata::controller_id(&broker, image),
            brokers(image, &request, &call),
        ),
        // The quorum has no other voter.
        ListenerKind::Controller => (broker.identity.node_id, controllers(image, &call)),
    };
    let mut response = DescribeClusterResponse {
        throttle_time_ms: call.throttle_time_ms(),
        endpoint_type: endpoint_type(call.listener),
        cluster_id: broker.identity.cluster_id.as_str().into(),
        controller_id,
        brokers,
        ..DescribeClusterResponse::default()
    };
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = broker.cluster_operations(&call.context);
    }
    call.answer(&response)
}

const fn endpoint_type(listener: ListenerKind) -> i8 {
    match listener {
        ListenerKind::Broker => BROKERS,
        ListenerKind::Controller => CONTROLLERS,
    }
}

/// Whether this client learns anything of controllers, if it asks one.
fn check_controllers(broker: &Broker, image: &MetadataImage, call: &Call) -> Result<(), ApiError> {
    if call.listener != ListenerKind::Controller {
        return Ok(());
    }
    let version = image.features().metadata_version();
    if !version.is_some_and(MetadataVersion::has_controller_registration) {
        let message =
            "Direct-to-controller communication is not supported with the current MetadataVersion.";
        return Err(ApiError::new(ErrorCode::UNSUPPORTED_VERSION, message));
    }
    match broker.authorise(&call.context, Operation::Alter, Resource::Cluster) {
        true => Ok(()),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    }
}

fn check_endpoint_type(listener: ListenerKind, wanted: i8) -> Result<(), ApiError> {
    let name = |endpoint_type| match endpoint_type {
        BROKERS => Some("BROKER"),
        CONTROLLERS => Some("CONTROLLER"),
        _ => None,
    };
    let found = endpoint_type(listener);
    match (name(found), name(wanted)) {
        _ if found == wanted => Ok(()),
        (Some(found), Some(wanted)) => Err(ApiError::new(
            ErrorCode::MISMATCHED_ENDPOINT_TYPE,
            format!(
                "The request was sent to an endpoint of type {found}, but we wanted an endpoint of \
                 type {wanted}"
            ),
        )),
        _ => Err(ApiError::new(
            ErrorCode::UNSUPPORTED_ENDPOINT_TYPE,
            format!("Unsupported endpoint type {wanted}"),
        )),
    }
}

fn brokers<'a>(
    image: &'a MetadataImage,
    request: &DescribeClusterRequest,
    call: &Call,
) -> Vec<DescribeClusterBroker<'a>> {
    let listener = call.context.connection.listener.as_str();
    let shown = image
        .cluster()
        .brokers()
        .filter(|broker| !broker.fenced || request.include_fenced_brokers);
    let reached = shown.filter_map(|broker| Some((broker, broker.endpoint(listener)?)));
    reached
        .map(|(broker, endpoint)| DescribeClusterBroker {
            broker_id: broker.id,
            host: endpoint.host.as_str().into(),
            port: i32::from(endpoint.port),
            rack: broker.rack.as_deref().map(Into::into),
            is_fenced: broker.fenced,
        })
        .collect()
}

fn controllers<'a>(image: &'a MetadataImage, call: &Call) -> Vec<DescribeClusterBroker<'a>> {
    let listener = call.context.connection.listener.as_str();
    let registered = image.cluster().controllers();
    let reached = registered.filter_map(|controller| {
        let mut endpoints = controller.end_points.iter();
        Some((controller, endpoints.find(|each| each.name == listener)?))
    });
    reached
        .map(|(controller, endpoint)| DescribeClusterBroker {
            broker_id: controller.controller_id,
            host: endpoint.host.as_str().into(),
            port: i32::from(endpoint.port),
            ..DescribeClusterBroker::default()
        })
        .collect()
}
