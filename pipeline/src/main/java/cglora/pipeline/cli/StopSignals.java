package cglora.pipeline.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// Ctrl-C and SIGTERM as the wish to stop: the first is kept for those who ask, the second ends
/// the process at once. A terminal that is gone (SIGHUP) is no such wish: the run goes on, and its
/// folder tells of it. Java offers signals in `sun.misc` only, which the compiler refuses to see
/// without a warning, so that they are called by reflection; a platform that lacks one keeps its
/// own way of ending.
final class StopSignals implements IntSupplier, AutoCloseable {
    /// Names and exit statuses: 128 and the signal's number.
    private static final Map<String, Integer> STATUS = Map.of("INT", 130, "TERM", 143);

    private static final String TERMINAL_GONE = "HUP";

    private final AtomicInteger asked = new AtomicInteger();
    private final Map<Object, Object> before = new LinkedHashMap<>();

    private StopSignals() {}

    static StopSignals listen() {
        var signals = new StopSignals();
        STATUS.keySet().forEach(signals::take);
        signals.take(TERMINAL_GONE);
        return signals;
    }

    /// The exit status of the first signal; 0 before there is one.
    @Override
    public int getAsInt() {
        return asked.get();
    }

    private void take(String name) {
        InvocationHandler onCall =
                (self, method, arguments) ->
                        switch (method.getName()) {
                            case "handle" -> {
                                received(STATUS.getOrDefault(name, 0));
                                yield null;
                            }
                            case "equals" -> self == arguments[0];
                            case "hashCode" -> System.identityHashCode(self);
                            default -> "asks to stop";
                        };
        try {
            Object signal = signalClass().getConstructor(String.class).newInstance(name);
            Class<?> type = handlerClass();
            Object handler =
                    Proxy.newProxyInstance(
                            StopSignals.class.getClassLoader(), new Class<?>[] {type}, onCall);
            before.put(signal, handle().invoke(null, signal, handler));
        } catch (ReflectiveOperationException _) {
            // no such signal here: the platform's own way stays
        }
    }

    private void received(int status) {
        if (status != 0 && !asked.compareAndSet(0, status)) {
            Runtime.getRuntime().halt(status);
        }
    }

    private static Class<?> signalClass() throws ClassNotFoundException {
        return Class.forName("sun.misc.Signal");
    }

    private static Class<?> handlerClass() throws ClassNotFoundException {
        return Class.forName("sun.misc.SignalHandler");
    }

    private static Method handle() throws ReflectiveOperationException {
        return signalClass().getMethod("handle", signalClass(), handlerClass());
    }

    /// Gives the signals back.
    @Override
    public void close() {
        before.forEach(
                (signal, handler) -> {
                    try {
                        handle().invoke(null, signal, handler);
                    } catch (ReflectiveOperationException e) {
                        throw new IllegalStateException(e); // it could be set, too
                    }
                });
    }
}
