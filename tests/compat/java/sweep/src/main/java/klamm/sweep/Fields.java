package klamm.sweep;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a case says of a message or of a struct in it, for all versions; {@link Messages} takes what a version has. */
final class Fields {
    private final Map<String, Object> values = new LinkedHashMap<>();

    private Fields() {
    }

    /** Names as in Kafka's definitions but beginning small, each followed by its value. */
    static Fields of(Object... namesAndValues) {
        return new Fields().with(namesAndValues);
    }

    /** A copy in which these fields are set as well. */
    Fields with(Object... namesAndValues) {
        Fields copy = new Fields();
        copy.values.putAll(values);
        for (int index = 0; index < namesAndValues.length; index += 2) {
            copy.values.put((String) namesAndValues[index], namesAndValues[index + 1]);
        }
        return copy;
    }

    Map<String, Object> values() {
        return values;
    }
}
