//! Who may do what to which resource: the one question that every request asks about every resource
//! it names.
//!
//! Not the job of this module: what becomes of a refusal. Some APIs leave the resource out of the
//! answer, others answer with an error; their handlers know.

use net::request_context::Principal;
use std::net::IpAddr;

/// What is to be done to a resource. The numbers are those of Kafka's `AclOperation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Kafka's")]
pub enum Operation {
    Read = 3,
    Write = 4,
    Create = 5,
    Delete = 6,
    Alter = 7,
    Describe = 8,
    ClusterAction = 9,
    DescribeConfigs = 10,
    AlterConfigs = 11,
    IdempotentWrite = 12,
    TwoPhaseCommit = 15,
}

/// What something is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The cluster as a whole.
    Cluster,
    /// A topic, by name.
    Topic(&'a str),
    /// A group, by id.
    Group(&'a str),
    /// A transactional id.
    TransactionalId(&'a str),
}

/// Decides.
pub trait Authorizer: Send + Sync {
    /// Whether the principal, connected from `host`, may.
    fn authorise(
        &self,
        principal: &Principal,
        host: IpAddr,
        operation: Operation,
        resource: Resource<'_>,
    ) -> bool;
}

/// Everybody may do everything, as on a Kafka without `authorizer.class.name`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowAll;

impl Authorizer for AllowAll {
    fn authorise(&self, _: &Principal, _: IpAddr, _: Operation, _: Resource<'_>) -> bool {
        true
    }
}

impl Resource<'_> {
    /// The operations that exist for resources of this kind.
    const fn operations(self) -> &'static [Operation] {
        use Operation::{
            Alter, AlterConfigs, ClusterAction, Create, Delete, Describe, DescribeConfigs,
            IdempotentWrite, Read, TwoPhaseCommit, Write,
        };
        match self {
            Self::Cluster => &[
                Create,
                ClusterAction,
                DescribeConfigs,
                AlterConfigs,
                IdempotentWrite,
                Alter,
                Describe,
            ],
            Self::Topic(_) => &[
                Read,
                Write,
                Create,
                Describe,
                Delete,
                Alter,
                DescribeConfigs,
                AlterConfigs,
            ],
            Self::Group(_) => &[Read, Describe, Delete, DescribeConfigs, AlterConfigs],
            Self::TransactionalId(_) => &[Describe, Write, TwoPhaseCommit],
        }
    }
}

/// What the principal may do to a resource, one bit for each operation (KIP-430).
pub fn authorized_operations(
    authorizer: &dyn Authorizer,
    principal: &Principal,
    host: IpAddr,
    resource: Resource<'_>,
) -> i32 {
    resource
        .operations()
        .iter()
        .filter(|operation| authorizer.authorise(principal, host, **operation, resource))
        .fold(0, |bits, operation| bits | 1 << (*operation as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct ReadsOnly;

    impl Authorizer for ReadsOnly {
        fn authorise(&self, _: &Principal, _: IpAddr, op: Operation, _: Resource<'_>) -> bool {
            op == Operation::Read
        }
    }

    #[test]
    fn operations_are_bits_that_only_who_may_gets() {
        let host = IpAddr::from([127, 0, 0, 1]);
        let bits =
            |by: &dyn Authorizer, of| authorized_operations(by, &Principal::anonymous(), host, of);
        assert_eq!(bits(&ReadsOnly, Resource::Topic("t")), 1 << 3);
        assert_eq!(bits(&ReadsOnly, Resource::Cluster), 0);
        // What Kafka 4.3 answers without an authorizer.
        assert_eq!(bits(&AllowAll, Resource::Topic("t")), 3_576);
        assert_eq!(bits(&AllowAll, Resource::Cluster), 8_096);
        assert_eq!(bits(&AllowAll, Resource::Group("g")), 3_400);
    }
}
