package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

/** Kafka's generated classes by reflection: requests are filled from {@link Fields}, messages shown as JSON. */
final class Messages {
    private final short version;

    private Messages(short version) {
        this.version = version;
    }

    /** The request, or null where this version has no null for a field that is to be null. */
    static ApiMessage request(ApiKeys key, short version, Fields fields) {
        try {
            ApiMessage message = key.messageType.newRequest();
            new Messages(version).fill(message, fields);
            return message;
        } catch (NoSuchNullException ignored) {
            return null;
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException("fill " + key + " in version " + version, error);
        }
    }

    static JsonNode json(ApiMessage message, short version) {
        try {
            Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
            Method write = converter.getMethod("write", message.getClass(), short.class);
            return (JsonNode) write.invoke(null, message, version);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException("show " + message.getClass().getName(), error);
        }
    }

    private static final class NoSuchNullException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private void fill(Object struct, Fields fields) throws ReflectiveOperationException {
        Schema[] schemas = (Schema[]) struct.getClass().getField("SCHEMAS").get(null);
        for (Map.Entry<String, Object> entry : fields.values().entrySet()) {
            Method setter = setter(struct.getClass(), entry.getKey());
            Field field = field(schemas[version], snakeCase(entry.getKey()));
            if (field == null) {
                continue;
            }
            if (entry.getValue() == null && !field.type.isNullable()) {
                throw new NoSuchNullException();
            }
            setter.invoke(struct, value(setter.getGenericParameterTypes()[0], entry.getValue()));
        }
    }

    private static Field field(Schema schema, String name) {
        for (BoundField bound : schema.fields()) {
            if (bound.def.name.equals(name)) {
                return bound.def;
            }
            if (bound.def.type instanceof TaggedFields tagged) {
                for (Field field : tagged.fields().values()) {
                    if (field.name.equals(name)) {
                        return field;
                    }
                }
            }
        }
        return null;
    }

    private Object value(Type type, Object value) throws ReflectiveOperationException {
        if (value instanceof Number number) {
            return number(type, number);
        }
        if (value instanceof byte[] bytes && type == ByteBuffer.class) {
            return ByteBuffer.wrap(bytes);
        }
        if (value instanceof Fields fields) {
            return struct((Class<?>) type, fields);
        }
        return value instanceof List<?> list ? array(type, list) : value;
    }

    private static Object number(Type type, Number number) {
        if (type == byte.class || type == Byte.class) {
            return number.byteValue();
        }
        if (type == short.class || type == Short.class) {
            return number.shortValue();
        }
        if (type == double.class) {
            return number.doubleValue();
        }
        return type == long.class || type == Long.class ? (Object) number.longValue() : (Object) number.intValue();
    }

    private Object struct(Class<?> type, Fields fields) throws ReflectiveOperationException {
        Object struct = type.getDeclaredConstructor().newInstance();
        fill(struct, fields);
        return struct;
    }

    @SuppressWarnings("unchecked")
    private Object array(Type type, List<?> list) throws ReflectiveOperationException {
        // Kafka has its own collection class for arrays whose elements have a key; its superclass names the element.
        boolean isPlain = type instanceof ParameterizedType;
        Type generic = isPlain ? type : ((Class<?>) type).getGenericSuperclass();
        Type element = ((ParameterizedType) generic).getActualTypeArguments()[0];
        Collection<Object> array = isPlain
            ? new ArrayList<>()
            : (Collection<Object>) ((Class<?>) type).getDeclaredConstructor().newInstance();
        for (Object value : list) {
            array.add(value(element, value));
        }
        return array;
    }

    private static Method setter(Class<?> type, String name) {
        String setter = "set" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
        for (Method method : type.getMethods()) {
            if (method.getName().equals(setter) && method.getParameterCount() == 1) {
                return method;
            }
        }
        throw new IllegalStateException("fill " + type.getName() + ": no method " + setter);
    }

    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
