package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.models.training.CgLoraStart.Arithmetic;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Starts of layers are computed at once, and never meet in the engine.
class TurnsTest {
    @TempDir Path folder;

    @Test
    void anEngineServesOneThreadAtATime() throws IOException {
        var met = new AtomicInteger();
        var calls = new AtomicInteger();
        EngineStarts.start(watched(met, calls), folder, Arithmetic.HOST, true);
        assertThat(calls.get()).isPositive();
        assertThat(met.get()).isZero();
    }

    private static Engine watched(AtomicInteger met, AtomicInteger calls) {
        var engine = new JvmEngine(2);
        var inside = new AtomicInteger();
        return (Engine)
                Proxy.newProxyInstance(
                        TurnsTest.class.getClassLoader(),
                        new Class<?>[] {Engine.class},
                        (_, method, arguments) -> {
                            boolean asks =
                                    method.getName()
                                            .matches(
                                                    "layout|parallelism|compiles|.*String|hashCode|equals|description");
                            if (!asks && inside.getAndIncrement() > 0) {
                                met.incrementAndGet();
                            }
                            try {
                                if (!asks) {
                                    calls.incrementAndGet();
                                    Thread.sleep(1); // so that two that may meet do
                                }
                                return method.invoke(engine, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            } finally {
                                if (!asks) {
                                    inside.decrementAndGet();
                                }
                            }
                        });
    }
}
