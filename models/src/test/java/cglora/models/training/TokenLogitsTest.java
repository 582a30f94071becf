package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.data.TokenSample;
import cglora.models.family.PretrainedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class TokenLogitsTest {
    static final List<String> NAMES = TokenTasks.NAMES;

    private static final Offset<Float> ROUNDING = Offset.offset(2e-5f);

    /// Against all logits of batches of one example each, read whole.
    @ParameterizedTest
    @FieldSource("NAMES")
    void aSamplesLogitsAreThoseOfItsTokens(String name) {
        try (PretrainedModel checkpoint = TokenTasks.load(name);
                Session session = TokenTasks.session(checkpoint, false)) {
            Dataset data = TokenTasks.data(checkpoint, 10);
            List<float[]> all = all(session, data);
            assertThat(all).hasSize(TokenTasks.asked(data));
            for (int most : new int[] {1, 6, Integer.MAX_VALUE}) {
                TokenSample sample = TokenSample.draw(data, most, 2);
                for (int rows : new int[] {3, 16}) {
                    List<Batch> batches = TokenTasks.batches(sample.examples(), rows);
                    float[][] logits = session.evaluator().logits(sample, batches);
                    assertThat(logits).hasDimensions(sample.size(), all.getFirst().length);
                    int next = 0;
                    for (float[] row : logits) {
                        while (!near(row, all.get(next))) {
                            next++; // tokens that are not in the sample
                        }
                        next++;
                    }
                    assertThat(session.evaluator().planned(sample, batches).scratchBytes())
                            .isPositive();
                }
            }
        }
    }

    private static boolean near(float[] row, float[] other) {
        for (int c = 0; c < row.length; c++) {
            if (Math.abs(row[c] - other[c]) > ROUNDING.value * (1 + Math.abs(other[c]))) {
                return false;
            }
        }
        return true;
    }

    private static List<float[]> all(Session session, Dataset data) {
        var byExample = new HashMap<Integer, Batch>();
        for (Batch batch : TokenTasks.batches(data, 1)) {
            byExample.put(batch.examples()[0], batch);
        }
        var rows = new ArrayList<float[]>();
        for (int e = 0; e < data.size(); e++) {
            Batch batch = byExample.get(e);
            Evaluator.Scores scores = session.evaluator().scores(batch);
            for (int place : batch.target().asked(0)) {
                rows.add(scores.row(place).toFloats());
            }
        }
        return rows;
    }
}
