package cglora.models.training;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.data.Batch;
import cglora.models.data.TrainingBatches;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// The training loop: AdamW, a learning-rate schedule, clipping, accumulation, evaluation on the
/// way, and the best state kept.
public final class Trainer {
    /// One step, as it was.
    ///
    /// @param step         counted from 1
    /// @param epoch        how often the data has been seen, fractional
    /// @param loss         mean loss of the step's examples, or of their target's tokens,
    ///     weighted where classes are
    /// @param learningRate of the adapters
    /// @param gradNorm     norm of the gradient before clipping
    /// @param examples     of the step
    /// @param tokens       real tokens of the step
    /// @param positions    tokens with padding
    /// @param nanos        time of the step
    public record Step(
            int step,
            double epoch,
            double loss,
            double learningRate,
            double gradNorm,
            int examples,
            int tokens,
            int positions,
            long nanos) {}

    /// Who wants to know.
    public interface Listener {
        void step(Step step);

        /// A step was not made: its loss or gradient is not finite.
        ///
        /// @param step counted from 1
        /// @param what what was found
        void skipped(int step, String what);

        void evaluation(int step, Map<String, Double> metrics, boolean best);
    }

    /// Who writes down where the training stands, so that another process can go on there.
    public interface Keeper {
        /// Keeps nothing.
        Keeper NOBODY =
                new Keeper() {
                    @Override
                    public void reached(TrainingPosition position) {}

                    @Override
                    public void stopped(TrainingPosition position) {}
                };

        /// After each step, before it is evaluated: who goes on from here evaluates first, where
        /// that is due.
        void reached(TrainingPosition position);

        /// The training ends here, before its last step, because somebody asked to stop.
        void stopped(TrainingPosition position);
    }

    /// @param steps       how many were done
    /// @param interrupted stopped before the last
    /// @param bestStep    step whose state the session now has
    /// @param skipped     steps that were not made: their loss or gradient was not finite
    public record Result(int steps, boolean interrupted, int bestStep, int skipped) {}

    private final Session session;
    private final TrainingOptions options;
    private final AdamW optimizer;
    private Keeper keeper = Keeper.NOBODY;
    private int step;
    private int skipped;
    private int skippedInARow;
    private double best = Double.NaN;
    private int bestStep;
    private Map<String, float[]> bestState;
    private String lastRefused = "";

    /// Prepares a session for training; its adapters, if any, are trained, else its body.
    public Trainer(Session session, TrainingOptions options) {
        this(session, options, TrainedPart.ALL);
    }

    /// @param part what is trained; a session may be trained several times, each with an optimiser
    ///     of its own
    public Trainer(Session session, TrainingOptions options, TrainedPart part) {
        this.session = session;
        this.options = options;
        this.optimizer =
                new AdamW(
                        new AdamW.Settings(
                                options.beta1(),
                                options.beta2(),
                                options.epsilon(),
                                options.maxGradNorm()));
        session.recomputeLayers(options.gradientCheckpointing());
        session.training()
                .prepare(
                        part,
                        optimizer,
                        options.headRate() / options.learningRate(),
                        options.weightDecay(),
                        options.accumulation() > 1 || options.skips() > 0);
        if (options.skips() > 0) {
            session.training().guardSteps();
        }
    }

    /// Steps of one epoch.
    ///
    /// @param rows of all batches: examples, or what holds several of them
    public static int stepsPerEpoch(int rows, int batchSize, int accumulation) {
        return Math.ceilDiv(Math.ceilDiv(rows, batchSize), accumulation);
    }

    /// Goes on where another training stood; the session's [TrainedTensors] are as they were then.
    public Trainer from(TrainingPosition position) {
        step = position.step();
        skipped = position.skipped();
        skippedInARow = position.skippedInARow();
        best = position.best();
        bestStep = position.bestStep();
        bestState = position.bestState();
        return this;
    }

    /// @param who is told where the training stands
    public Trainer keptBy(Keeper who) {
        keeper = who;
        return this;
    }

    private TrainingPosition position() {
        return new TrainingPosition(step, skipped, skippedInARow, best, bestStep, bestState);
    }

    /// @param evaluate gives the metrics of the current state; null where nothing is evaluated
    /// @param stop     asked before every step; an evaluation may end in a [StoppedException]
    /// @throws CgloraException N-NAN when the loss or the gradient is not finite; the session's
    ///     parameters are of no use then
    public Result run(
            TrainingBatches data,
            Supplier<Map<String, Double>> evaluate,
            BooleanSupplier stop,
            Listener listener) {
        session.engine().reserve(session.training().planned(data.largest()));
        int perEpoch = Math.ceilDiv(data.size(), options.accumulation());
        if (step > 0 && !evaluate(evaluate, listener)) {
            return stopped();
        }
        while (step < options.steps()) {
            int epoch = step / perEpoch;
            List<Batch> batches = data.epoch(options.seed(), epoch);
            int at = step % perEpoch * options.accumulation();
            while (at < batches.size() && step < options.steps()) {
                if (stop.getAsBoolean()) {
                    return stopped();
                }
                int end = Math.min(batches.size(), at + options.accumulation());
                Step done = step(batches.subList(at, end), step, epoch, at, batches.size());
                at = end;
                step++;
                if (Double.isFinite(done.loss()) && Double.isFinite(done.gradNorm())) {
                    skippedInARow = 0;
                    listener.step(done);
                } else {
                    listener.skipped(step, lastRefused);
                }
                keeper.reached(position());
                if (!evaluate(evaluate, listener)) {
                    return stopped();
                }
            }
        }
        return finish(false);
    }

