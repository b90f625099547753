package klamm.golden;

import java.util.Locale;

/**
 * The ways in which a message is filled. In all of them a struct array holds as many elements as said here, at every
 * depth, and each element is filled in the same way.
 */
enum Case {
    /** Nothing is set: every field has its default. */
    ABSENT(0, 0, Tags.DEFAULT),
    /** Arrays hold one element, all other fields have their default. */
    ELEMENTS(1, 1, Tags.DEFAULT),
    /** What may be null is null, other struct arrays hold one element. */
    NULLS(1, 0, Tags.FILLED),
    /** Strings, bytes and records are empty; what may be null is empty instead, other struct arrays hold one element. */
    EMPTY(1, 0, Tags.FILLED),
    /** Ordinary values, all distinct within a message as far as their type allows; two elements to an array. */
    SET(2, 2, Tags.FILLED),
    /** As {@link #SET}, tagged fields at their defaults. */
    UNTAGGED(2, 2, Tags.DEFAULT),
    /** As {@link #SET}, two tagged fields that no version knows at the end of every flexible struct. */
    UNKNOWN(2, 2, Tags.UNKNOWN),
    /** Greatest numbers, non-ASCII text and bytes whose compact length takes two bytes, long arrays of numbers. */
    EDGE(1, 130, Tags.FILLED),
    /** Smallest numbers, text and bytes whose length is next to where a compact length grows. */
    EDGE2(1, 1, Tags.FILLED);

    /** What is done about tagged fields. */
    enum Tags { DEFAULT, FILLED, UNKNOWN }

    private final int structs;
    private final int numbers;
    private final Tags tags;

    Case(int structs, int numbers, Tags tags) {
        this.structs = structs;
        this.numbers = numbers;
        this.tags = tags;
    }

    /** How many elements an array of structs holds. */
    int structs() {
        return structs;
    }

    /** How many elements an array of numbers holds. */
    int numbers() {
        return numbers;
    }

    Tags tags() {
        return tags;
    }

    /** The name of the case in the golden files. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
