package cglora.models.graph;

import cglora.kernels.check.Float64;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.DataType;
import java.util.List;
import java.util.Map;

/// An op over drawn inputs, in a graph of its own.
record DrawnOp(Graph graph, OpInputs inputs, Op op, Node node) {
    static DrawnOp of(OpSample sample, long seed) {
        var graph = new Graph("op");
        var inputs = new OpInputs(graph, seed);
        Op op = sample.make().apply(inputs);
        return new DrawnOp(graph, inputs, op, graph.add(op));
    }

    /// Its first output.
    Tensor y() {
        return node.output(0);
    }

    /// `y` by its reference.
    ///
    /// @param values of all that the graph is given
    double[] float64(Map<Tensor, double[]> values) {
        return new Float64Values(values).of(y());
    }

    /// `outputs` by the JVM engine.
    List<float[]> float32(List<Tensor> outputs, Map<Tensor, double[]> values) {
        return float32(new JvmEngine(1), outputs, values);
    }

    /// `outputs` by an engine, which is closed.
    List<float[]> float32(Engine engine, List<Tensor> outputs, Map<Tensor, double[]> values) {
        try (engine) {
            LoadedProgram program = engine.load(graph.compile(outputs));
            values.forEach((tensor, elements) -> write(program, tensor, elements));
            program.run();
            return outputs.stream().map(tensor -> program.read(tensor.buffer())).toList();
        }
    }

    private static void write(LoadedProgram program, Tensor tensor, double[] elements) {
        if (tensor.type() == DataType.FLOAT32) {
            program.write(tensor.buffer(), Float64.toFloat(elements));
            return;
        }
        int[] ints = new int[elements.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = (int) elements[i];
        }
        program.write(tensor.buffer(), ints);
    }
}