    /// Evaluates where that is due after this step.
    ///
    /// @return false where it was stopped
    private boolean evaluate(Supplier<Map<String, Double>> evaluate, Listener listener) {
        int every = options.evaluationSteps();
        if (evaluate == null || every == 0 || step % every != 0 && step != options.steps()) {
            return true;
        }
        Map<String, Double> metrics;
        try {
            metrics = evaluate.get();
        } catch (StoppedException _) {
            return false;
        }
        boolean better =
                options.best() != null
                        && isBetter(options.best(), metrics.get(options.best()), best);
        if (better) {
            best = metrics.get(options.best());
            bestState = session.training().snapshot();
            bestStep = step;
        }
        listener.evaluation(step, metrics, better);
        return true;
    }

    private static boolean isBetter(String metric, double value, double best) {
        boolean lower = metric.equals("loss") || metric.equals("mse") || metric.equals("mae");
        return Double.isNaN(best) || (lower ? value < best : value > best);
    }

    private Result stopped() {
        keeper.stopped(position());
        return finish(true);
    }

    private Result finish(boolean interrupted) {
        session.engine().trim();
        if (bestState == null) {
            return new Result(step, interrupted, step, skipped);
        }
        session.training().restore(bestState);
        return new Result(step, interrupted, bestStep, skipped);
    }

    private Step step(List<Batch> batches, int step, int epoch, int batchIndex, int epochBatches) {
        long start = System.nanoTime();
        double factor = options.schedule().factor(step, options.steps(), options.warmup());
        double rate = options.learningRate() * factor;
        int examples = batches.stream().mapToInt(b -> b.examples().length).sum();
        double total = batches.stream().mapToDouble(this::weight).sum();
        float[] hyper = optimizer.hyper(rate, step + 1 - skipped);
        double loss = 0;
        double norm = 0;
        int tokens = 0;
        int positions = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            float[] weights = weights(batch, total);
            int seed = (int) (options.seed() * 1_000_003L + step * 1009L + i);
            float[] result =
                    session.training()
                            .train(batch, weights, seed, hyper, i == 0, i == batches.size() - 1);
            loss += result[0];
            norm = result[1];
            tokens += batch.tokens();
            positions += batch.rows() * batch.width();
            if (!Float.isFinite(result[0]) || !Float.isFinite(result[1])) {
                refuse(result, step, batch);
                break;
            }
        }
        double seen = epoch + (double) (batchIndex + batches.size()) / epochBatches;
        return new Step(
                step + 1,
                seen,
                loss,
                rate,
                norm,
                examples,
                tokens,
                positions,
                System.nanoTime() - start);
    }

    /// What a batch's examples, or the tokens that it asks for, count together.
    private double weight(Batch batch) {
        if (options.classWeights() == null) {
            return batch.terms();
        }
        double sum = 0;
        for (int label : batch.classes()) {
            sum += label < 0 ? 0 : options.classWeights()[label];
        }
        return sum;
    }

    /// Of each term of the loss, so that those of a step sum to one: the loss is the weighted
    /// mean, as PyTorch's CrossEntropyLoss has it.
    private float[] weights(Batch batch, double total) {
        if (options.classWeights() == null) {
            return batch.weights(1f / (int) total);
        }
        int[] classes = batch.classes();
        float[] weights = new float[classes.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = classes[i] < 0 ? 0 : (float) (options.classWeights()[classes[i]] / total);
        }
        return weights;
    }

    /// Counts a step that is not made.
    ///
    /// @throws CgloraException N-NAN where it is one too many
    private void refuse(float[] result, int step, Batch batch) {
        skipped++;
        skippedInARow++;
        lastRefused =
                "loss %s with gradient norm %s at step %d; examples of that batch: %s"
                        .formatted(
                                result[0],
                                result[1],
                                step + 1,
                                java.util.Arrays.toString(batch.examples()));
        if (skippedInARow > options.skips()) {
            throw new CgloraException(
                    ErrorCode.N_NAN,
                    "train",
                    (options.skips() > 0 ? skippedInARow + " steps in a row; the last: " : "")
                            + lastRefused,
                    "lower train.learning_rate or train.max_grad_norm");
        }
    }
}
