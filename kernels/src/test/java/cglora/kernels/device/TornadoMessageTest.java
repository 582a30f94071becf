package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TornadoMessageTest {
    @Test
    void isOnOneLineAndWithoutColours() {
        var failure = new IllegalStateException("\u001b[31mno sketch \n\n  for \u001b[0mthis\n");
        assertThat(TornadoMessage.of(failure)).isEqualTo("no sketch for this");
        assertThat(TornadoMessage.of(new Error("no code\n\tStacktrace: [a.b.C.d(C.java:1), e]")))
                .isEqualTo("no code");
        assertThat(TornadoMessage.of(new NullPointerException())).isEqualTo("NullPointerException");
    }

    @Test
    void comesFromTheFailureBehindAllOthers() {
        var root = new IllegalStateException("root");
        assertThat(TornadoMessage.root(new RuntimeException("a", new Error("b", root))))
                .isSameAs(root);
        assertThat(TornadoMessage.root(root)).isSameAs(root);
    }
}
