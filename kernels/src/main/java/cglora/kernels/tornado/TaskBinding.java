package cglora.kernels.tornado;

import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.TaskGraph;

/// Makes a task of a static method and its arguments.
///
/// TornadoVM wants an object of its `TornadoFunctions.TaskN` whose class calls the method
/// directly: a method reference. The same object is made here from a method handle, so that a
/// kernel is declared once and without TornadoVM's types.
final class TaskBinding {
    private TaskBinding() {}

    /// Adds `method(arguments)` to `graph` under the name `id`.
    ///
    /// @throws IllegalStateException when TornadoVM cannot translate the method; its cause tells
    ///     why
    static void add(TaskGraph graph, String id, MethodHandle method, Object... arguments) {
        Method task = taskMethod(arguments.length);
        Object[] all = new Object[arguments.length + 2];
        all[0] = id;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        try {
            all[1] = function(task.getParameterTypes()[1], method);
            task.invoke(graph, all);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(method + ": " + e.getCause(), e.getCause());
        } catch (Throwable e) {
            throw new IllegalStateException(method + ": " + e, e);
        }
    }

    private static Object function(Class<?> functionType, MethodHandle method) throws Throwable {
        MethodType type = method.type();
        MethodType boxed = type.wrap().changeReturnType(void.class);
        return LambdaMetafactory.metafactory(
                        MethodHandles.lookup(),
                        "apply",
                        MethodType.methodType(functionType),
                        boxed.generic().changeReturnType(void.class),
                        method,
                        boxed)
                .getTarget()
                .invoke();
    }

    private static Method taskMethod(int arguments) {
        return Arrays.stream(TaskGraph.class.getMethods())
                .filter(m -> m.getName().equals("task"))
                .filter(m -> m.getParameterCount() == arguments + 2)
                .filter(m -> m.getParameterTypes()[1].getSimpleName().equals("Task" + arguments))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "this TornadoVM launches no task of "
                                                + arguments
                                                + " arguments"));
    }
}
