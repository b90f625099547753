package klamm.clients;

import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;

/** The one call that has a name in the old client and another one in the new. */
final class Topics {
    private Topics() {}

    @SuppressWarnings("unchecked")
    static TopicDescription describe(Admin admin, String name) throws Exception {
        DescribeTopicsResult result = admin.describeTopics(List.of(name));
        Object futures;
        try {
            futures = result.getClass().getMethod("topicNameValues").invoke(result);
        } catch (NoSuchMethodException old) {
            futures = result.getClass().getMethod("values").invoke(result);
        } catch (InvocationTargetException failed) {
            throw (Exception) failed.getCause();
        }
        return Cluster.get(((Map<String, KafkaFuture<TopicDescription>>) futures).get(name));
    }
}
