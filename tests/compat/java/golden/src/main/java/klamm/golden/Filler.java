package klamm.golden;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/** Fills one message of one version for one case; field values come from {@link Values}. */
final class Filler {
    private final Definition definition;
    private final short version;
    private final Case filling;
    private final Values values;

    private Filler(Definition definition, short version, Case filling) {
        this.definition = definition;
        this.version = version;
        this.filling = filling;
        this.values = new Values(filling);
    }

    static Message fill(Definition definition, short version, Case filling) throws ReflectiveOperationException {
        Message message = definition.messageClass().getDeclaredConstructor().newInstance();
        new Filler(definition, version, filling).fillStruct(message, definition.fields());
        return message;
    }

    private void fillStruct(Message struct, List<Definition.Field> fields) throws ReflectiveOperationException {
        for (Definition.Field field : fields) {
            if (field.versions().contains(version)) {
                fillField(struct, field);
            }
        }
        if (filling.tags() == Case.Tags.UNKNOWN && definition.flexibleVersions().contains(version)) {
            struct.unknownTaggedFields().add(new RawTaggedField(9_000, new byte[] {1, 2, 3}));
            struct.unknownTaggedFields().add(new RawTaggedField(70_000, new byte[0]));
        }
    }

    private void fillField(Message struct, Definition.Field field) throws ReflectiveOperationException {
        boolean tagged = field.taggedVersions().contains(version);
        if (tagged && filling.tags() == Case.Tags.DEFAULT) {
            return;
        }
        Method setter = setter(struct, field);
        boolean nullable = field.nullableVersions().contains(version);
        if (filling == Case.ABSENT) {
            // The default of a records field is null even where the version has no null.
            if (field.type().equals("records") && !nullable) {
                setter.invoke(struct, FieldRecords.empty());
            }
        } else if (nullable && filling == Case.NULLS) {
            setter.invoke(struct, (Object) null);
        } else if (field.isArray()) {
            setter.invoke(struct, array(setter.getParameterTypes()[0], field, nullable));
        } else if (field.isStruct()) {
            if (!nullable || filling != Case.ELEMENTS) {
                setter.invoke(struct, newStruct(field));
            }
        } else {
            Object value = values.next(field, setter.getParameterTypes()[0] == ByteBuffer.class, tagged, nullable);
            if (value != null) {
                setter.invoke(struct, value);
            }
        }
    }

    private Object array(Class<?> collectionClass, Definition.Field field, boolean nullable)
        throws ReflectiveOperationException {
        // Kafka has its own collection class for arrays whose elements have a key.
        Collection<Object> array = newCollection(collectionClass);
        boolean empty = nullable && filling == Case.EMPTY;
        int count = field.isStruct() ? filling.structs() : values.arrayLength(field);
        for (int index = 0; index < count && !empty; index++) {
            array.add(field.isStruct() ? newStruct(field) : values.element(field));
        }
        return array;
    }

    @SuppressWarnings("unchecked")
    private static Collection<Object> newCollection(Class<?> collectionClass) throws ReflectiveOperationException {
        if (collectionClass == List.class) {
            return new ArrayList<>();
        }
        return (Collection<Object>) collectionClass.getDeclaredConstructor().newInstance();
    }

    private Message newStruct(Definition.Field field) throws ReflectiveOperationException {
        String structName = definition.messageClass().getName() + "$" + field.elementType();
        Class<?> structClass = Class.forName(structName);
        Message struct = (Message) structClass.getDeclaredConstructor().newInstance();
        fillStruct(struct, definition.structFields(field));
        return struct;
    }

    private static Method setter(Message struct, Definition.Field field) {
        String name = "set" + Character.toUpperCase(field.name().charAt(0)) + field.name().substring(1);
        for (Method method : struct.getClass().getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == 1) {
                return method;
            }
        }
        throw new IllegalStateException("fill " + struct.getClass().getName() + ": no method " + name);
    }
}
