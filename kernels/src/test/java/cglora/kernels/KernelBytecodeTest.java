package cglora.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.device.DeviceKind;
import cglora.kernels.math.FloatMath;
import cglora.kernels.testing.KernelFamilies;
import cglora.kernels.tornado.DeviceVariant;
import cglora.kernels.tornado.DeviceVariants;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.RuntimeVisibleTypeAnnotationsAttribute;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.invoke.MethodHandles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What TornadoVM cannot compile, or compiles into something else, must not be in a kernel or in
/// what it calls. The class files are read, not the sources: `>>>` also hides in a method of the
/// JDK, a box in a conversion.
class KernelBytecodeTest {
    private static final String PARALLEL = "Luk/ac/manchester/tornado/api/annotations/Parallel;";
    private static final Set<String> MATH =
            Set.of("max(FF)F", "min(FF)F", "abs(F)F", "max(II)I", "min(II)I", "abs(I)I");

    private static final String CONTEXT = "uk/ac/manchester/tornado/api/KernelContext";
    private static final Set<String> PLACES =
            Set.of(
                    "globalIdx",
                    "globalIdy",
                    "groupIdx",
                    "groupIdy",
                    "localIdx",
                    "localIdy",
                    "localGroupSizeX",
                    "localGroupSizeY");
    private static final Set<String> CONTEXT_CALLS =
            Set.of(
                    CONTEXT + ".allocateFloatLocalArray(I)[F",
                    CONTEXT + ".localBarrier()V",
                    "java/lang/Integer.intValue()I");

    /// Functions, types and words of OpenCL C 3.0 (the specification's sections 6.1 and 6.15): a
    /// kernel of such a name does not link, or does not compile.
    private static final Set<String> OPENCL =
            Set.of(
                    ("abs abs_diff acos acosh acospi add_sat all any as_float as_int asin asinh"
                                    + " asinpi async_work_group_copy atan atan2 atan2pi atanh"
                                    + " atanpi atomic_add atomic_inc atomic_sub atomic_xchg"
                                    + " barrier bitselect cbrt ceil clamp clz copysign cos cosh"
                                    + " cospi cross ctz degrees distance dot erf erfc exp exp10"
                                    + " exp2 expm1 fabs fast_distance fast_length fast_normalize"
                                    + " fdim floor fma fmax fmin fmod fract frexp get_global_id"
                                    + " get_global_offset get_global_size get_group_id"
                                    + " get_local_id get_local_size get_num_groups get_work_dim"
                                    + " hadd half_cos half_divide half_exp half_log half_powr"
                                    + " half_recip half_rsqrt half_sin half_sqrt half_tan hypot"
                                    + " ilogb isequal isfinite isgreater isinf isless isnan"
                                    + " isnormal isnotequal isordered isunordered ldexp length"
                                    + " lgamma lgamma_r log log10 log1p log2 logb mad mad24"
                                    + " mad_hi mad_sat max maxmag mem_fence min minmag mix modf"
                                    + " mul24 mul_hi nan native_cos native_divide native_exp"
                                    + " native_log native_powr native_recip native_rsqrt"
                                    + " native_sin native_sqrt native_tan nextafter normalize"
                                    + " popcount pow pown powr prefetch printf radians"
                                    + " read_imagef remainder remquo rhadd rint rootn rotate"
                                    + " round rsqrt select shuffle shuffle2 sign signbit sin"
                                    + " sincos sinh sinpi smoothstep sqrt step sub_sat tan tanh"
                                    + " tanpi tgamma trunc upsample vload2 vload4 vload8"
                                    + " vload16 vstore2 vstore4 vstore8 vstore16"
                                    + " work_group_barrier write_imagef bool char uchar short"
                                    + " ushort int uint long ulong float double half quad"
                                    + " complex size_t ptrdiff_t intptr_t void image2d_t"
                                    + " sampler_t event_t kernel global local constant private"
                                    + " generic read_only write_only read_write uniform pipe"
                                    + " main inline restrict")
                            .split(" "));

    private record Method(Class<?> owner, String name, String descriptor) {
        @Override
        public String toString() {
            return owner.getSimpleName() + "." + name;
        }
    }

    static Stream<Method> kernels() {
        return KernelFamilies.kernels().stream().map(KernelBytecodeTest::method);
    }

    private static Method method(Kernel kernel) {
        return new Method(
                kernel.method().getDeclaringClass(),
                kernel.name(),
                kernel.handle().type().toMethodDescriptorString());
    }

    /// What devices run instead of kernels, for all kinds of devices.
    static Stream<Method> variants() {
        return Arrays.stream(DeviceKind.values())
                .flatMap(kind -> DeviceVariants.of(kind).stream())
                .map(KernelBytecodeTest::method)
                .distinct();
    }

