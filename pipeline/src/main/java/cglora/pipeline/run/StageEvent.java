package cglora.pipeline.run;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A stage of a run, for Java's Flight Recorder.
@Name("cglora.Stage")
@Label("Stage")
@Category("cglora")
@Description("A stage of a run")
@StackTrace(false)
final class StageEvent extends Event {
    @Label("Stage")
    String stage;

    @Label("Detail")
    String detail;
}
