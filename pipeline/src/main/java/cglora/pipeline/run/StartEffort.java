package cglora.pipeline.run;

/// What an adapter's start took, the head's warm-up and evaluations left out.
///
/// @param calibrateSeconds gathering statistics; 0 for a method that needs none
/// @param adapterSeconds   from them to the first values
record StartEffort(double calibrateSeconds, double adapterSeconds) {
    static final StartEffort NONE = new StartEffort(0, 0);

    double seconds() {
        return calibrateSeconds + adapterSeconds;
    }
}
