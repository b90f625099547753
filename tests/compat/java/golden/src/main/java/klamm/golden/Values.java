package klamm.golden;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.Uuid;

/** The field values of one message, a function of the case and of how many values were taken before. */
final class Values {
    /** Characters of one to four bytes. */
    private static final String NON_ASCII = "Klamm-Übergang-流れ-поток-🌊-";
    /** Around where the length of a compact string, and of a plain one as a varint, grows to two bytes. */
    private static final int[] LENGTHS = {126, 127, 63, 128, 64};

    private final Case filling;
    private int taken;

    Values(Case filling) {
        this.filling = filling;
    }

    /** The value of a field that is no array and no struct; null stands for leaving the default. */
    Object next(Definition.Field field, boolean zeroCopy, boolean tagged, boolean nullable) {
        if (filling == Case.ELEMENTS || filling == Case.NULLS || filling == Case.EMPTY) {
            return emptyValue(field, zeroCopy, nullable);
        }
        if (tagged && field.type().equals("bool")) {
            return !field.defaultText().equals("true");
        }
        Object value = element(field);
        return zeroCopy ? ByteBuffer.wrap((byte[]) value) : value;
    }

    /** One element of an array of numbers, texts or the like. */
    Object element(Definition.Field field) {
        taken++;
        String type = field.elementType();
        return switch (filling) {
            case EDGE -> greatest(type);
            case EDGE2 -> smallest(type);
            case ELEMENTS -> type.equals("string") ? "" : ordinary(type, field.name());
            default -> ordinary(type, field.name());
        };
    }

    int arrayLength(Definition.Field field) {
        boolean number = field.elementType().startsWith("int") || field.elementType().startsWith("uint");
        return filling == Case.EDGE && !number ? 2 : filling.numbers();
    }

    private Object emptyValue(Definition.Field field, boolean zeroCopy, boolean nullable) {
        // Records have no default where they cannot be null, and other fields keep theirs unless emptied.
        boolean emptied = filling == Case.EMPTY;
        return switch (field.type()) {
            case "records" -> emptied || !nullable ? FieldRecords.empty() : null;
            case "string" -> emptied ? "" : null;
            case "bytes" -> !emptied ? null : zeroCopy ? ByteBuffer.allocate(0) : new byte[0];
            default -> null;
        };
    }

    private Object ordinary(String type, String name) {
        return switch (type) {
            case "bool" -> taken % 2 == 1;
            case "int8" -> (byte) (taken % 100 + 1);
            case "int16" -> (short) (300 + taken);
            case "uint16" -> 9_000 + taken;
            case "int32" -> 1_000_000 + taken;
            case "uint32" -> 2_000_000L + taken;
            case "int64" -> 1_700_000_000_000L + taken;
            case "float64" -> 1_024.5 + taken;
            case "string" -> name + "-" + taken;
            case "uuid" -> new Uuid(0x0123_4567_89ab_4000L + taken, 0x8111_2222_3333_4444L + taken);
            case "bytes" -> (name + "-" + taken + "-bytes").getBytes(StandardCharsets.UTF_8);
            case "records" -> FieldRecords.small(taken);
            default -> throw new IllegalStateException("fill field: unknown type " + type);
        };
    }

    private Object greatest(String type) {
        return switch (type) {
            case "bool" -> true;
            case "int8" -> Byte.MAX_VALUE;
            case "int16" -> Short.MAX_VALUE;
            case "uint16" -> 0xffff;
            case "int32" -> Integer.MAX_VALUE;
            case "uint32" -> 0xffff_ffffL;
            case "int64" -> Long.MAX_VALUE;
            case "float64" -> Double.MAX_VALUE;
            case "string" -> NON_ASCII.repeat(4);
            case "uuid" -> new Uuid(-1, Long.MAX_VALUE);
            case "bytes" -> bytes(200);
            case "records" -> FieldRecords.two(taken);
            default -> throw new IllegalStateException("fill field: unknown type " + type);
        };
    }

    private Object smallest(String type) {
        int length = LENGTHS[taken % LENGTHS.length];
        return switch (type) {
            case "bool" -> false;
            case "int8" -> Byte.MIN_VALUE;
            case "int16" -> Short.MIN_VALUE;
            case "uint16" -> 0;
            case "int32" -> Integer.MIN_VALUE;
            case "uint32" -> 0L;
            case "int64" -> Long.MIN_VALUE;
            case "float64" -> Double.NEGATIVE_INFINITY;
            case "string" -> "\u0000" + "x".repeat(length - 1);
            case "uuid" -> new Uuid(Long.MIN_VALUE, 1);
            case "bytes" -> bytes(length);
            case "records" -> FieldRecords.small(taken);
            default -> throw new IllegalStateException("fill field: unknown type " + type);
        };
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int index = 0; index < length; index++) {
            bytes[index] = (byte) (index * 7);
        }
        return bytes;
    }
}
