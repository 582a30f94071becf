package cglora.kernels.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test class of the TornadoVM suite: it runs on every device that TornadoVM finds, and only in
/// a Java that TornadoVM's argument file started (`mvn verify -Ptornado`). Elsewhere it is skipped,
/// and says so.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("tornado")
@ExtendWith(TornadoCondition.class)
public @interface TornadoTest {}
