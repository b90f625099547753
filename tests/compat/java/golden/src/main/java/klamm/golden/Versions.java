package klamm.golden;

/** A range of versions as message definitions spell it: {@code 3}, {@code 0-4}, {@code 2+} or {@code none}. */
record Versions(int lowest, int highest) {
    private static final Versions NONE = new Versions(0, -1);

    static Versions parse(String text) {
        String trimmed = text.trim();
        if (trimmed.isEmpty() || trimmed.equals("none")) {
            return NONE;
        }
        if (trimmed.endsWith("+")) {
            return new Versions(Integer.parseInt(trimmed.substring(0, trimmed.length() - 1)), Short.MAX_VALUE);
        }
        int dash = trimmed.indexOf('-');
        if (dash < 0) {
            int only = Integer.parseInt(trimmed);
            return new Versions(only, only);
        }
        return new Versions(
            Integer.parseInt(trimmed.substring(0, dash)), Integer.parseInt(trimmed.substring(dash + 1)));
    }

    boolean contains(int version) {
        return lowest <= version && version <= highest;
    }

    boolean isEmpty() {
        return lowest > highest;
    }
}