    private static Method method(DeviceVariant variant) {
        var method = MethodHandles.lookup().revealDirect(variant.handle());
        return new Method(
                method.getDeclaringClass(),
                method.getName(),
                method.getMethodType().toMethodDescriptorString());
    }

    static Stream<Method> kernelsAndVariants() {
        return Stream.concat(kernels(), variants());
    }

    /// The kernels, the variants and every method of the product that they call.
    static Stream<Method> kernelsAndHelpers() {
        Map<Method, MethodModel> found = new LinkedHashMap<>();
        var open = new ArrayDeque<>(kernelsAndVariants().toList());
        while (!open.isEmpty()) {
            Method method = open.remove();
            if (found.containsKey(method)) {
                continue;
            }
            found.put(method, model(method));
            for (CodeElement element : code(method)) {
                if (element instanceof InvokeInstruction call && isProduct(call)) {
                    open.add(callee(call));
                }
            }
        }
        return found.keySet().stream();
    }

    private static boolean isProduct(InvokeInstruction call) {
        return call.owner().asInternalName().startsWith("cglora/");
    }

    private static Method callee(InvokeInstruction call) {
        try {
            Class<?> owner = Class.forName(call.owner().asInternalName().replace('/', '.'));
            return new Method(owner, call.name().stringValue(), call.type().stringValue());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodModel model(Method method) {
        String file = method.owner().getName().replace('.', '/') + ".class";
        try (InputStream bytes = method.owner().getClassLoader().getResourceAsStream(file)) {
            ClassModel model = ClassFile.of().parse(bytes.readAllBytes());
            return model.methods().stream()
                    .filter(m -> m.methodName().equalsString(method.name()))
                    .filter(m -> m.methodType().equalsString(method.descriptor()))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CodeModel code(Method method) {
        return model(method).code().orElseThrow();
    }

    private static List<Instruction> instructions(Method method) {
        var instructions = new ArrayList<Instruction>();
        for (CodeElement element : code(method)) {
            if (element instanceof Instruction instruction) {
                instructions.add(instruction);
            }
        }
        return instructions;
    }

    @Test
    void helpersOfTheKernelsAreFound() {
        assertThat(kernelsAndHelpers().map(Method::name))
                .contains("exp", "logOfSum", "tanh", "erf", "gelu", "uniform", "mix");
    }

    @Test
    void theBodiesOfVariantsAreFound() {
        assertThat(kernelsAndHelpers().map(Method::toString))
                .contains("CpuMatmul.matmulNN", "CpuProduct.product");
    }

    /// Parameters become variables of the device's code under their names.
    @Test
    void noParameterIsNamedAsATypeOfOpenCl() {
        Set<String> types = Set.of("half", "quad", "complex", "uint", "ulong", "uchar", "bool");
        for (Kernel kernel : KernelFamilies.kernels()) {
            assertThat(Arrays.stream(kernel.method().getParameters()).map(p -> p.getName()))
                    .as(kernel.toString())
                    .doesNotContainAnyElementsOf(types);
        }
    }

    @ParameterizedTest
    @MethodSource("kernelsAndHelpers")
    void holdsALocalVariableTable(Method method) {
        assertThat(code(method).elementStream().filter(e -> e instanceof LocalVariable))
                .as("TornadoVM reads it; javac needs -g")
                .isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("kernelsAndHelpers")
    void holdsOnlyWhatADeviceComputesAlike(Method method) {
        var problems = new ArrayList<String>();
        List<Instruction> instructions = instructions(method);
        for (int i = 0; i < instructions.size(); i++) {
            String problem = problem(instructions, i);
            if (!problem.isEmpty()) {
                problems.add(instructions.get(i) + ": " + problem);
            }
        }
        assertThat(problems).as(method.toString()).isEmpty();
        assertThat(code(method).exceptionHandlers()).as("%s: try", method).isEmpty();
    }

    private static String problem(List<Instruction> code, int index) {
        Instruction instruction = code.get(index);
        return switch (instruction) {
            case OperatorInstruction o when o.opcode() == Opcode.IUSHR -> ">>> is emitted as >>";
            case OperatorInstruction o when o.opcode() == Opcode.LUSHR -> ">>> is emitted as >>";
            case OperatorInstruction o when o.typeKind() == TypeKind.DOUBLE -> "needs float64";
            case ArrayLoadInstruction a -> element(a.typeKind());
            case ArrayStoreInstruction a -> element(a.typeKind());
            case NewObjectInstruction _ -> "object";
            case NewPrimitiveArrayInstruction _ -> "array";
            case NewReferenceArrayInstruction _ -> "array";
            case NewMultiArrayInstruction _ -> "array";
            case ThrowInstruction _ -> "exception";
            case MonitorInstruction _ -> "lock";
            case InvokeDynamicInstruction _ -> "lambda or text";
            case TypeCheckInstruction _ -> "objects";
            case FieldInstruction f when isPlaceInGrid(f) -> "";
            case FieldInstruction f -> "field " + f.name() + ", only constants are compiled in";
            case ConstantInstruction c when c.typeKind() == TypeKind.DOUBLE -> "needs float64";
            case ConstantInstruction c when c.typeKind() == TypeKind.REFERENCE -> "object";
            case ConvertInstruction c when c.toType() == TypeKind.DOUBLE -> "needs float64";
            case InvokeInstruction call -> call(call);
            default -> "";
        };
    }

    private static String element(TypeKind kind) {
        return kind == TypeKind.FLOAT || kind == TypeKind.INT ? "" : "array of " + kind;
    }

    /// Where a work item of a variant is, an `Integer` of its [KernelContext].
    private static boolean isPlaceInGrid(FieldInstruction field) {
        return field.opcode() == Opcode.GETFIELD
                && field.owner().asInternalName().equals(CONTEXT)
                && PLACES.contains(field.name().stringValue());
    }

    private static String call(InvokeInstruction call) {
        String name = call.name().stringValue() + call.type().stringValue();
        if (CONTEXT_CALLS.contains(call.owner().asInternalName() + "." + name)) {
            return "";
        }
        if (call.opcode() != Opcode.INVOKESTATIC) {
            return "call of an object's method";
        }
        boolean allowed =
                call.owner().asInternalName().equals("java/lang/Math")
                        ? MATH.contains(name)
                        : isProduct(call)
                                && (callee(call).owner() == FloatMath.class
                                        || isOfVariants(callee(call).owner())
                                        || KernelFamilies.families()
                                                .contains(callee(call).owner()));
        return allowed ? "" : "call of " + call.owner().asInternalName() + "." + name;
    }

    private static boolean isOfVariants(Class<?> owner) {
        return owner.getPackage() == DeviceVariants.class.getPackage();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void isOneParallelLoopFromZero(Method kernel) {
        CodeModel code = code(kernel);
        List<TypeAnnotation.LocalVarTargetInfo> loops = parallelLoops(code);
        assertThat(loops).as("loops marked @Parallel").hasSize(1);
        Label start = loops.getFirst().startLabel();
        var before = new ArrayList<Instruction>();
        for (CodeElement element : code) {
            if (element instanceof LabelTarget target && target.label().equals(start)) {
                break;
            }
            if (element instanceof Instruction instruction) {
                before.add(instruction);
            }
        }
        assertThat(before).as("what comes before the loop").hasSize(2);
        assertThat(before.getFirst())
                .isInstanceOfSatisfying(
                        ConstantInstruction.class,
                        constant -> assertThat(constant.constantValue()).isEqualTo(0));
        assertThat(before.getLast())
                .isInstanceOfSatisfying(
                        StoreInstruction.class,
                        store -> assertThat(store.slot()).isEqualTo(loops.getFirst().index()));
    }

    private static List<TypeAnnotation.LocalVarTargetInfo> parallelLoops(CodeModel code) {
        var loops = new ArrayList<TypeAnnotation.LocalVarTargetInfo>();
        code.elementStream()
                .filter(e -> e instanceof RuntimeVisibleTypeAnnotationsAttribute)
                .flatMap(e -> ((RuntimeVisibleTypeAnnotationsAttribute) e).annotations().stream())
                .filter(a -> a.annotation().className().equalsString(PARALLEL))
                .forEach(
                        a -> {
                            if (a.targetInfo() instanceof TypeAnnotation.LocalVarTarget target) {
                                loops.addAll(target.table());
                            }
                        });
        return loops;
    }

    @Test
    void helpersHoldNoParallelLoop() {
        var kernels = kernels().toList();
        assertThat(kernelsAndHelpers().filter(m -> !kernels.contains(m)))
                .allSatisfy(helper -> assertThat(parallelLoops(code(helper))).isEmpty());
    }

    @ParameterizedTest
    @MethodSource("kernelsAndVariants")
    void hasANameThatOpenClLeavesFree(Method kernel) {
        assertThat(kernel.name()).as("built-in of OpenCL C").isNotIn(OPENCL);
        assertThat(kernel.name()).matches("[a-z][A-Za-z0-9]*");
    }

    @ParameterizedTest
    @MethodSource("kernelsAndVariants")
    void takesFifteenArgumentsAtMost(Method kernel) {
        assertThat(model(kernel).methodTypeSymbol().parameterCount()).isLessThanOrEqualTo(15);
    }

    @Test
    void classesOfKernelsKeepTheNamesOfParameters() {
        assertThat(kernels())
                .allSatisfy(
                        kernel ->
                                assertThat(
                                                model(kernel)
                                                        .findAttribute(
                                                                Attributes.methodParameters()))
                                        .isPresent());
    }
}
