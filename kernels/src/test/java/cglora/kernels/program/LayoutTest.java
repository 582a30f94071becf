package cglora.kernels.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.util.ArrayList;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LayoutTest {
    @Test
    void buffersOfARegionShareAnArenaWithoutOverlap() {
        var layout = new Layout();
        Buffer a = layout.allocate(Region.WEIGHTS, "a", 5);
        Buffer b = layout.allocate(Region.WEIGHTS, "b", 20);
        Buffer c = layout.allocate(Region.STATE, "c", 3);
        assertThat(a.arena()).isSameAs(b.arena()).isNotSameAs(c.arena());
        assertThat(a.offset()).isZero();
        assertThat(b.offset()).isEqualTo(16);
        assertThat(c.offset()).isZero();
        assertThat(layout.bytes(Region.WEIGHTS)).isEqualTo(4 * 36);
        assertThat(layout.bytes()).isEqualTo(4 * 39);
        assertThat(layout.arenas(Region.WEIGHTS)).singleElement().hasToString(a.arena().toString());
        assertThat(layout.arenas(Region.GRADIENTS)).isEmpty();
        assertThat(a.arena().buffers()).containsExactly(a, b);
    }

    @Test
    void aRegionThatExceedsTheLimitGetsSeveralArenas() {
        for (int seed = 0; seed < 50; seed++) {
            var random = new Random(seed);
            int limit = 64 + random.nextInt(100);
            var layout = new Layout(limit);
            var buffers = new ArrayList<Buffer>();
            for (int i = 0; i < 40; i++) {
                buffers.add(layout.allocate(Region.WEIGHTS, "b" + i, 1 + random.nextInt(64)));
            }
            assertThat(layout.arenas(Region.WEIGHTS)).hasSizeGreaterThan(5);
            for (Arena arena : layout.arenas(Region.WEIGHTS)) {
                assertThat(arena.length()).isLessThanOrEqualTo(limit);
                int end = 0;
                for (Buffer buffer : arena.buffers()) {
                    assertThat(buffer.arena()).isSameAs(arena);
                    assertThat(buffer.offset()).isGreaterThanOrEqualTo(end);
                    assertThat(buffer.offset() % Arena.ALIGNMENT).isZero();
                    end = buffer.offset() + buffer.length();
                }
                assertThat(arena.length()).isEqualTo(end);
            }
            assertThat(
                            layout.arenas(Region.WEIGHTS).stream()
                                    .flatMap(arena -> arena.buffers().stream()))
                    .containsExactlyElementsOf(buffers);
        }
    }

    @Test
    void aBufferMayFillAnArenaExactly() {
        var layout = new Layout(32);
        layout.allocate(Region.STATE, "a", 16);
        layout.allocate(Region.STATE, "b", 16);
        assertThat(layout.arenas(Region.STATE)).hasSize(1);
        layout.allocate(Region.STATE, "c", 1);
        assertThat(layout.arenas(Region.STATE)).hasSize(2);
    }

    @Test
    void refusesWhatNoArrayHolds() {
        assertThatThrownBy(() -> new Layout(10).allocate(Region.WEIGHTS, "w", 11))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("V-MEMORY");
        assertThatThrownBy(() -> new Layout(1 << 20).allocate(Region.WEIGHTS, "w", 3 << 20))
                .hasMessageContaining("w")
                .hasMessageContaining("needs one buffer of 12.0 MiB, the largest one may have 4.0")
                .hasMessageContaining("--engine jvm");
        assertThatThrownBy(() -> new Layout().allocate(Region.WEIGHTS, "w", 1L << 31))
                .isInstanceOf(CgloraException.class);
        assertThatThrownBy(() -> Buffer.scratch("s", DataType.FLOAT32, 1L << 31))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too large for an array");
        assertThatThrownBy(() -> Buffer.scratch("s", DataType.FLOAT32, -1))
                .hasMessage("buffer s has length -1");
    }

    @Test
    void refusesScratch() {
        assertThatThrownBy(() -> new Layout().allocate(Region.SCRATCH, "s", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("s: a layout holds persistent regions only");
        Buffer scratch = Buffer.scratch("s", DataType.FLOAT32, 1);
        assertThatThrownBy(() -> Program.persistentPlace(scratch))
                .hasMessage("s[1] has no place outside a program");
    }
}
