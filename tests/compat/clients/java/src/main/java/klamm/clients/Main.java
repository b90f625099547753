package klamm.clients;

/** Runs all scenarios in order against one node, or a member of a group that is there to be killed. */
public final class Main {
    private interface Scenario {
        void run(Cluster cluster) throws Exception;
    }

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Cluster cluster = new Cluster(arguments[0]);
        if (arguments.length > 1) {
            Crash.beMember(cluster);
            return;
        }
        Scenario[] scenarios = {
            Administration::run, Acknowledgements::run, Codecs::run, Headers::run, NullKeys::run,
            Consuming::run, Groups::run, Cooperative::run, Crash::run, StaticMembers::run,
            Idempotence::run, GroupAdministration::run,
        };
        for (Scenario scenario : scenarios) {
            scenario.run(cluster);
        }
        // Threads that a client has left behind do not keep the program.
        System.exit(0);
    }
}
