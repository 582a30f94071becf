package cglora.kernels.testing;

import cglora.kernels.device.TornadoStatus;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Whether TornadoVM started this Java; where it did not, one line says that its suite is skipped.
final class TornadoCondition implements ExecutionCondition {
    private static final String SKIPPED =
            "TornadoVM suite: skipped, TornadoVM did not start this Java; `mvn verify -Ptornado`"
                    + " runs it where TORNADOVM_HOME is the folder of an SDK, one with a"
                    + " tornado-argfile or a tornado-argfile.template";

    private static final AtomicBoolean SAID = new AtomicBoolean();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (TornadoStatus.isLoaded()) {
            return ConditionEvaluationResult.enabled("TornadoVM started this Java");
        }
        if (SAID.compareAndSet(false, true)) {
            System.out.println(SKIPPED);
        }
        return ConditionEvaluationResult.disabled(SKIPPED);
    }
}
