//! Every family of metrics there is, with its name and what it says.
//!
//! Names are those that exporters make of Kafka's; the rule is in `docs/operations/metrics.md`,
//! whose table a test compares with this file.

use super::exposition::{Family, Kind};

/// One constant for each family; the help is its documentation.
macro_rules! families {
    ($($constant:ident, $kind:ident, $name:literal, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $constant: Family = Family {
                name: $name,
                kind: Kind::$kind,
                help: $help,
            };
        )*

        #[cfg(test)]
        pub(super) static ALL: &[&Family] = &[$(&$constant),*];
    };
}

families! {
    BROKER_STATE, Gauge, "kafka_server_kafkaserver_brokerstate",
        "State of the broker: 0 not running, 1 starting, 2 recovery, 3 running, \
         6 controlled shutdown, 7 shutting down.";
    LAST_APPLIED_RECORD_OFFSET, Gauge,
        "kafka_server_broker_metadata_metrics_last_applied_record_offset",
        "Offset of the last metadata record that is in effect on this node, -1 before the first.";
    BUILD_INFO, Gauge, "klamm_build_info",
        "Always 1; the label has the version of the program.";
    PROCESS_CPU_SECONDS, Counter, "process_cpu_seconds_total",
        "Processor time the process has used, in seconds.";
    PROCESS_RESIDENT_MEMORY_BYTES, Gauge, "process_resident_memory_bytes",
        "Memory of the process that is resident, in bytes.";
    PROCESS_VIRTUAL_MEMORY_BYTES, Gauge, "process_virtual_memory_bytes",
        "Address space of the process, in bytes.";
    PROCESS_THREADS, Gauge, "process_threads",
        "Threads of the process.";
    PROCESS_OPEN_FDS, Gauge, "process_open_fds",
        "Open file descriptors.";
    PROCESS_MAX_FDS, Gauge, "process_max_fds",
        "How many file descriptors may be open.";
    PROCESS_START_TIME_SECONDS, Gauge, "process_start_time_seconds",
        "When the process was started, in seconds since 1970.";

    CONNECTION_COUNT, Gauge, "kafka_server_socket_server_metrics_connection_count",
        "Open connections.";
    CONNECTION_CREATIONS, Counter, "kafka_server_socket_server_metrics_connection_creation_total",
        "Connections opened.";
    CONNECTION_CLOSES, Counter, "kafka_server_socket_server_metrics_connection_close_total",
        "Connections ended.";
    INCOMING_BYTES, Counter, "kafka_server_socket_server_metrics_incoming_byte_total",
        "Bytes of requests that were answered, with their sizes in front.";
    OUTGOING_BYTES, Counter, "kafka_server_socket_server_metrics_outgoing_byte_total",
        "Bytes of answers sent, with their sizes in front.";
    CLOSES_BY_REASON, Counter, "klamm_network_connections_closed_total",
        "Connections ended, by reason.";
    CONNECTIONS_REFUSED, Counter, "klamm_network_connections_refused_total",
        "Connections turned away because their address has as many as it may.";
    ACCEPT_FAILURES, Counter, "klamm_network_accept_failures_total",
        "Times that the operating system could not accept a connection.";

    REQUESTS, Counter, "kafka_network_requestmetrics_requests_total",
        "Requests answered, by API and version.";
    TOTAL_TIME, Histogram, "kafka_network_requestmetrics_totaltimems",
        "From the last byte of a request received to its answer sent, in milliseconds.";
    REQUEST_QUEUE_TIME, Histogram, "kafka_network_requestmetrics_requestqueuetimems",
        "How long requests waited for their handler, in milliseconds.";
    LOCAL_TIME, Histogram, "kafka_network_requestmetrics_localtimems",
        "How long handlers kept the next request of the connection waiting, in milliseconds.";
    REMOTE_TIME, Histogram, "kafka_network_requestmetrics_remotetimems",
        "How long handled requests waited for others, in milliseconds.";
    RESPONSE_QUEUE_TIME, Histogram, "kafka_network_requestmetrics_responsequeuetimems",
        "How long answers waited for the answers before them, in milliseconds.";
    RESPONSE_SEND_TIME, Histogram, "kafka_network_requestmetrics_responsesendtimems",
        "How long answers took to be sent, in milliseconds.";
    REQUEST_BYTES, Histogram, "kafka_network_requestmetrics_requestbytes",
        "Sizes of requests, in bytes.";

    MESSAGES_IN, Counter, "kafka_server_brokertopicmetrics_messagesin_total",
        "Records appended for producers.";
    BYTES_IN, Counter, "kafka_server_brokertopicmetrics_bytesin_total",
        "Bytes of record batches appended for producers.";
    BYTES_OUT, Counter, "kafka_server_brokertopicmetrics_bytesout_total",
        "Bytes of record batches sent to consumers.";
    BYTES_REJECTED, Counter, "kafka_server_brokertopicmetrics_bytesrejected_total",
        "Bytes of record batches refused for their size.";
    PRODUCE_REQUESTS, Counter, "kafka_server_brokertopicmetrics_totalproducerequests_total",
        "Partitions that producers asked to append to.";
    FAILED_PRODUCE_REQUESTS, Counter, "kafka_server_brokertopicmetrics_failedproducerequests_total",
        "Partitions that could not be appended to.";
    FETCH_REQUESTS, Counter, "kafka_server_brokertopicmetrics_totalfetchrequests_total",
        "Partitions that were read for fetches.";
    FAILED_FETCH_REQUESTS, Counter, "kafka_server_brokertopicmetrics_failedfetchrequests_total",
        "Partitions that could not be read for fetches.";

    PARTITION_COUNT, Gauge, "kafka_server_replicamanager_partitioncount",
        "Replicas on this broker, also those whose log directory has failed.";
    LEADER_COUNT, Gauge, "kafka_server_replicamanager_leadercount",
        "Partitions that this broker leads.";
    OFFLINE_REPLICA_COUNT, Gauge, "kafka_server_replicamanager_offlinereplicacount",
        "Replicas on this broker whose log directory has failed.";
    UNDER_REPLICATED_PARTITIONS, Gauge, "kafka_server_replicamanager_underreplicatedpartitions",
        "Partitions led here with fewer in-sync replicas than replicas.";
    UNDER_MIN_ISR_PARTITION_COUNT, Gauge, "kafka_server_replicamanager_underminisrpartitioncount",
        "Partitions led here with fewer in-sync replicas than min.insync.replicas.";
    AT_MIN_ISR_PARTITION_COUNT, Gauge, "kafka_server_replicamanager_atminisrpartitioncount",
        "Partitions led here with just as many in-sync replicas as min.insync.replicas.";
    LOG_SIZE, Gauge, "kafka_log_log_size",
        "Bytes in the segments of a log.";
    LOG_SEGMENTS, Gauge, "kafka_log_log_numlogsegments",
        "Segments of a log.";
    LOG_START_OFFSET, Gauge, "kafka_log_log_logstartoffset",
        "First offset that may be read.";
    LOG_END_OFFSET, Gauge, "kafka_log_log_logendoffset",
        "Offset that the next record will get.";

    LOG_DIRECTORY_OFFLINE, Gauge, "kafka_log_logmanager_logdirectoryoffline",
        "1 for a log directory that has failed, else 0.";
    OFFLINE_LOG_DIRECTORY_COUNT, Gauge, "kafka_log_logmanager_offlinelogdirectorycount",
        "Log directories that have failed.";
    FETCH_SESSIONS, Gauge, "kafka_server_fetchsessioncache_numincrementalfetchsessions",
        "Incremental fetch sessions.";
    FETCH_SESSION_PARTITIONS, Gauge,
        "kafka_server_fetchsessioncache_numincrementalfetchpartitionscached",
        "Partitions in all incremental fetch sessions.";
    FETCH_SESSION_EVICTIONS, Counter,
        "kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total",
        "Incremental fetch sessions that had to make room for others.";

    NUM_GROUPS, Gauge, "kafka_coordinator_group_groupmetadatamanager_numgroups",
        "Classic groups that this broker coordinates.";
    NUM_GROUPS_EMPTY, Gauge, "kafka_coordinator_group_groupmetadatamanager_numgroupsempty",
        "Classic groups without members.";
    NUM_GROUPS_PREPARING_REBALANCE, Gauge,
        "kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance",
        "Classic groups whose members join.";
    NUM_GROUPS_COMPLETING_REBALANCE, Gauge,
        "kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance",
        "Classic groups that wait for the assignment of their leader.";
    NUM_GROUPS_STABLE, Gauge, "kafka_coordinator_group_groupmetadatamanager_numgroupsstable",
        "Classic groups that have an assignment.";
    NUM_GROUPS_DEAD, Gauge, "kafka_coordinator_group_groupmetadatamanager_numgroupsdead",
        "Always 0: a group that is dead is gone.";
    NUM_OFFSETS, Gauge, "kafka_coordinator_group_groupmetadatamanager_numoffsets",
        "Committed offsets of the groups that this broker coordinates.";
    GROUP_COUNT, Gauge, "kafka_server_group_coordinator_metrics_group_count",
        "Groups that this broker coordinates, by protocol.";
    NUM_PARTITIONS, Gauge, "kafka_server_group_coordinator_metrics_num_partitions",
        "Partitions of __consumer_offsets that this broker leads, by state.";

    CLEANER_DEAD_THREADS, Gauge, "kafka_log_logcleaner_deadthreadcount",
        "Always 0: compaction has no threads that could die.";
    CLEANER_RECOPY_PERCENT, Gauge, "kafka_log_logcleaner_cleaner_recopy_percent",
        "What the last cleanings kept, in percent of the bytes they read.";
    CLEANER_BUFFER_UTILIZATION, Gauge, "kafka_log_logcleaner_max_buffer_utilization_percent",
        "How full the memory for keys became in the last cleanings at most, in percent.";
    CLEANER_MAX_CLEAN_TIME_SECS, Gauge, "kafka_log_logcleaner_max_clean_time_secs",
        "How long the longest of the last cleanings took, in seconds.";
    CLEANER_MAX_COMPACTION_DELAY_SECS, Gauge, "kafka_log_logcleaner_max_compaction_delay_secs",
        "For how long records have waited longer for compaction than they may, in seconds.";
    CLEANER_MAX_DIRTY_PERCENT, Gauge, "kafka_log_logcleanermanager_max_dirty_percent",
        "The part of the dirtiest log that is new, in percent.";
    CLEANER_TIME_SINCE_LAST_RUN_MS, Gauge, "kafka_log_logcleanermanager_time_since_last_run_ms",
        "How long ago compaction looked for something to do, in milliseconds.";
    UNCLEANABLE_PARTITIONS, Gauge, "kafka_log_logcleanermanager_uncleanable_partitions_count",
        "Logs that are left alone because a cleaning has failed on them.";
    UNCLEANABLE_BYTES, Gauge, "kafka_log_logcleanermanager_uncleanable_bytes",
        "Bytes of those logs that a cleaning would be about.";

    ACTIVE_CONTROLLER_COUNT, Gauge, "kafka_controller_kafkacontroller_activecontrollercount",
        "1 on the active controller, else 0.";
    GLOBAL_TOPIC_COUNT, Gauge, "kafka_controller_kafkacontroller_globaltopiccount",
        "Topics of the cluster.";
    GLOBAL_PARTITION_COUNT, Gauge, "kafka_controller_kafkacontroller_globalpartitioncount",
        "Partitions of the cluster.";
    OFFLINE_PARTITIONS_COUNT, Gauge, "kafka_controller_kafkacontroller_offlinepartitionscount",
        "Partitions without a leader.";
    PREFERRED_REPLICA_IMBALANCE_COUNT, Gauge,
        "kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
        "Partitions that are not led by the first of their replicas.";
    ACTIVE_BROKER_COUNT, Gauge, "kafka_controller_kafkacontroller_activebrokercount",
        "Registered brokers that are not fenced.";
    FENCED_BROKER_COUNT, Gauge, "kafka_controller_kafkacontroller_fencedbrokercount",
        "Registered brokers that are fenced.";
    CONTROLLED_SHUTDOWN_BROKER_COUNT, Gauge,
        "kafka_controller_kafkacontroller_controlledshutdownbrokercount",
        "Registered brokers on their way out.";

    CLIENT_METRICS_INSTANCE_COUNT, Gauge, "kafka_server_client_metrics_instance_count",
        "Clients that are asked for metrics, or were lately.";
    CLIENT_METRICS_DROPPED, Counter, "klamm_client_metrics_dropped_total",
        "Numbers that clients have pushed and for which there was no room.";
    CLIENT_GAUGE, Gauge, "klamm_client_gauge",
        "A number that a client has pushed.";
    CLIENT_COUNTER, Counter, "klamm_client_counter_total",
        "A count that a client has pushed.";

    QUOTA_ACCOUNTS, Gauge, "klamm_quota_accounts",
        "Clients whose use of a quota is kept account of, by quota.";
    QUOTA_THROTTLES, Counter, "klamm_quota_throttles_total",
        "Answers or connections that were throttled, by quota.";
    QUOTA_THROTTLE_SECONDS, Counter, "klamm_quota_throttle_seconds_total",
        "For how long clients were to be throttled in all, in seconds, by quota.";
}
